//! P2P-XBone in scenarios: `[protocol.xbone.over.<overlay>]`.

mod bulk;
mod delivery;
mod settings;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use protocols::kbr::Step;
use protocols::layer::{Both, Part};
use protocols::xbone::{
    self, AddressServer, Arrival, Command, Config, ContactInfo, Driver, Event, Init, Provisioning, XBone,
};
use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};

use super::{
    Attendant, ConfigOf, Contact, InitOf, Layered, Overlay, ServerReport, Surroundings, TableErrors, TableErrorsOf,
    Told, TunnelCalls, TunnelTold,
};
use crate::input::InputError;
use crate::scenario::{BringUp, By, NetworkModel, Point, Settings};
use settings::{ProvisioningSettings, XBoneSettings};

/// [`XBone`] as scenarios know it, over any overlay that can call its nodes by [`ContactInfo`]. The overlay manager and the
/// address servers are attendants of the run.
pub struct XBoneOverlay<O>(PhantomData<fn() -> O>);

/// About how many bytes a node takes for a tunnel.
const BYTES_A_TUNNEL: usize = 400;

/// About how many routers a path has at most: IP's own messages have passed no more, by default, before they are dropped.
const MOST_ROUTERS: u64 = 64;

impl<O> XBoneOverlay<O>
where
    O: Overlay<ContactInfo, Protocol: Driver<Init: Clone>>,
{
    fn base(peer: ContactInfo) -> NodeAddr {
        XBone::<O::Protocol>::base_addr(peer)
    }

    fn sealed(members: &[(u128, NodeAddr)]) -> Vec<(u128, ContactInfo)> {
        members
            .iter()
            .map(|(id, addr)| (*id, ContactInfo::seal(*addr)))
            .collect()
    }
}

impl<O> Overlay for XBoneOverlay<O>
where
    O: Overlay<ContactInfo, Protocol: Driver<Init: Clone>>,
{
    const NAME: &'static str = "xbone";
    const SUMMARY: &'static str =
        "P2P-XBone (Fujita et al. 2005): a virtual network of IP tunnels whose topology an overlay drives";
    type Settings = XBoneSettings;
    type Protocol = XBone<O::Protocol>;
    type Invariants = ();
    const SUCCESSOR: Option<fn(&Self::Protocol) -> NodeAddr> = match O::SUCCESSOR {
        Some(_) => Some(|node| {
            let next = O::SUCCESSOR
                .zip(node.overlay())
                .map(|(successor, node)| successor(node));
            next.map_or(node.addr(), Self::base)
        }),
        None => None,
    };
    const TABLE_ERRORS: Option<TableErrorsOf<Self>> = match O::TABLE_ERRORS {
        Some(_) => Some(|config, members, nodes| {
            let members = members.iter().map(|(id, addr)| (*id, ContactInfo::seal(*addr)));
            let overlays: Vec<&O::Protocol> = nodes.iter().filter_map(|node| node.overlay()).collect();
            O::TABLE_ERRORS.map_or_else(TableErrors::default, |errors| {
                errors(&config.below, &members.collect(), &overlays)
            })
        }),
        None => None,
    };
    const ROUTING_KINDS: Option<&'static [&'static str]> = O::ROUTING_KINDS;
    const TUNNELS: Option<TunnelCalls<Self::Protocol>> = Some(TunnelCalls {
        standing: |node| {
            let tunnels = node.node().into_iter().flat_map(|node| node.tunnels());
            tunnels.map(|(peer, _)| Self::base(peer)).collect()
        },
        server: |node, now| node.server().map(|server| report(server, now)),
    });

    fn config(settings: &Settings) -> Result<ConfigOf<Self>, InputError> {
        let below = O::config(&settings.over(&[O::NAME])?)?;
        let own = settings.parse::<XBoneSettings>()?.config(settings)?;
        Ok(Both { own, below })
    }

    fn check(config: &ConfigOf<Self>, point: &Point) -> Result<(), InputError> {
        let settings = &point.protocol;
        if config.own.forwarding.is_some() {
            delivery::check(settings, point)?;
        }
        match &settings.parse::<XBoneSettings>()?.provisioning {
            ProvisioningSettings::Daemons(daemons) => {
                // In a smaller network each lists all others.
                let neighbours = O::least_listed(&config.below).min(point.nodes.saturating_sub(1));
                daemons.check_pool(settings, neighbours.max(1))?;
                if daemons.path.is_some() && !matches!(point.network.model, NetworkModel::Topology(_)) {
                    let message = "paths need a network of routers, each of which they configure";
                    let error = settings.error_at("provisioning.daemons.path", message);
                    return Err(error.labelled("this network has none").help(
                        "[network.transit_stub] and [network.topology] have some; leave `path` out for tunnels",
                    ));
                }
                let last = daemons.outages_of(settings)?.into_iter().flatten().max();
                if let Some((from, _)) = last.filter(|(from, _)| *from >= SimTime::ZERO + point.duration) {
                    let message = format!("a server fails at {from}, when the run has ended");
                    let error = settings.error_at("provisioning.daemons.outages", message);
                    return Err(error.labelled("`from` must lie before the end of the run, `run.duration`"));
                }
            }
            ProvisioningSettings::Static {} if matches!(point.bring_up, BringUp::Joins { .. }) => {
                let message = "no tunnel is made for a node that joins";
                let error = settings.error_at("provisioning.static", message);
                return Err(error
                    .labelled("a static network begins whole")
                    .help("write [bring_up.bulk]"));
            }
            ProvisioningSettings::Static {} | ProvisioningSettings::Idle { .. } => {}
        }
        O::check(&config.below, &point.below(&[O::NAME])?)
    }

    fn attendants(
        settings: &Settings,
        config: &ConfigOf<Self>,
        founders: &mut [(NodeAddr, InitOf<Self>)],
    ) -> Result<Vec<Attendant<Self::Protocol>>, InputError> {
        let manager = config.own.manager.map(|_| Attendant {
            init: Init::Manager,
            outages: Vec::new(),
            resumed: |_| None,
        });
        let mut attendants: Vec<_> = manager.into_iter().collect();
        if let Provisioning::Daemons { servers, .. } = &config.own.provisioning
            && let ProvisioningSettings::Daemons(daemons) = settings.parse::<XBoneSettings>()?.provisioning
        {
            let mut ledgers = daemons.ledgers(settings)?;
            bulk::lease::<O::Protocol>(founders, servers.addrs(), &mut ledgers);
            let service = daemons.service(settings)?;
            let with_outages = ledgers.into_iter().zip(daemons.outages_of(settings)?);
            attendants.extend(with_outages.map(|(ledger, outages)| Attendant {
                init: Init::Server(service, Box::new(ledger)),
                outages,
                resumed: |node: &Self::Protocol| node.server().map(resumed),
            }));
        }
        Ok(attendants)
    }

    fn capacity(config: &ConfigOf<Self>) -> u128 {
        O::capacity(&config.below)
    }

    fn identifier(config: &ConfigOf<Self>, stream: StreamKey) -> u128 {
        O::identifier(&config.below, stream)
    }

    fn key(config: &ConfigOf<Self>, rng: &mut NodeRng) -> u128 {
        O::key(&config.below, rng)
    }

    fn founders(config: &ConfigOf<Self>) -> u32 {
        O::founders(&config.below)
    }

    /// With a tunnel between any two of which one lists the other. Where daemons do not measure the base network, all others are
    /// equally far from a node that has no tunnel yet, as they are when it joins.
    fn perfect(
        config: &ConfigOf<Self>,
        members: &[(u128, NodeAddr)],
        surroundings: &Surroundings<'_>,
    ) -> Vec<InitOf<Self>> {
        let within = Surroundings {
            round_trip: &|from, to| match config.own.measures_base {
                true => (surroundings.round_trip)(Self::base(from), Self::base(to)),
                false => SimDuration::ZERO,
            },
            streams: surroundings.streams,
        };
        let overlays = O::perfect(&config.below, &Self::sealed(members), &within);
        let addrs = members.iter().map(|(_, addr)| *addr);
        xbone::whole::<O::Protocol>(config, addrs.zip(overlays).collect())
    }

    fn joining(config: &ConfigOf<Self>, id: u128, bootstrap: NodeAddr) -> InitOf<Self> {
        let bootstrap = ContactInfo::seal(bootstrap);
        Init::Node(Box::new(Arrival {
            overlay: O::joining(&config.below, id, bootstrap),
            bootstrap: Some(bootstrap),
            tunnels: Vec::new(),
        }))
    }

    /// A tunnel for each neighbour that any overlay has, and for as many who have the node for a neighbour.
    fn heap_bytes(config: &ConfigOf<Self>, point: &Point) -> usize {
        let listed = O::about_listed(&config.below, point.nodes).min(point.nodes);
        let tunnels = (2 * listed as usize).min(config.own.max_tunnels);
        O::heap_bytes(&config.below, point) + tunnels * BYTES_A_TUNNEL
    }

    /// As the overlay has it, after the manager has answered twice and the tunnel to the bootstrap node stands.
    fn join_patience(config: &ConfigOf<Self>) -> SimDuration {
        let Config {
            patience,
            provisioning,
            security,
            upcall,
            switch,
            ..
        } = &config.own;
        let request = patience.timeout * (u64::from(patience.retries) + 1) * (u64::from(security.handshakes) + 1);
        let path = switch.map_or(SimDuration::ZERO, |switch| patience.timeout + switch * MOST_ROUTERS);
        let admission = config.own.manager.map_or(SimDuration::ZERO, |_| request * 2);
        let tunnel = match provisioning {
            Provisioning::Daemons { servers, configuration } => {
                servers.longest_wait() + security.key_computation + path + request + *configuration * 2
            }
            Provisioning::Idle(delay) => *delay,
            Provisioning::Static => SimDuration::ZERO,
        };
        O::join_patience(&config.below) + admission + tunnel + *upcall * 4
    }

    fn ask(by: By, key: u128) -> Option<<Self::Protocol as Protocol>::Command> {
        O::ask(by, key).map(Command)
    }

    fn told(event: <Self::Protocol as Protocol>::Event) -> Told {
        match event {
            Part::Below(event) => O::told(event).readdressed(Self::base),
            Part::Own(Event::NotAdmitted) => Told::Out,
            Part::Own(Event::Stands { after: Some(after), .. }) => Told::Tunnel(TunnelTold::SetUp(after)),
            Part::Own(Event::Failed { why, .. }) => Told::Tunnel(TunnelTold::Failed(why)),
            Part::Own(Event::Gone { why, .. }) => Told::Tunnel(TunnelTold::Gone(why)),
            Part::Own(Event::Stands { after: None, .. } | Event::Dialogue(_) | Event::Dropped(_)) => Told::Other,
        }
    }

    fn owner<N: Copy>(config: &ConfigOf<Self>, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
        O::owner(&config.below, key, members)
    }

    /// As in the overlay, over tunnels that stand.
    fn route(config: &ConfigOf<Self>, node: &Self::Protocol, key: u128) -> Step {
        let me = node.addr();
        let Some(node) = node.node() else {
            return Step::DeadEnd;
        };
        let stands = |contact: &Contact<ContactInfo>| Self::base(contact.addr) == me || node.reaches(contact.addr);
        let opened = |contact: Contact<ContactInfo>| Contact {
            id: contact.id,
            addr: Self::base(contact.addr),
        };
        match O::route(&config.below, node.overlay(), key) {
            Step::Owner(owner) if stands(&owner) => Step::Owner(opened(owner)),
            Step::Closer(closer) if stands(&closer) => Step::Closer(opened(closer)),
            Step::Owner(_) | Step::Closer(_) | Step::DeadEnd => Step::DeadEnd,
        }
    }

    fn links(node: &Self::Protocol) -> Vec<(&'static str, NodeAddr)> {
        let links = node.overlay().into_iter().flat_map(O::links);
        links.map(|(kind, peer)| (kind, Self::base(peer))).collect()
    }

    fn invariants(_: &ConfigOf<Self>, _: &[(u128, NodeAddr)]) -> Self::Invariants {}
}

impl<O> Layered for XBoneOverlay<O>
where
    O: Overlay<ContactInfo, Protocol: Driver<Init: Clone>>,
{
    type BelowAddr = ContactInfo;
    type Below = O;
}

/// What a server has had to do.
fn report(server: &AddressServer, now: SimTime) -> ServerReport {
    let (load, ledger) = (server.load(), server.ledger());
    let pairs = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
    ServerReport {
        arrivals: load.arrivals,
        requests: load.requests,
        releases: load.releases,
        lost: load.lost,
        begun: load.begun,
        waited: load.waited,
        longest_wait: load.longest_wait,
        busy: server.busy(now),
        peak_backlog: load.peak as u64,
        refused: ledger.counts().refused(),
        peak_pairs: pairs(ledger.pool().peak()),
        pairs: pairs(ledger.handed_out(now)),
    }
}

/// A server that has failed comes back with its ledger, and with nothing that waited.
fn resumed<I>(server: &AddressServer) -> Init<I> {
    Init::Server(server.service(), Box::new(server.ledger().clone()))
}

//! The settings of `[protocol.xbone]`.

use protocols::request::Patience;
use protocols::xbone::{
    Admission, Balancing, BlockPool, ClientError, Config, ConfigError, Ledger, PoolError, Provisioning, Quality,
    Security, ServerPatience, Servers, Service, Terms,
};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::delivery::DeliverySettings;
use crate::input::InputError;
use crate::scenario::Settings;
use crate::units::{BitRate, Duration, Rate};

/// The key of the daemons' settings, for complaints.
const DAEMONS: &str = "provisioning.daemons";

/// The settings of `[protocol.xbone]`. What is left out is as in [`Config::default`], and daemons make the tunnels.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct XBoneSettings {
    /// How tunnels come about.
    pub(super) provisioning: ProvisioningSettings,
    /// The overlay manager, which each node asks once to be admitted; nobody is asked where it is left out. It and the address
    /// servers are at hosts that no node is at; where hosts have several nodes (`nodes.virtual`), at as many to a host.
    manager: Option<ManagerSettings>,
    /// How long a daemon waits for the answer of another, or of the manager; for that of address servers see
    /// `provisioning.daemons.timeout`.
    timeout: Duration,
    /// How many times it asks again.
    retries: u8,
    /// The most tunnels of a node, which refuses more; any number where it is left out.
    max_tunnels: Option<usize>,
    /// From one look at which tunnels are still wanted to the next; nobody looks in a static network.
    sweep_period: Duration,
    /// How long after its last packet a tunnel is wanted, although the overlay does not list the neighbour.
    linger: Duration,
    /// From one question whether the other end still wants a tunnel that this end does not to the next. A tunnel whose other end has
    /// gone silently is asked about no later than this long, and a sweep, after the overlay has ceased to list the neighbour and
    /// `linger` is over, and is gone when nobody answers. (Where daemons make tunnels.)
    keep_alive: Duration,
    /// Whether a node that leaves gracefully also tells its neighbours so in the overlay's own way, and whom to know in its place. The
    /// paper's only releases its tunnels.
    goodbye: bool,
    /// The time that the upcall daemon takes to relay a call, or its answer, where virtual nodes are isolated.
    upcall: Duration,
    /// Whether nodes know the round trips of the base network also to nodes without a tunnel to them: what proximity neighbour
    /// selection needs.
    measures_base: bool,
    /// Round trips that daemons need before each request, to open an SSL channel for it.
    ssl_handshakes: u8,
    /// The time that the initiator of a tunnel takes to compute the keys of its IPsec channels.
    key_computation: Duration,
    /// Added to the delay of each packet in a tunnel.
    tunnel_delay: Duration,
    /// What each tunnel carries in each direction; without limit where it is left out.
    #[serde(skip_serializing)]
    tunnel_bandwidth: Option<BitRate>,
    /// What it costs each node to forward data; nothing where it is left out.
    pub(super) forwarding: Option<DeliverySettings>,
    /// The overlay that it lies over, with its settings.
    #[serde(rename = "over", skip_serializing)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    _over: Option<IgnoredAny>,
}

/// The overlay manager.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ManagerSettings {
    /// The access control list: the only nodes that it admits, by their numbers from 0; all where it is left out. Those who stand
    /// from the start do not ask.
    allowed: Option<Vec<u32>>,
    /// How many different nodes it admits, those who stand from the start with their tunnels not counted; any number where it
    /// is left out.
    limit: Option<u32>,
}

/// How tunnels come about.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ProvisioningSettings {
    /// Daemons make them: a pair of addresses from an address server, then a request to the other end, and both configure their
    /// interfaces.
    Daemons(DaemonSettings),
    /// A tunnel stands so long after it is asked for, as in the paper's own simulation. There are no addresses and no servers.
    Idle {
        /// How long that takes.
        delay: Duration,
    },
    /// Those that nodes start with, and no others, as in the static X-Bone: nodes cannot join.
    Static {},
}

/// Daemons and their address servers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DaemonSettings {
    /// How many address servers there are.
    servers: usize,
    /// How they are talked to, which decides how many transactions a second each of them serves (Fujita et al. 2005,
    /// section III-B): `udp` where neither this nor `rate` is given.
    transport: Option<TransportName>,
    /// How many transactions a second each of them serves, in place of `transport`.
    #[serde(skip_serializing)]
    rate: Option<Rate>,
    /// How many transactions may wait at a server, those beyond being lost; any number where it is left out.
    backlog: Option<usize>,
    /// Which of several servers is asked first.
    balancing: BalancingName,
    /// How long a server's answer is waited for. Where that is shorter than the queue, requests that are repeated and releases of
    /// what was asked for in vain keep the queue long.
    timeout: Duration,
    /// How many times a server is asked before another one is.
    tries: u32,
    /// How many servers are asked before a tunnel is given up; all where it is left out.
    servers_asked: Option<usize>,
    /// The prefix whose blocks, a /30 of IPv4 or a /126 of IPv6 for each tunnel, all servers share in equal parts: the largest
    /// power of two that leaves one for each.
    pool: String,
    /// After what time without renewal a lease ends by itself; never, as in the paper, where it is left out.
    lease_term: Option<Duration>,
    /// The time that each of a tunnel's two ends takes to configure its interface.
    configuration: Duration,
    /// Paths through switches in place of tunnels, as with MPLS or in optical networks: setting one up takes a round trip of the base
    /// network more, and the configuration of each router on the way. Tunnels where it is left out.
    pub(super) path: Option<PathSettings>,
    /// When servers fail. What waits is lost; who holds which addresses is not.
    outages: Vec<OutageSettings>,
}

/// Paths through the routers of the base network.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PathSettings {
    /// How long each router takes to be configured.
    switch: Duration,
}

/// A failure of an address server.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OutageSettings {
    /// Which server, counted from zero.
    #[serde(default)]
    server: usize,
    /// When it fails.
    from: Duration,
    /// When it is back.
    until: Duration,
}

/// How address servers are talked to.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TransportName {
    /// 67 transactions a second.
    Udp,
    /// 56 transactions a second.
    Tcp,
    /// 4.2 transactions a second.
    Ssl,
}

/// Which of several servers is asked first.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BalancingName {
    /// Each client takes one after the other.
    RoundRobin,
    /// By a hash of the tunnel's two ends.
    HashOfPair,
    /// Any, with equal probability.
    Random,
}

impl Default for XBoneSettings {
    fn default() -> Self {
        let default = Config::default();
        XBoneSettings {
            provisioning: ProvisioningSettings::Daemons(DaemonSettings::default()),
            manager: None,
            timeout: Duration(default.patience.timeout),
            retries: default.patience.retries,
            max_tunnels: None,
            sweep_period: Duration(default.sweep_period),
            linger: Duration(default.linger),
            keep_alive: Duration(default.keep_alive),
            goodbye: default.goodbye,
            upcall: Duration(default.upcall),
            measures_base: default.measures_base,
            ssl_handshakes: default.security.handshakes,
            key_computation: Duration(default.security.key_computation),
            tunnel_delay: Duration(default.quality.delay),
            tunnel_bandwidth: None,
            forwarding: None,
            _over: None,
        }
    }
}

impl Default for DaemonSettings {
    /// One server over UDP with sixteen million addresses, longer patience than a hundred nodes make its queue when they all join, and a
    /// second of configuration in all.
    fn default() -> Self {
        let seconds = |seconds| Duration(SimDuration::from_secs(seconds));
        DaemonSettings {
            servers: 1,
            transport: None,
            rate: None,
            backlog: None,
            balancing: BalancingName::RoundRobin,
            timeout: seconds(30),
            tries: 3,
            servers_asked: None,
            pool: "10.0.0.0/8".to_owned(),
            lease_term: None,
            configuration: Duration(SimDuration::from_millis(500)),
            path: None,
            outages: Vec::new(),
        }
    }
}

impl XBoneSettings {
    /// The parameters. The manager has the address after those of the nodes, if there is one, and the address servers have the
    /// next.
    pub(super) fn config(&self, settings: &Settings) -> Result<Config, InputError> {
        let manager = self.manager.as_ref().map(|_| NodeAddr(settings.nodes()));
        let default = Config::default();
        let config = Config {
            provisioning: match &self.provisioning {
                ProvisioningSettings::Daemons(daemons) => Provisioning::Daemons {
                    servers: daemons.servers(settings, settings.nodes() + u32::from(manager.is_some()))?,
                    configuration: daemons.configuration.get(),
                },
                ProvisioningSettings::Idle { delay } => Provisioning::Idle(delay.get()),
                ProvisioningSettings::Static {} => Provisioning::Static,
            },
            manager,
            admission: match &self.manager {
                Some(manager) => manager.admission(settings)?,
                None => Admission::default(),
            },
            patience: Patience {
                timeout: self.timeout.get(),
                retries: self.retries,
            },
            max_tunnels: self.max_tunnels.unwrap_or(default.max_tunnels),
            sweep_period: self.sweep_period.get(),
            linger: self.linger.get(),
            keep_alive: self.keep_alive.get(),
            goodbye: self.goodbye,
            upcall: self.upcall.get(),
            measures_base: self.measures_base,
            security: Security {
                handshakes: self.ssl_handshakes,
                key_computation: self.key_computation.get(),
            },
            quality: Quality {
                delay: self.tunnel_delay.get(),
                bandwidth: self.tunnel_bandwidth.map(|rate| rate.get().bits_per_second()),
            },
            switch: match &self.provisioning {
                ProvisioningSettings::Daemons(daemons) => daemons.path.as_ref().map(|path| path.switch.get()),
                ProvisioningSettings::Idle { .. } | ProvisioningSettings::Static {} => None,
            },
            forwarding: (self.forwarding.as_ref())
                .map(|forwarding| forwarding.delivery(settings))
                .transpose()?,
        };
        self.has_a_use(settings)?;
        config.validate().map_err(|error| {
            let key = match error {
                ConfigError::Zero(field) => field,
                ConfigError::NoTunnels => "max_tunnels",
                ConfigError::Bandwidth => "tunnel_bandwidth",
                ConfigError::Forwarding(_) => "forwarding.costs",
                ConfigError::Queue => "forwarding.queue",
            };
            settings.error_at(key, error.to_string())
        })
    }
}

impl XBoneSettings {
    /// Makes sure that costs are only given where there is somebody to bear them.
    fn has_a_use(&self, settings: &Settings) -> Result<(), InputError> {
        if matches!(self.provisioning, ProvisioningSettings::Daemons(_)) {
            return Ok(());
        }
        let without = if self.key_computation.get() > SimDuration::ZERO {
            (
                "key_computation",
                "no daemons make tunnels, for which keys would be computed",
            )
        } else if self.ssl_handshakes > 0 && self.manager.is_none() {
            (
                "ssl_handshakes",
                "there are no daemons, and no manager, to open a channel to",
            )
        } else {
            return Ok(());
        };
        let error = settings.error_at(without.0, without.1);
        Err(error
            .labelled("has no effect")
            .help("leave it out, or have daemons make the tunnels: `provisioning.daemons`"))
    }
}

impl ManagerSettings {
    /// Whom it admits.
    fn admission(&self, settings: &Settings) -> Result<Admission, InputError> {
        let nodes = settings.nodes();
        for (index, node) in self.allowed.iter().flatten().enumerate() {
            if *node >= nodes {
                let message = format!("there is no node {node}: the scenario has {nodes}");
                let error = settings.error_at("manager.allowed", format!("entry {index}: {message}"));
                return Err(error.labelled("nodes are numbered from 0"));
            }
        }
        let allowed = |nodes: &Vec<u32>| nodes.iter().copied().map(NodeAddr).collect();
        Ok(Admission {
            allowed: self.allowed.as_ref().map(allowed),
            limit: self.limit,
        })
    }
}

impl DaemonSettings {
    /// The address servers, from this address on.
    fn servers(&self, settings: &Settings, first: u32) -> Result<Servers, InputError> {
        let at = |key: &str, message: String| settings.error_at(&format!("{DAEMONS}.{key}"), message);
        if self.servers > MOST_SERVERS {
            let message = format!(
                "expected at most {MOST_SERVERS} address servers, found {}",
                self.servers
            );
            return Err(at("servers", message).labelled("too many"));
        }
        self.service(settings)?;
        if self.lease_term.is_some_and(|term| term.get() <= self.timeout.get()) {
            let message = "a lease must outlast the wait for its renewal, `timeout`".to_owned();
            return Err(at("lease_term", message).labelled("too short"));
        }
        let addrs: Vec<NodeAddr> = (first..).map(NodeAddr).take(self.servers).collect();
        let patience = ServerPatience {
            timeout: self.timeout.get(),
            tries: self.tries,
            servers: self.servers_asked.unwrap_or(self.servers),
            term: self.lease_term.map(Duration::get),
        };
        let balancing = match self.balancing {
            BalancingName::RoundRobin => Balancing::RoundRobin,
            BalancingName::HashOfPair => Balancing::HashOfPair,
            BalancingName::Random => Balancing::Random,
        };
        let servers = Servers::new(addrs, balancing, patience).map_err(|error| match error {
            ClientError::NoServers => at("servers", error.to_string())
                .labelled("nobody hands out addresses")
                .help("`provisioning.idle` makes tunnels without addresses"),
            ClientError::Twice(_) => at("servers", error.to_string()),
            ClientError::Timeout => at("timeout", error.to_string()),
            ClientError::Zero("servers") => at("servers_asked", "at least 1 server must be asked".to_owned()),
            ClientError::Zero(key) => at(key, error.to_string()),
        })?;
        self.pools(settings)?;
        self.outages_of(settings)?;
        Ok(servers)
    }

    /// How fast each server is.
    pub(super) fn service(&self, settings: &Settings) -> Result<Service, InputError> {
        let rate = match (self.transport, self.rate) {
            (Some(_), Some(_)) => {
                let error = settings.error_at(&format!("{DAEMONS}.rate"), "`transport` says already how fast it is");
                return Err(error.labelled("leave one of them out"));
            }
            (_, Some(rate)) => rate.per_second(),
            (Some(TransportName::Udp) | None, None) => Service::UDP,
            (Some(TransportName::Tcp), None) => Service::TCP,
            (Some(TransportName::Ssl), None) => Service::SSL,
        };
        let service = Service::with_rate(rate)
            .map_err(|error| settings.error_at(&format!("{DAEMONS}.rate"), error.to_string()))?;
        Ok(Service {
            backlog: self.backlog,
            ..service
        })
    }

    /// The pool of each server.
    pub(super) fn pools(&self, settings: &Settings) -> Result<Vec<BlockPool>, InputError> {
        BlockPool::shares(&self.pool, self.servers).map_err(|error| {
            let at = settings.error_at(&format!("{DAEMONS}.pool"), error.to_string());
            match error {
                PoolError::NoPrefix(_) => at.labelled("no prefix"),
                PoolError::HostBits { .. } => at.labelled("no prefix of this length"),
                PoolError::TooSmall { .. } => at.labelled("too small for so many servers"),
            }
        })
    }

    /// Makes sure that there are addresses for the tunnels that one node needs at least.
    pub(super) fn check_pool(&self, settings: &Settings, needed: u32) -> Result<(), InputError> {
        let pools = self.pools(settings)?;
        let room: u128 = pools.iter().map(BlockPool::total).sum();
        if room >= u128::from(needed) {
            return Ok(());
        }
        let tunnels = if room == 1 { "tunnel" } else { "tunnels" };
        let message = format!(
            "{} has room for {room} {tunnels}, but one node needs {needed}: to each of its neighbours",
            self.pool
        );
        let error = settings.error_at(&format!("{DAEMONS}.pool"), message);
        Err(error
            .labelled("too small a pool")
            .help("a shorter prefix has more; each tunnel takes a /30 of IPv4 or a /126 of IPv6"))
    }

    /// The ledger of each server, empty.
    pub(super) fn ledgers(&self, settings: &Settings) -> Result<Vec<Ledger>, InputError> {
        let terms = Terms {
            term: self.lease_term.map(Duration::get),
            ..Terms::default()
        };
        let pools = self.pools(settings)?.into_iter();
        Ok(pools.map(|pool| Ledger::new(pool, terms)).collect())
    }

    /// The failures of each server, in order.
    pub(super) fn outages_of(&self, settings: &Settings) -> Result<Vec<Vec<(SimTime, SimTime)>>, InputError> {
        let at = |number: usize, message: String| {
            settings.error_at(&format!("{DAEMONS}.outages"), format!("outage {number}: {message}"))
        };
        let mut of_servers = vec![Vec::new(); self.servers];
        for (number, outage) in self.outages.iter().enumerate() {
            let (from, until) = (SimTime::ZERO + outage.from.get(), SimTime::ZERO + outage.until.get());
            if until <= from {
                return Err(at(number, "the server is back before it fails".to_owned())
                    .labelled("`until` must be later than `from`"));
            }
            let Some(of_server) = of_servers.get_mut(outage.server) else {
                let message = format!("there is no server {}; they are counted from zero", outage.server);
                return Err(at(number, message).labelled("no such server"));
            };
            of_server.push((from, until));
        }
        for of_server in &mut of_servers {
            of_server.sort();
            if of_server.windows(2).any(|pair| pair[1].0 <= pair[0].1) {
                let message = "a server that is down cannot fail".to_owned();
                let error = settings.error_at(&format!("{DAEMONS}.outages"), message);
                return Err(error.labelled("two outages of a server overlap, or touch"));
            }
        }
        Ok(of_servers)
    }
}

/// The most address servers.
const MOST_SERVERS: usize = 1024;

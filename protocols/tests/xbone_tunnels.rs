//! P2P-XBone over Chord and over Pastry: without costs nobody notices it; and what its daemons do, step by step.

mod xbone_ring;

use std::collections::BTreeSet;

use protocols::chord::{self, Chord, LookupStyle};
use protocols::kbr::Nothing;
use protocols::layer::Part;
use protocols::pastry::{MsPastry, Pastry, Proximity};
use protocols::xbone::{self, Balancing, ContactInfo, Dialogue, Driver, Event, Held, Provisioning, Servers, XBone};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Deed, Observer};
use sim_core::protocol::Wire;
use sim_core::random::{StreamKey, unit};
use sim_core::time::SimTime;
use sim_core::world::Departure;
use xbone_ring::{Act, Inner, InnerPastry, Overlay, Run, ends, secs};

/// Arrivals, departures, returns and lookups, at random times.
fn eventful(run: &mut Run, until: f64) {
    let mut rng = StreamKey::root(run.seed, 0).purpose("acts").rng();
    run.acts.push((secs(0.0), Act::Arrive));
    for _ in 0..run.places {
        run.acts.push((secs(1.0 + unit(&mut rng) * until / 4.0), Act::Arrive));
    }
    for _ in 0..run.places {
        let act = match rng.next_u64() % 4 {
            0 => Act::Depart(Departure::Graceful),
            1 => Act::Depart(Departure::Silent),
            2 => Act::Return,
            _ => Act::Arrive,
        };
        run.acts.push((secs(until * (0.3 + unit(&mut rng) * 0.6)), act));
    }
    for _ in 0..5 * run.places {
        run.acts.push((secs(unit(&mut rng) * until), Act::Ask));
    }
    run.acts.sort_by_key(|(time, _)| *time);
}

/// An overlay tells the same, at the same times, whether its nodes talk through tunnels that cost nothing or without.
fn same_as_without_tunnels<P, C>(run: &Run, name: &str)
where
    P: Overlay<NodeAddr>,
    C: Overlay<ContactInfo> + Driver,
{
    let (name, end) = (format!("{name}, seed {}", run.seed), SimTime::ZERO + secs(130.0));
    let (mut plain, mut virtually) = (run.plain_of::<P>(), run.driven_by::<C, ()>(run.network(), ()));
    plain.run_until(end).expect("nobody watches");
    virtually.run_until(end).expect("nobody watches");
    let (plain, virtually) = (&plain.world().log, &virtually.world().log);
    assert!(plain.len() > 200, "{name}: {} events", plain.len());
    let differs = plain.iter().zip(virtually).position(|(one, other)| one != other);
    assert_eq!(differs.map(|at| (&plain[at], &virtually[at])), None, "{name}");
    assert_eq!(plain.len(), virtually.len(), "{name}");
}

#[test]
fn without_costs_chord_tells_the_same_as_without_tunnels() {
    for (name, rules) in chord::Rules::NAMES {
        for seed in 1..=3 {
            let mut run = Run::new(40, seed);
            run.chord.rules = rules;
            eventful(&mut run, 120.0);
            same_as_without_tunnels::<Chord, Inner>(&run, name);
        }
    }
}

/// Those who know how far away others are must know it of strangers, too: that has the daemon measure it (section II-E).
#[test]
fn without_costs_pastry_tells_the_same_as_without_tunnels() {
    let proximities = [None, Some(Proximity::Probe), Some(Proximity::Oracle)];
    for (name, mspastry) in [("2001", None), ("MSPastry", Some(MsPastry::default()))] {
        for seed in 1..=6 {
            let mut run = Run::new(40, seed);
            run.pastry.mspastry = mspastry;
            run.pastry.proximity = proximities[seed as usize % proximities.len()];
            run.xbone.measures_base = run.pastry.proximity == Some(Proximity::Oracle);
            eventful(&mut run, 120.0);
            same_as_without_tunnels::<Pastry, InnerPastry>(&run, name);
        }
    }
}

/// Writes down what is said about tunnels, in the words of Fig. 2.
#[derive(Default)]
struct Minutes {
    lines: Vec<String>,
}

impl Minutes {
    fn note(&mut self, node: NodeAddr, text: &str) {
        self.lines.push(format!("{node} {text}"));
    }
}

impl Observer<XBone<Inner>> for Minutes {
    fn deed(&mut self, _: SimTime, node: NodeAddr, deed: &Deed<'_, XBone<Inner>>) {
        match deed {
            Deed::Send {
                to,
                msg: Part::Own(msg),
                ..
            } => {
                let name = xbone::Msg::kind_name(msg.kind());
                self.note(node, &format!("-> {to}: {name}"));
            }
            Deed::Send {
                to,
                msg: Part::Below(packet),
                ..
            } => {
                let name = chord::Msg::<Nothing, ContactInfo>::kind_name(packet.kind());
                self.note(node, &format!("=> {to}: {name}"));
            }
            Deed::Emit(Part::Own(Event::Dialogue(word))) => match word {
                Dialogue::RequestContactInfo => self.note(node, "P2PD -> RD: request contact info"),
                Dialogue::ContactInfo(info) => self.note(node, &format!("RD -> P2PD: contact info {info:?}")),
                Dialogue::AddTunnel(peer) => self.note(node, &format!("P2PD -> RD: add tunnel to {peer:?}")),
                Dialogue::Tunnel(peer, pair) => {
                    let pair = pair.expect("daemons have addresses");
                    let ends = format!("{} - {}", pair.requester, pair.peer);
                    self.note(node, &format!("RD -> P2PD: tunnel to {peer:?}, {ends}"));
                }
            },
            _ => {}
        }
    }
}

/// With the manager at the first address after those of the nodes, and an address server at the next.
fn with_daemons(places: u32, seed: u64) -> Run {
    let mut run = Run::new(places, seed);
    let patience = xbone::ServerPatience {
        timeout: secs(2.0),
        tries: 3,
        servers: 1,
        term: None,
    };
    let servers = Servers::new(vec![NodeAddr(places + 1)], Balancing::RoundRobin, patience);
    run.xbone.provisioning = Provisioning::Daemons {
        servers: servers.expect("one server"),
        configuration: secs(0.5),
    };
    // An answer waits until the tunnel that it is to go through stands.
    run.chord.timeout = secs(8.0);
    run.xbone.manager = Some(NodeAddr(places));
    run.acts.push((secs(0.0), Act::Manager(places)));
    run.acts.push((secs(0.0), Act::Server(places + 1)));
    run
}

/// A fourth node joins a ring of three, through a member that is not its predecessor, with recursive lookups.
#[test]
fn a_tunnel_to_a_neighbour_is_made_in_the_ten_steps_of_fig_2() {
    let mut run = with_daemons(4, 6);
    run.chord.lookup = LookupStyle::Recursive;
    run.chord.recursive_timeout = secs(60.0);
    run.chord.stabilize_period = secs(10.0);
    for time in [0.5, 60.0, 120.0, 300.0] {
        run.acts.push((secs(time), Act::Arrive));
    }
    let mut simulation = run.watched(Minutes::default());
    simulation
        .run_until(SimTime::ZERO + secs(300.0))
        .expect("nothing is forbidden");
    let before = simulation.observer().lines.len();
    simulation
        .run_until(SimTime::ZERO + secs(304.0))
        .expect("nothing is forbidden");
    let said: Vec<&str> = simulation.observer().lines[before..]
        .iter()
        .map(String::as_str)
        .collect();
    // Section II-B.1: the manager admits the node, whose daemon makes a tunnel to the bootstrap node and launches the overlay.
    let arrival = [
        "n3 -> n4: xbone-join",
        "n4 -> n3: xbone-invite",
        "n3 -> n4: xbone-accept",
        "n4 -> n3: xbone-configure",
        "n3 P2PD -> RD: add tunnel to v0",
        "n3 -> n5: address-request",
        "n5 -> n3: address-answer",
        "n3 -> n0: tunnel-request",
        "n0 -> n3: tunnel-up",
        "n3 RD -> P2PD: tunnel to v0, 10.5.0.13 - 10.5.0.14",
    ];
    // Fig. 2. Its third step is as many messages as there are nodes on the way.
    let sequence = [
        /* (1)  */ "n3 P2PD -> RD: request contact info",
        /* (2)  */ "n3 RD -> P2PD: contact info v3",
        /* (3)  */ "n3 => n0: find-successor",
        /* (3)  */ "n0 => n2: find-successor",
        /* (4)  */ "n2 P2PD -> RD: add tunnel to v3",
        /* (5)  */ "n2 -> n5: address-request",
        /* (6)  */ "n5 -> n2: address-answer",
        /* (7)  */ "n2 -> n3: tunnel-request",
        /* (8)  */ "n3 -> n2: tunnel-up",
        /* (9)  */ "n2 RD -> P2PD: tunnel to v3, 10.5.0.17 - 10.5.0.18",
        /* (10) */ "n2 => n3: step",
    ];
    let (first, rest) = said.split_at(arrival.len());
    assert_eq!(first, arrival);
    assert_eq!(rest[..sequence.len()], sequence);
}

/// Both ends want a tunnel at the same moment.
#[test]
fn two_ends_that_open_a_tunnel_at_once_get_one() {
    for seed in 1..=40 {
        let mut run = with_daemons(12, seed);
        // All at once, and all through the first.
        run.acts
            .extend((0..12).map(|node| (secs(if node == 0 { 0.5 } else { 10.0 }), Act::Arrive)));
        let mut simulation = run.virtually();
        simulation
            .run_until(SimTime::ZERO + secs(120.0))
            .expect("nobody watches");
        let ends = ends(&simulation, 12);
        assert!(ends.len() > 40, "{} ends", ends.len());
        for (node, peer, held) in &ends {
            let back: Vec<_> = ends
                .iter()
                .filter(|(other, to, _)| ContactInfo::seal(*other) == *peer && *to == ContactInfo::seal(*node))
                .collect();
            // The other end may be about to go; there are never two, nor different addresses.
            assert!(back.len() <= 1, "{node} and {peer:?}");
            if let [(_, _, other)] = back[..] {
                let name = |held: &Option<Held>| held.map(|held| held.id);
                assert_eq!(name(other), name(held), "seed {seed}: {node} and {peer:?}");
            }
        }
        let ledger = simulation
            .node(NodeAddr(13))
            .and_then(XBone::server)
            .expect("a server")
            .ledger();
        let tunnels = ends
            .iter()
            .filter_map(|(_, _, held)| held.map(|held| held.id))
            .collect::<BTreeSet<_>>();
        let leased = ledger.leases().map(|(id, _)| id).collect::<BTreeSet<_>>();
        assert!(
            tunnels.is_subset(&leased),
            "seed {seed}: {:?} stand without addresses",
            tunnels.difference(&leased)
        );
    }
}

/// How many nodes keep somebody in their tables who left ten seconds ago, all others having been there for minutes.
fn keep_who_left<C: Overlay<ContactInfo> + Driver>(change: impl Fn(&mut Run), departure: Departure) -> usize {
    let mut run = with_daemons(16, 5);
    // Longer than what is measured takes, so that nobody finds out by himself.
    run.chord.stabilize_period = secs(30.0);
    run.pastry.heartbeat_period = Some(secs(30.0));
    run.pastry.timeout = secs(8.0);
    change(&mut run);
    run.acts
        .extend((0..16).map(|node| (secs(0.5 + f64::from(node) * 5.0), Act::Arrive)));
    run.acts.push((secs(500.0), Act::Depart(departure)));
    let mut simulation = run.driven_by::<C, ()>(run.network(), ());
    simulation
        .run_until(SimTime::ZERO + secs(510.0))
        .expect("nobody watches");
    let up = &simulation.world().up;
    let gone = (0..16)
        .map(NodeAddr)
        .find(|addr| !up.contains_key(addr))
        .expect("one left");
    let nodes = up.keys().filter_map(|addr| simulation.node(*addr)?.overlay());
    nodes
        .filter(|node| node.listed().any(|peer| peer == ContactInfo::seal(gone)))
        .count()
}

/// "A P2P node only releases all IP tunnels and deletes routing table entries before departure" (section II-B.1): at both ends.
#[test]
fn who_leaves_and_says_so_is_in_no_table_any_more() {
    for (name, rules) in chord::Rules::NAMES {
        let of = |departure| keep_who_left::<Inner>(|run| run.chord.rules = rules, departure);
        let (graceful, silent) = (of(Departure::Graceful), of(Departure::Silent));
        assert!(graceful == 0 && silent >= 3, "{name}: {graceful}, {silent}");
    }
    for mspastry in [None, Some(MsPastry::default())] {
        // Without goodbyes of its own.
        let change = |run: &mut Run| (run.pastry.mspastry, run.xbone.goodbye) = (mspastry, false);
        let of = |departure| keep_who_left::<InnerPastry>(change, departure);
        let (graceful, silent) = (of(Departure::Graceful), of(Departure::Silent));
        assert!(graceful == 0 && silent >= 3, "{mspastry:?}: {graceful}, {silent}");
    }
}

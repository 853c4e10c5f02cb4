//! One test per claim of the paper, on the effects of a single node.

mod arrival;
mod bad_input;
mod departure;
mod interface;
mod mspastry;
mod routing;
mod wire;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{OperationId, Wire};
use sim_core::recorder::{Effect, Recorder};
use sim_core::time::SimDuration;

use super::*;
use crate::kbr::Routed;

/// Identifiers of four digits of two bits, written `abcd` to base 4; the address of a node is its identifier.
fn id(digits: &str) -> Id {
    Id::new(u128::from_str_radix(digits, 4).expect("digits to base 4"))
}

fn contact(digits: &str) -> Contact {
    let id = id(digits);
    Contact {
        id,
        addr: NodeAddr(id.number() as u32),
    }
}

fn addr(digits: &str) -> NodeAddr {
    contact(digits).addr
}

fn contacts<const N: usize>(digits: [&str; N]) -> Vec<Contact> {
    digits.map(contact).to_vec()
}

fn config() -> Config {
    let config = Config {
        id_bits: 8,
        b: 2,
        leaf_set: 4,
        neighbourhood: 3,
        nearby_bootstrap: false,
        retries: 1,
        ..Config::default()
    };
    config.validate().expect("a sound configuration")
}

/// Whom node 1000 knows, the first ones as the nearest. Its leaf set is then 0333 0330 | 1002 1020, the neighbourhood set
/// 3210 2222 0001.
const KNOWN: [&str; 10] = [
    "3210", "2222", "0001", "0330", "0333", "1002", "1020", "1033", "1133", "1301",
];

/// Node 1000, which knows those.
fn tables(config: &Config) -> Tables {
    let mut tables = Tables::new(config, contact("1000"));
    for (far, known) in KNOWN.iter().enumerate() {
        let distance = SimDuration::from_millis(1 + far as u64);
        tables.learn(contact(known), Distance::from(distance));
    }
    tables
}

fn member<B: Payload>(config: Config) -> Recorder<Pastry<B>> {
    let tables = Box::new(tables(&config));
    let mut node = Recorder::new(addr("1000"), Init::Ready { tables }, config, 1);
    let effects = node.start();
    assert!(
        matches!(effects.last(), Some(Effect::Emit(Event::Joined))),
        "{effects:?}"
    );
    node
}

/// Node 1000, joining through node 2222.
fn newcomer(config: Config) -> (Recorder<Pastry>, Vec<Effect<Pastry>>) {
    let init = Init::Join {
        id: id("1000"),
        bootstrap: addr("2222"),
    };
    let mut node = Recorder::new(addr("1000"), init, config, 1);
    let effects = node.start();
    (node, effects)
}

fn sent<B: Payload>(effects: &[Effect<Pastry<B>>]) -> Vec<(NodeAddr, Msg<B>)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, msg } => Some((*to, msg.clone())),
        _ => None,
    });
    sent.collect()
}

fn told<B: Payload>(effects: &[Effect<Pastry<B>>]) -> Vec<Event<B>> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Emit(event) => Some(event.clone()),
        _ => None,
    });
    told.collect()
}

/// The requests among the messages, with whom they ask.
fn asked<B: Payload>(effects: &[Effect<Pastry<B>>], test: impl Fn(&Msg<B>) -> bool) -> Vec<(NodeAddr, RequestId)> {
    let matching = sent(effects).into_iter().filter(|(_, msg)| test(msg));
    let asked = matching.filter_map(|(to, msg)| {
        let request = match msg {
            Msg::Get { request, .. } | Msg::Announce { request, .. } | Msg::Ping { request, .. } => request,
            Msg::Join { arrival, .. } => arrival.request,
            Msg::Route { acknowledge, .. } => acknowledge?,
            _ => return None,
        };
        Some((to, request))
    });
    asked.collect()
}

/// The one request to a node.
fn request<B: Payload>(effects: &[Effect<Pastry<B>>], to: &str) -> RequestId {
    let requests = asked(effects, |_| true);
    let mut to_him = requests.into_iter().filter(|(asked, _)| *asked == addr(to));
    match (to_him.next(), to_him.next()) {
        (Some((_, request)), None) => request,
        other => panic!("not one request to {to}: {other:?} in {:?}", sent(effects)),
    }
}

/// What a node says of itself.
fn state(of: &str, version: u32, contacts: Vec<Contact>) -> Box<State> {
    Box::new(State {
        id: id(of),
        version,
        contacts: contacts.into(),
    })
}

/// Lets all retries of a request pass, and returns what the node did in the end.
fn no_answer<B: Payload>(node: &mut Recorder<Pastry<B>>, request: RequestId) -> Vec<Effect<Pastry<B>>> {
    for _ in 0..node.config.retries {
        node.timer(Timer::Request(request));
    }
    node.timer(Timer::Request(request))
}

fn addrs<const N: usize>(digits: [&str; N]) -> Vec<NodeAddr> {
    let mut addrs = digits.map(addr);
    addrs.sort();
    addrs.to_vec()
}

/// Whom the requests ask.
fn to<B: Payload>(effects: &[Effect<Pastry<B>>], test: impl Fn(&Msg<B>) -> bool) -> Vec<NodeAddr> {
    let mut to: Vec<NodeAddr> = asked(effects, test).into_iter().map(|(to, _)| to).collect();
    to.sort();
    to
}

fn is_announcement<B>(msg: &Msg<B>) -> bool {
    matches!(msg, Msg::Announce { .. })
}

fn is_ping<B>(msg: &Msg<B>) -> bool {
    matches!(msg, Msg::Ping { .. })
}

/// A payload of a layer above that wants to hear of everything.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Word(u32);

impl Wire for Word {
    const KINDS: usize = 2;

    fn kind(&self) -> usize {
        (self.0 % 2) as usize
    }

    fn kind_name(kind: usize) -> &'static str {
        ["even", "odd"][kind]
    }

    fn wire_bytes(&self) -> u32 {
        self.0
    }
}

impl Payload for Word {
    const FORWARD: bool = true;
    const UPDATE: bool = true;
}

fn routed<B>(key: &str, payload: B) -> Box<Routed<B>> {
    Box::new(Routed {
        key: id(key),
        operation: OperationId(9),
        source: contact("2031"),
        hops: 1,
        timeouts: 0,
        payload,
    })
}

#[test]
fn the_tables_of_the_tests_are_as_written() {
    let tables = tables(&config());
    assert!(tables.leaf_set.smaller().eq(contacts(["0333", "0330"])));
    assert!(tables.leaf_set.larger().eq(contacts(["1002", "1020"])));
    assert!(tables.neighbourhood.contacts().eq(contacts(["3210", "2222", "0001"])));
    let row = |row| {
        tables
            .routing_table
            .row(row)
            .iter()
            .map(|entry| entry.contact)
            .collect::<Vec<_>>()
    };
    let mut first = row(0);
    first.sort_by_key(|contact| contact.id);
    assert_eq!(first, contacts(["0001", "2222", "3210"]));
    assert_eq!(row(1).len(), 2, "1133 and 1301");
    assert_eq!(row(2).len(), 2, "1020 and 1033");
    assert_eq!(row(3), contacts(["1002"]));
}

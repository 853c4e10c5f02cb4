//! One node of the hash table over Chord, on its effects. The ring has the nodes 100, 200, ..., 600, each at the address of its
//! hundreds; the node under test is 100, and is the root of the keys 601 to 100.

use super::*;
use crate::chord::{self, Chord, Init, LookupStyle, Ring};
use crate::layer::Both;
use sim_core::protocol::Wire;
use sim_core::recorder::{Effect, Recorder};

type Node<const CACHE: bool> = Dht<Chord<Request<CACHE>>, CACHE>;

const KEY: Id = Id::new(50);
const OPERATION: OperationId = OperationId(7);

fn contact(hundreds: u32) -> Contact {
    Contact {
        id: Id::new(u128::from(hundreds) * 100),
        addr: NodeAddr(hundreds),
    }
}

fn node<const CACHE: bool>(own: Config) -> Recorder<Node<CACHE>> {
    let below = chord::Config {
        id_bits: 16,
        successors: 4,
        lookup: LookupStyle::Recursive,
        ..chord::Config::default()
    };
    let ring = Ring::new(&below, (1..=6).map(contact));
    let init = Init::Ready {
        id: Id::new(100),
        tables: Box::new(ring.tables(Id::new(100))),
    };
    let own = own.validate().expect("a sound configuration");
    let mut node = Recorder::new(NodeAddr(1), Both { own: (), below: init }, Both { own, below }, 1);
    node.start();
    node.advance(SimDuration::from_secs(1000));
    node
}

fn value(seconds: u64) -> Record {
    Record {
        version: Version {
            time: SimTime::ZERO + SimDuration::from_secs(seconds),
            writer: NodeAddr(4),
        },
        content: Content::Value { bytes: 500 },
    }
}

fn entry(key: Id, record: Record) -> Entry {
    let version = record.version;
    Entry { key, version }
}

/// A request that comes by the overlay from node 400.
fn routed<const CACHE: bool>(key: Id, payload: Request<CACHE>) -> Part<Word, chord::Msg<Request<CACHE>>> {
    let message = Routed {
        key,
        operation: OPERATION,
        source: contact(4),
        hops: 2,
        timeouts: 0,
        payload,
    };
    Part::Below(chord::Msg::Route {
        owner: None,
        message: Box::new(message),
    })
}

/// The words that were said, and to whom.
fn said<const CACHE: bool>(effects: &[Effect<Node<CACHE>>]) -> Vec<(u32, Word)> {
    let word = |effect: &Effect<Node<CACHE>>| match effect {
        Effect::Send {
            to,
            msg: Part::Own(word),
        } => Some((to.0, word.clone())),
        _ => None,
    };
    effects.iter().filter_map(word).collect()
}

/// The requests of the copies that were sent, and to whom.
fn copies<const CACHE: bool>(effects: &[Effect<Node<CACHE>>]) -> Vec<(u32, RequestId)> {
    let copy = |(to, word)| match word {
        Word::Copy { request, .. } => Some((to, request)),
        _ => None,
    };
    said(effects).into_iter().filter_map(copy).collect()
}

fn is_told_written<const CACHE: bool>(effects: &[Effect<Node<CACHE>>]) -> bool {
    said(effects).contains(&(4, Word::Written { operation: OPERATION }))
}

#[test]
fn a_write_is_copied_to_the_replicas_and_done_when_enough_of_them_have_it() {
    for (acknowledge, needed) in [
        (Acknowledge::Root, 0),
        (Acknowledge::Majority, 2),
        (Acknowledge::All, 3),
    ] {
        let mut node = node::<false>(Config {
            replicas: 4,
            acknowledge,
            ..Config::default()
        });
        let effects = node.message(NodeAddr(6), routed(KEY, Request::Write(value(900))));
        let sent = copies(&effects);
        assert_eq!(sent.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [2, 3, 4]);
        let mut done = usize::from(is_told_written(&effects)) * usize::MAX;
        for (confirmed, (to, request)) in sent.into_iter().enumerate() {
            let effects = node.message(NodeAddr(to), Part::Own(Word::Stored { request }));
            if is_told_written(&effects) {
                assert_eq!(done, 0, "told once");
                done = confirmed + 1;
            }
        }
        let done = if done == usize::MAX { 0 } else { done };
        assert_eq!(done, needed, "{acknowledge:?}");
    }
}

#[test]
fn a_write_that_is_tried_again_stays_one_write() {
    let mut node = node::<false>(Config::default());
    let first = copies(&node.message(NodeAddr(6), routed(KEY, Request::Write(value(900)))));
    node.message(NodeAddr(2), Part::Own(Word::Stored { request: first[0].1 }));
    let again = node.message(NodeAddr(6), routed(KEY, Request::Write(value(900))));
    assert!(
        copies(&again).is_empty(),
        "one copy has arrived, the other is on its way"
    );
    let done = node.message(NodeAddr(3), Part::Own(Word::Stored { request: first[1].1 }));
    assert_eq!(said(&done), [(4, Word::Written { operation: OPERATION })], "told once");
}

#[test]
fn a_replica_that_does_not_answer_twice_gives_way_to_the_next() {
    let mut node = node::<false>(Config::default());
    let sent = copies(&node.message(NodeAddr(6), routed(KEY, Request::Write(value(900)))));
    let [(2, second), (3, third)] = sent[..] else {
        panic!("{sent:?}")
    };
    let again = node.timer(Part::Own(Timer::Request(second)));
    assert_eq!(copies(&again), [(2, second)]);
    node.timer(Part::Own(Timer::Request(second)));
    node.message(NodeAddr(3), Part::Own(Word::Stored { request: third }));
    let named = said(&node.timer(Part::Own(Timer::Compare)));
    let [(4, Word::Compare { request, entries })] = &named[..] else {
        panic!("{named:?}")
    };
    assert_eq!(entries[..], [entry(KEY, value(900))]);
    let keys = Box::new([KEY]);
    let request = *request;
    let sent = node.message(NodeAddr(4), Part::Own(Word::Lacking { request, keys }));
    let [(4, request)] = copies(&sent)[..] else {
        panic!("{sent:?}")
    };
    let done = node.message(NodeAddr(4), Part::Own(Word::Stored { request }));
    assert!(is_told_written(&done), "the new replica counts");
}

#[test]
fn a_root_that_has_nothing_asks_the_others_and_answers_with_the_newest() {
    let mut node = node::<false>(Config::default());
    let asked = said(&node.message(NodeAddr(6), routed(KEY, Request::Get { via: None })));
    let requests: Vec<_> = asked
        .iter()
        .map(|(to, word)| match word {
            Word::Fetch { request, key: KEY } => (*to, *request),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(requests.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [2, 3, 4]);
    let answer = |node: &mut Recorder<Node<false>>, at: usize, record| {
        let (to, request) = requests[at];
        said(&node.message(NodeAddr(to), Part::Own(Word::Fetched { request, record })))
    };
    assert_eq!(answer(&mut node, 0, Some(value(800))), []);
    assert_eq!(answer(&mut node, 1, Some(value(900))), []);
    let answered = Word::Answer {
        operation: OPERATION,
        key: KEY,
        record: Some(value(900)),
        cached: false,
    };
    assert_eq!(answer(&mut node, 2, None), [(4, answered)]);
    assert_eq!(node.node.layer().store().get(KEY), Some(value(900)));
}

#[test]
fn who_is_named_keys_says_which_it_lacks() {
    let mut node = node::<false>(Config::default());
    let request = RequestId(3);
    node.message(NodeAddr(6), Part::Own(copy(RequestId(1), Id::new(580), value(900))));
    let entries = Box::new([
        entry(Id::new(580), value(900)),
        entry(Id::new(590), value(900)),
        entry(Id::new(595), value(1)),
    ]);
    let effects = node.message(NodeAddr(6), Part::Own(Word::Compare { request, entries }));
    let keys = Box::new([Id::new(590), Id::new(595)]);
    assert_eq!(said(&effects), [(6, Word::Lacking { request, keys })]);
}

fn copy(request: RequestId, key: Id, record: Record) -> Word {
    Word::Copy {
        request,
        key,
        record,
        cause: Cause::Repair,
    }
}

/// What is offered to the root of the first of the keys of which no root has spoken for long.
fn offered(effects: &[Effect<Node<false>>]) -> Vec<(Id, Box<[Entry]>)> {
    let offer = |effect: &Effect<Node<false>>| match effect {
        Effect::Send {
            msg: Part::Below(chord::Msg::Route { message, .. }),
            ..
        } => match &message.payload {
            Request::Offer(entries) => Some((message.key, entries.clone())),
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(offer).collect()
}

#[test]
fn a_copy_of_which_no_root_speaks_is_offered_and_dropped_when_the_root_has_said_so() {
    let mut node = node::<false>(Config::default());
    let [kept, dropped] = [580, 590].map(Id::new);
    for key in [kept, dropped] {
        node.message(NodeAddr(6), Part::Own(copy(RequestId(1), key, value(900))));
    }
    assert_eq!(offered(&node.timer(Part::Own(Timer::Repair))), [], "it is too early");
    node.advance(Config::default().trust() + SimDuration::NANOSECOND);
    let entries = Box::new([entry(kept, value(900)), entry(dropped, value(900))]);
    assert_eq!(
        offered(&node.timer(Part::Own(Timer::Repair))),
        [(kept, entries as Box<[Entry]>)]
    );
    let newer = Verdict::Drop(value(901).version);
    let verdicts = Box::new([(kept, Verdict::Keep), (dropped, newer)]);
    let root = Id::new(600);
    node.message(NodeAddr(6), Part::Own(Word::Verdicts { root, verdicts }));
    let store = node.node.layer().store();
    assert_eq!((store.get(kept), store.get(dropped)), (Some(value(900)), None));
}

#[test]
fn a_root_keeps_strangers_until_its_replicas_are_complete_and_wants_what_it_lacks() {
    let mut node = node::<false>(Config::default());
    let [mine, lacking] = [KEY, Id::new(60)];
    let sent = copies(&node.message(NodeAddr(6), routed(mine, Request::Write(value(900)))));
    let offer = || {
        let entries = Box::new([
            entry(mine, value(900)),
            entry(lacking, value(900)),
            entry(Id::new(150), value(1)),
        ]);
        routed(mine, Request::Offer(entries))
    };
    let verdicts = |effects: &[Effect<Node<false>>]| match &said(effects)[..] {
        [(4, Word::Verdicts { root, verdicts })] if *root == Id::new(100) => verdicts.to_vec(),
        other => panic!("{other:?}"),
    };
    let told = verdicts(&node.message(NodeAddr(6), offer()));
    assert_eq!(
        told,
        [(mine, Verdict::Keep), (lacking, Verdict::Send)],
        "150 is somebody else's"
    );
    for (to, request) in sent {
        node.message(NodeAddr(to), Part::Own(Word::Stored { request }));
    }
    let told = verdicts(&node.message(NodeAddr(6), offer()));
    assert_eq!(told[0], (mine, Verdict::Drop(value(900).version)));
}

#[test]
fn a_root_that_leaves_gives_what_it_has_to_whoever_lacks_it() {
    let mut node = node::<false>(Config {
        replicas: 2,
        ..Config::default()
    });
    let sent = copies(&node.message(NodeAddr(6), routed(KEY, Request::Write(value(900)))));
    let [(2, request)] = sent[..] else { panic!("{sent:?}") };
    node.message(NodeAddr(2), Part::Own(Word::Stored { request }));
    let left = node.stop();
    let [(3, _)] = copies(&left)[..] else {
        panic!("{left:?}")
    };
    let first_of_the_overlay = left.iter().position(|effect| {
        matches!(
            effect,
            Effect::Send {
                msg: Part::Below(_),
                ..
            }
        )
    });
    let copy = left
        .iter()
        .position(|effect| matches!(effect, Effect::Send { msg: Part::Own(_), .. }));
    assert!(copy < first_of_the_overlay, "before the overlay says goodbye");
}

#[test]
fn a_get_ends_at_a_copy_on_the_way_and_leaves_the_name_of_the_last_node_without_one() {
    let mut node = node::<true>(Config {
        cache: Some(Caching {
            entries: 10,
            lifetime: SimDuration::from_secs(60),
        }),
        ..Config::default()
    });
    let far = Id::new(350);
    let get = || routed(far, Request::<true>::Get { via: None });
    let passed = node.message(NodeAddr(6), get());
    let via = passed.iter().find_map(|effect| match effect {
        Effect::Send {
            msg: Part::Below(chord::Msg::Route { message, .. }),
            ..
        } => Some(message.payload.clone()),
        _ => None,
    });
    assert_eq!(via, Some(Request::Get { via: Some(contact(1)) }));
    let record = value(900);
    node.message(NodeAddr(4), Part::Own(Word::Cache { key: far, record }));
    let answer = Word::Answer {
        operation: OPERATION,
        key: far,
        record: Some(record),
        cached: true,
    };
    assert_eq!(said(&node.message(NodeAddr(6), get())), [(4, answer)]);
    node.advance(SimDuration::from_secs(60));
    assert_eq!(said(&node.message(NodeAddr(6), get())), [], "the copy is too old");
    // As the root, the node gives a copy to the last one on the way.
    node.message(NodeAddr(6), routed(KEY, Request::Write(record)));
    let via = Some(contact(5));
    let answered = said(&node.message(NodeAddr(6), routed(KEY, Request::Get { via })));
    assert!(
        answered.contains(&(5, Word::Cache { key: KEY, record })),
        "{answered:?}"
    );
}

#[test]
fn an_operation_is_tried_again_and_then_given_up() {
    let mut node = node::<false>(Config {
        retries: 1,
        ..Config::default()
    });
    let far = Id::new(350);
    let is_sent = |effects: &[Effect<Node<false>>]| effects.iter().any(|effect| matches!(effect, Effect::Send { .. }));
    assert!(is_sent(&node.command(OPERATION, Part::Own(Command::Get { key: far }))));
    assert!(is_sent(&node.timer(Part::Own(Timer::Operation(OPERATION)))));
    let given_up = node.timer(Part::Own(Timer::Operation(OPERATION)));
    let failed = Event::Failed { operation: OPERATION };
    assert!(
        matches!(given_up[..], [Effect::Emit(Part::Own(event))] if event == failed),
        "{given_up:?}"
    );
}

#[test]
fn words_weigh_a_header_keys_versions_and_values() {
    let (request, operation) = (RequestId(1), OPERATION);
    let record = value(1);
    let words = [
        (copy(request, KEY, record), "copy-repair", 20 + 4 + 12 + 500),
        (Word::Stored { request }, "stored", 20),
        (Word::Fetch { request, key: KEY }, "fetch", 24),
        (Word::Fetched { request, record: None }, "fetched", 20),
        (
            Word::Compare {
                request,
                entries: Box::new([entry(KEY, record); 2]),
            },
            "compare",
            20 + 2 * 16,
        ),
        (
            Word::Lacking {
                request,
                keys: Box::new([KEY]),
            },
            "lacking",
            24,
        ),
        (
            Word::Verdicts {
                root: KEY,
                verdicts: Box::new([(KEY, Verdict::Keep), (KEY, Verdict::Drop(record.version))]),
            },
            "verdicts",
            24 + 5 + 17,
        ),
        (Word::Written { operation }, "written", 20),
        (
            Word::Answer {
                operation,
                key: KEY,
                record: Some(record),
                cached: true,
            },
            "answer",
            24 + 512,
        ),
        (Word::Cache { key: KEY, record }, "cache", 24 + 512),
    ];
    for (word, kind, bytes) in words {
        assert_eq!((<Word>::kind_name(word.kind()), word.wire_bytes()), (kind, bytes));
    }
    let removed = Record {
        content: Content::Removed,
        ..record
    };
    let requests = [
        (Request::<false>::Write(record), "put", 512),
        (Request::Write(removed), "remove", 12),
        (Request::Get { via: None }, "get", 0),
        (Request::Offer(Box::new([entry(KEY, record)])), "offer", 16),
    ];
    for (request, kind, bytes) in requests {
        assert_eq!(
            (Request::<false>::kind_name(request.kind()), request.wire_bytes()),
            (kind, bytes)
        );
    }
}

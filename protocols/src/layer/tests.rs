//! A layer over Chord, on the effects of a single node.

use super::*;
use crate::chord::{Chord, Config, Event, Init, Msg, Timer};
use crate::kbr::{Nothing, Payload, Upcall};
use sim_core::addr::NodeAddr;
use sim_core::recorder::{Effect, Recorder};

/// A word of the layer that rides in the overlay's messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Greeting;

impl Wire for Greeting {
    const KINDS: usize = 1;
    fn kind(&self) -> usize {
        0
    }
    fn kind_name(_: usize) -> &'static str {
        "greeting"
    }
    fn wire_bytes(&self) -> u32 {
        7
    }
}

impl Payload for Greeting {
    const FORWARD: bool = false;
    const UPDATE: bool = false;
}

/// Greets the owner of a key, and greets on to the next key when it is greeted, so many times.
#[derive(Debug)]
struct Greeter {
    left: u32,
    /// What it heard and did, in order.
    diary: Vec<&'static str>,
}

impl Layer<Chord<Greeting>> for Greeter {
    type Init = u32;
    type Config = ();
    type Msg = Nothing;
    type Timer = ();
    type Command = ();
    type Event = u32;

    fn new(_: NodeAddr, left: u32, (): &(), _: StreamKey) -> Self {
        let diary = Vec::new();
        Greeter { left, diary }
    }

    fn on_start(&mut self, below: &mut Below<'_, '_, Self, Chord<Greeting>>) {
        self.diary.push("start");
        below.set_timer(SimDuration::from_secs(1), ());
    }

    fn on_told(&mut self, below: &mut Below<'_, '_, Self, Chord<Greeting>>, event: Event<Greeting>) {
        match Chord::upcall(event) {
            Ok(Upcall::Joined) => {
                self.diary.push("joined");
                below.tell_on(Event::Joined);
            }
            Ok(Upcall::Deliver(message)) => {
                self.diary.push("told");
                if self.left > 0 {
                    self.left -= 1;
                    below.route(message.operation, message.key, Greeting);
                    self.diary.push("greeted on");
                }
                below.emit(self.left);
            }
            _ => self.diary.push("something else"),
        }
    }

    fn on_message(&mut self, below: &mut Below<'_, '_, Self, Chord<Greeting>>, from: NodeAddr, msg: Nothing) {
        below.send(from, msg);
    }

    fn on_timer(&mut self, below: &mut Below<'_, '_, Self, Chord<Greeting>>, (): ()) {
        below.emit(99);
    }

    fn on_command(&mut self, below: &mut Below<'_, '_, Self, Chord<Greeting>>, operation: OperationId, (): ()) {
        below.route(operation, Id::new(3), Greeting);
        self.diary.push("commanded");
    }

    fn on_stop(&mut self, below: &mut Below<'_, '_, Self, Chord<Greeting>>) {
        self.diary.push("stop");
        below.route(OperationId(0), Id::new(3), Greeting);
    }
}

type Node = Over<Greeter, Chord<Greeting>>;

/// A greeter on a ring of its own.
fn alone(left: u32) -> (Recorder<Node>, Vec<Effect<Node>>) {
    let below = Init::First { id: Id::new(5) };
    let config = Both {
        own: (),
        below: Config::default(),
    };
    let mut node = Recorder::new(NodeAddr(1), Both { own: left, below }, config, 1);
    let effects = node.start();
    (node, effects)
}

#[test]
fn the_protocol_below_starts_first_and_the_layer_hears_of_it_when_it_has_started_itself() {
    let (node, effects) = alone(0);
    assert_eq!(node.node.layer().diary, ["start", "joined"]);
    assert!(node.node.below().has_joined());
    let [
        Effect::SetTimer {
            timer: Part::Below(Timer::Stabilize),
            ..
        },
        Effect::SetTimer {
            timer: Part::Own(()), ..
        },
        Effect::Emit(Part::Below(Event::Joined)),
    ] = effects[..]
    else {
        panic!("{effects:?}")
    };
}

#[test]
fn what_the_layer_asks_for_is_told_when_it_has_returned_and_within_the_same_event() {
    let (mut node, _) = alone(2);
    let effects = node.command(OperationId(7), Part::Own(()));
    assert_eq!(
        node.node.layer().diary[2..],
        ["commanded", "told", "greeted on", "told", "greeted on", "told"]
    );
    let told: Vec<_> = effects.into_iter().map(|effect| format!("{effect:?}")).collect();
    assert_eq!(told, ["emit Own(1)", "emit Own(0)", "emit Own(0)"]);
}

#[test]
fn each_word_finds_its_part() {
    let (mut node, _) = alone(0);
    let answered = node.message(NodeAddr(9), Part::Own(Nothing));
    assert_eq!(format!("{answered:?}"), "[send to n9: Own(Nothing)]");
    let request = crate::request::RequestId(4);
    let answered = node.message(NodeAddr(9), Part::Below(Msg::Ping { request }));
    let [
        Effect::Send {
            to: NodeAddr(9),
            msg: Part::Below(Msg::Pong { .. }),
        },
    ] = answered[..]
    else {
        panic!("{answered:?}")
    };
    assert_eq!(format!("{:?}", node.timer(Part::Own(()))), "[emit Own(99)]");
    let looked_up = node.command(
        OperationId(1),
        Part::Below(crate::chord::Command::Lookup { key: Id::new(3) }),
    );
    assert!(
        looked_up.is_empty(),
        "the layer keeps to itself what it does not tell on"
    );
    assert_eq!(node.node.layer().diary.last(), Some(&"something else"));
}

#[test]
fn the_layer_leaves_before_the_protocol_below() {
    let (mut node, _) = alone(0);
    node.stop();
    assert_eq!(node.node.layer().diary[2..], ["stop", "told"]);
}

#[test]
fn kinds_of_the_protocol_below_come_first_and_each_weighs_what_it_weighs_there() {
    type Word = Part<Nothing, Msg<Greeting>>;
    let names: Vec<_> = (0..Word::KINDS).map(Word::kind_name).collect();
    assert_eq!(names[0], "next-hop");
    assert_eq!(names[names.len() - 2..], ["greeting", "route"]);
    let greeting = Routed {
        key: Id::new(1),
        operation: OperationId(1),
        source: Contact {
            id: Id::new(1),
            addr: NodeAddr(1),
        },
        hops: 0,
        timeouts: 0,
        payload: Greeting,
    };
    let msg = Word::Below(Msg::Route {
        owner: None,
        message: Box::new(greeting),
    });
    assert_eq!((Word::kind_name(msg.kind()), msg.wire_bytes()), ("greeting", 35));
    assert_eq!(
        (Word::Own(Nothing).kind(), Word::Own(Nothing).wire_bytes()),
        (Word::KINDS - 1, 0)
    );
}

#[test]
fn the_two_parts_draw_from_streams_of_their_own() {
    let streams = StreamKey::root(1, 0);
    let init = Both {
        own: 0,
        below: Init::First { id: Id::new(5) },
    };
    let config = Both {
        own: (),
        below: Config::default(),
    };
    let node = Node::new(NodeAddr(1), init, &config, streams);
    assert_ne!(node.child_rng, streams.rng());
}

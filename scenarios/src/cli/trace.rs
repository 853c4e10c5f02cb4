//! `peerscope trace`: what nodes saw and did in one run, a line each.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use sim_core::addr::NodeAddr;
use sim_core::protocol::LinkChange;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Departure;

use super::arguments::Trace;
use super::signals::interruption;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::run::{Failure, Job, Line, Pace, What, Window};
use crate::scenario::{Point, Scenario};
use crate::units::written;

pub(super) fn trace(arguments: &Trace, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let scenario = match Scenario::load(&arguments.file, &arguments.changes.overrides(), registry) {
        Ok(scenario) => scenario,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    let (point, window) = match chosen(arguments, &scenario) {
        Ok(chosen) => chosen,
        Err(reason) => {
            terminal.complain(&format!("{}: {reason}", scenario.name));
            return Ok(Exit::Usage);
        }
    };
    let job = Job {
        point: &point,
        replication: arguments.replication,
        streams: StreamKey::root(scenario.seed, arguments.replication),
    };
    let Some(entry) = registry.get(point.protocol.name()) else {
        return Ok(Exit::Failed);
    };
    let interrupted = interruption();
    let closed = AtomicBool::new(false);
    let mut written: io::Result<()> = Ok(());
    let mut lines = 0_u64;
    let pace = Patience {
        interrupted: &interrupted,
        closed: &closed,
    };
    let outcome = entry.trace(&job, window, &pace, &mut |line| {
        // What nobody reads any more need not be written.
        if written.is_err() || closed.load(Ordering::Relaxed) {
            return;
        }
        lines += 1;
        let text = if arguments.json {
            format!("{}\n", object(&line))
        } else {
            format!("{}\n", sentence(&line))
        };
        match terminal.stream(&text) {
            Ok(listening) => closed.store(!listening, Ordering::Relaxed),
            Err(error) => {
                written = Err(error);
                closed.store(true, Ordering::Relaxed);
            }
        }
    });
    written?;
    terminal.flush()?;
    match outcome {
        Err(Failure::Broken(reason)) => {
            terminal.complain(&format!("{}: {reason}", scenario.name));
            Ok(Exit::Failed)
        }
        Err(Failure::Interrupted) if !closed.load(Ordering::Relaxed) => Ok(Exit::Interrupted),
        _ => {
            if lines == 0 {
                terminal.warn("nothing happened at these nodes in this time: were they up?");
            }
            Ok(Exit::Done)
        }
    }
}

/// The point and the window that the command line asks for, or why they cannot be.
fn chosen(arguments: &Trace, scenario: &Scenario) -> Result<(Point, Window), String> {
    let point = scenario.point(arguments.point)?;
    if let Some(node) = arguments.node.iter().find(|node| **node >= point.nodes) {
        return Err(format!(
            "there is no node {node}: the {} nodes of this point are numbered from 0",
            point.nodes
        ));
    }
    if arguments.replication >= scenario.replications {
        return Err(format!(
            "there is no replication {}: the {} of this scenario are numbered from 0",
            arguments.replication, scenario.replications
        ));
    }
    let from = SimTime::ZERO + arguments.from.map_or(SimDuration::ZERO, |from| from.get());
    let until = SimTime::ZERO + arguments.to.map_or(point.duration, |to| to.get());
    if from >= until {
        let (from, until) = (written(from.since(SimTime::ZERO)), written(until.since(SimTime::ZERO)));
        return Err(format!(
            "--from {from} must lie before the end of what is traced, {until}"
        ));
    }
    Ok((
        point,
        Window {
            nodes: arguments.node.iter().copied().map(NodeAddr).collect(),
            from,
            until,
        },
    ))
}

/// A trace goes on as long as somebody reads it.
struct Patience<'a> {
    interrupted: &'a AtomicBool,
    closed: &'a AtomicBool,
}

impl Pace for Patience<'_> {
    fn advanced(&self, _events: u64, _work: u64) {}

    fn run_ended(&self) {}

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed) || self.closed.load(Ordering::Relaxed)
    }
}

/// A line for people: the time in seconds, the node, and what it saw; further in, what it did about it.
fn sentence(line: &Line) -> String {
    let text = match &line.what {
        What::Started => "started".to_owned(),
        What::Left(Departure::Graceful) => "left, and may tell others".to_owned(),
        What::Left(Departure::Silent) => "left without a word".to_owned(),
        What::Asked { operation, command } => format!("was asked, operation {operation}: {command}"),
        What::Received { from, kind, message } => format!("received {kind} from {from}: {message}"),
        What::Timer(timer) => format!("timer {timer}"),
        What::Link(LinkChange::Up(peer)) => format!("link to {peer} up"),
        What::Link(LinkChange::Down(peer)) => format!("link to {peer} down"),
        What::Sent {
            to,
            kind,
            message,
            bytes,
            delay,
        } => {
            let fate = delay.map_or("lost".to_owned(), |delay| {
                format!("takes {} s", decimal(delay.as_nanos()))
            });
            format!("sent {kind} to {to} ({bytes} B, {fate}): {message}")
        }
        What::Waits {
            to,
            kind,
            message,
            bytes,
        } => {
            let to = to.map_or("all neighbours".to_owned(), |to| to.to_string());
            format!("waits for the medium to send {kind} to {to} ({bytes} B): {message}")
        }
        What::TimerSet { delay, timer } => format!("set a timer in {} s: {timer}", decimal(delay.as_nanos())),
        What::TimerCancelled(due) => format!("cancelled the timer due at {}", decimal(due.as_nanos())),
        What::Told(event) => format!("told {event}"),
    };
    let indent = if line.what.is_seen() { "" } else { "  " };
    format!(
        "{:>16} {:<8} {indent}{text}",
        decimal(line.time.as_nanos()),
        line.node.to_string()
    )
}

/// Nanoseconds as seconds.
fn decimal(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// A line for machines. Each has `time_ns`, `node` and `what`; the rest goes with `what`.
fn object(line: &Line) -> Value {
    let mut value = match &line.what {
        What::Started => json!({ "what": "started" }),
        What::Left(departure) => {
            json!({ "what": "left", "graceful": *departure == Departure::Graceful })
        }
        What::Asked { operation, command } => json!({ "what": "asked", "operation": operation, "command": command }),
        What::Received { from, kind, message } => {
            json!({ "what": "received", "from": from.0, "kind": kind, "message": message })
        }
        What::Timer(timer) => json!({ "what": "timer", "timer": timer }),
        What::Link(change) => {
            let (LinkChange::Up(peer) | LinkChange::Down(peer)) = change;
            json!({ "what": "link", "to": peer.0, "up": matches!(change, LinkChange::Up(_)) })
        }
        What::Sent {
            to,
            kind,
            message,
            bytes,
            delay,
        } => json!({
            "what": "sent", "to": to.0, "kind": kind, "message": message, "bytes": bytes,
            "lost": delay.is_none(), "delay_ns": delay.map(SimDuration::as_nanos),
        }),
        What::Waits {
            to,
            kind,
            message,
            bytes,
        } => json!({
            "what": "waits", "to": to.map(|to| to.0), "kind": kind, "message": message, "bytes": bytes,
        }),
        What::TimerSet { delay, timer } => {
            json!({ "what": "timer_set", "delay_ns": delay.as_nanos(), "timer": timer })
        }
        What::TimerCancelled(due) => json!({ "what": "timer_cancelled", "due_ns": due.as_nanos() }),
        What::Told(event) => json!({ "what": "told", "event": event }),
    };
    value["time_ns"] = line.time.as_nanos().into();
    value["node"] = line.node.0.into();
    value
}

//! Speed and memory of the engine, measured on the public interface that scenarios use.
//!
//! Every measurement runs in a process of its own, so that its peak memory is its own, and is repeated; medians are
//! printed. With `--against PROGRAM` another program does the same work in turn, so that a ratio means something on a
//! machine whose speed drifts.

mod hold;
mod measure;
mod motion;
mod overlays;
mod peernet;
mod routers;
mod s_chord;
mod tunnels;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use overlays::Name;
use peernet::Rules;

/// Speed and memory of the engine.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The hold model: take the earliest event, put it back an exponential time later.
    Hold {
        /// Pending events.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000,10000000")]
        pending: Vec<u32>,
        /// Runs of each size.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// S-Chord: a fixed amount of Chord-like work on a perfect ring.
    SChord {
        /// Nodes.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000")]
        nodes: Vec<u32>,
        /// Runs of each size.
        #[arg(long, default_value_t = 3)]
        runs: usize,
        /// A program that does the same work, called in turn as `PROGRAM NODES 12 8 shuf SECONDS`; it prints
        /// `events/s=NUMBER`.
        #[arg(long)]
        against: Option<std::path::PathBuf>,
    },
    /// Overlays with their maintenance, side by side: routed messages in networks that were built in bulk.
    Overlays {
        /// Nodes of Chord.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000")]
        chord: Vec<u32>,
        /// Nodes of Pastry.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
        pastry: Vec<u32>,
        /// Nodes of Chord that drives tunnels.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
        xbone: Vec<u32>,
        /// Simulated seconds.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// Runs of each size.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// Hosts on a large graph of routers: memory after lookups from all of them, and the time that routes take.
    Routers {
        /// Hosts, each of them a node of Chord.
        #[arg(long, default_value_t = 100_000)]
        hosts: u32,
        /// Routers.
        #[arg(long, default_value_t = 10_000)]
        routers: usize,
        /// Simulated seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Links of nodes that move: at the exact times, and by looking now and then.
    Motion {
        /// Nodes.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
        nodes: Vec<u32>,
        /// Simulated seconds.
        #[arg(long, default_value_t = 100)]
        seconds: u64,
        /// Runs of each.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// PeerNet on nodes that move, by itself and with packets.
    PeerNet {
        /// Nodes.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
        nodes: Vec<u32>,
        /// Simulated seconds of the cold start.
        #[arg(long, default_value_t = 30)]
        start: u64,
        /// Simulated seconds after it.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Runs of each.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// One run of PeerNet in this process: what the measurement above calls.
    #[command(hide = true)]
    PeerNetOnce {
        /// Which rules.
        rules: Rules,
        /// Nodes.
        nodes: u32,
        /// Packets a second of each node.
        rate: f64,
        /// Simulated seconds of the cold start.
        start: u64,
        /// Simulated seconds after it.
        seconds: u64,
    },
    /// One run of an overlay in this process: what the measurement above calls.
    #[command(hide = true)]
    OverlayOnce {
        /// Which.
        overlay: Name,
        /// Nodes.
        nodes: u32,
        /// Simulated seconds.
        seconds: u64,
    },
    /// One run of S-Chord in this process: what the measurements above call.
    #[command(hide = true)]
    SChordOnce {
        /// Nodes.
        nodes: u32,
        /// Simulated seconds.
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Hold { pending, runs } => {
            hold::report(&pending, runs);
            Ok(())
        }
        Command::SChord { nodes, runs, against } => s_chord::report(&nodes, runs, against.as_deref()),
        Command::Overlays {
            chord,
            pastry,
            xbone,
            seconds,
            runs,
        } => {
            let sizes = [(Name::Chord, chord), (Name::Pastry, pastry), (Name::XBone, xbone)];
            overlays::report(&sizes, seconds, runs)
        }
        Command::Routers {
            hosts,
            routers,
            seconds,
        } => routers::report(hosts, routers, seconds),
        Command::Motion { nodes, seconds, runs } => {
            motion::report(&nodes, seconds, runs);
            Ok(())
        }
        Command::PeerNet {
            nodes,
            start,
            seconds,
            runs,
        } => peernet::report(&nodes, start, seconds, runs),
        Command::PeerNetOnce {
            rules,
            nodes,
            rate,
            start,
            seconds,
        } => peernet::once(rules, nodes, rate, start, seconds),
        Command::OverlayOnce {
            overlay,
            nodes,
            seconds,
        } => overlays::once(overlay, nodes, seconds),
        Command::SChordOnce { nodes, seconds } => s_chord::once(nodes, seconds),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

//! The address server's parts, each on its own; together they are held against random schedules in `tests/xbone_addresses.rs`.

mod client;
mod ledger;
mod pool;
mod server;

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::*;

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn id(client: u32, number: u32) -> LeaseId {
    LeaseId {
        client: NodeAddr(client),
        number,
    }
}

fn request(client: u32, number: u32, peer: u32) -> Transaction {
    Transaction::Request {
        id: id(client, number),
        peer: NodeAddr(peer),
    }
}

fn release(client: u32, number: u32) -> Transaction {
    Transaction::Release { id: id(client, number) }
}

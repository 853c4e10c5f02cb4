//! Which protocols can run in which network: those of the network layer where only neighbours talk, all others where everybody
//! reaches everybody.

use super::{NetworkModel, RoutedNetwork};
use crate::input::{InputError, alternatives};
use crate::registry::{ProtocolEntry, Registry};
use crate::scenario::Point;

/// Holds the network of a point against its protocol, which is of the network layer or not.
pub(in crate::scenario) fn suits(
    point: &Point,
    protocol: &dyn ProtocolEntry,
    registry: &Registry,
) -> Result<(), InputError> {
    let key = format!("network.{}", point.network_key());
    let name = protocol.name();
    match (&point.network.model, protocol.is_network_layer()) {
        (NetworkModel::Linked(_), false) => {
            let others = registry.iter().filter(|entry| entry.is_network_layer());
            let others: Vec<&str> = others.map(ProtocolEntry::name).collect();
            let message = format!("`{name}` cannot run here, where only neighbours can talk");
            Err(point
                .error_at(&key, message)
                .labelled("needs a protocol of the network layer")
                .help(format!("those of the network layer are {}", alternatives(&others)))
                .help("others need a network in which everybody reaches everybody, such as [network.constant]"))
        }
        (NetworkModel::Topology(_), false) if !point.is_written(&format!("{key}.access")) => Err(point
            .error_at(&key, "the key `access` is missing")
            .labelled("`access` belongs in here")
            .help("it is the delay between a host and its router: access = \"1ms\"")),
        (_, false) => Ok(()),
        (NetworkModel::Linked(_), true) => refuse(
            point,
            "loss",
            &format!("frames are lost with the probability {key}.loss"),
        ),
        (NetworkModel::Topology(routed), true) => routers_are_nodes(point, routed, &key),
        (_, true) => {
            let message = format!("`{name}` cannot run here, where there are no links: everybody reaches everybody");
            Err(point
                .error_at(&key, message)
                .labelled("needs a network of neighbours")
                .help("these are [network.radio], [network.contacts], and graphs such as [network.topology] and [network.grid]"))
        }
    }
}

/// In a graph each router is a node, and nobody is attached to it.
fn routers_are_nodes(point: &Point, routed: &RoutedNetwork, key: &str) -> Result<(), InputError> {
    for inner in ["access", "hosts", "hosts_at"] {
        refuse(
            point,
            &format!("{key}.{inner}"),
            "each router is a node, and nodes talk over the links of the graph",
        )?;
    }
    refuse(
        point,
        "link_failure",
        "links come and go in [network.radio] and [network.contacts]",
    )?;
    let routers = routed.topology.routers.len();
    if point.nodes as usize == routers {
        return Ok(());
    }
    let message = format!(
        "{} nodes in a graph of {routers} routers, each of which is a node",
        point.nodes
    );
    Err(point
        .error_at("nodes.count", message)
        .labelled(format!("must be {routers}")))
}

/// Refuses a key with which a protocol of the network layer could do nothing.
fn refuse(point: &Point, key: &str, instead: &str) -> Result<(), InputError> {
    if !point.is_written(key) {
        return Ok(());
    }
    let message = format!(
        "this has no meaning for `{}`, a protocol of the network layer",
        point.protocol.name()
    );
    Err(point.error_at(key, message).labelled("leave it out").help(instead))
}

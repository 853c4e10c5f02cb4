//! Chord that drives a virtual network (P2P-XBone) whose tunnels cost nothing and stand from the start: what the resource daemons
//! add to each message, and how much memory tunnels take.

use std::collections::BTreeSet;

use protocols::chord::{self, Chord, Ring};
use protocols::id::Contact;
use protocols::kbr::Nothing;
use protocols::layer::Both;
use protocols::xbone::{self, Arrival, ContactInfo, Driver, XBone};
use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

use crate::overlays::Overlay;

type Inner = Chord<Nothing, ContactInfo>;

impl Overlay for XBone<Inner> {
    fn parameters() -> Self::Config {
        Both {
            own: xbone::Config::default(),
            below: chord::Config::default(),
        }
    }

    fn perfect(
        config: &Self::Config,
        members: &[Contact],
        _: impl Fn(NodeAddr, NodeAddr) -> SimDuration,
    ) -> Vec<Self::Init> {
        let sealed = |&Contact { id, addr }: &Contact| Contact {
            id,
            addr: ContactInfo::seal(addr),
        };
        let ring = Ring::new(&config.below, members.iter().map(sealed));
        let ready = |&Contact { id, .. }: &Contact| chord::Init::Ready {
            id,
            tables: Box::new(ring.tables(id)),
        };
        let inits: Vec<chord::Init<ContactInfo>> = members.iter().map(ready).collect();
        let ends = ends(&config.below, members, &inits);
        let arrival = |(contact, overlay): (&Contact, chord::Init<ContactInfo>)| {
            let me = ContactInfo::seal(contact.addr);
            let own = ends.range((me, ContactInfo::seal(NodeAddr(0)))..=(me, ContactInfo::seal(NodeAddr(u32::MAX))));
            xbone::Init::Node(Box::new(Arrival {
                overlay,
                bootstrap: None,
                tunnels: own.map(|(_, peer)| (*peer, None)).collect(),
            }))
        };
        members.iter().zip(inits).map(arrival).collect()
    }
}

/// Both ends of a tunnel between any two of which one lists the other.
fn ends(
    config: &chord::Config,
    members: &[Contact],
    inits: &[chord::Init<ContactInfo>],
) -> BTreeSet<(ContactInfo, ContactInfo)> {
    let listed = members.iter().zip(inits).flat_map(|(contact, init)| {
        let me = ContactInfo::seal(contact.addr);
        // What a node lists does not depend on chance.
        let node = Inner::new(me, init.clone(), config, StreamKey::root(0, 0));
        let peers: Vec<ContactInfo> = node.listed().filter(|peer| *peer != me).collect();
        peers.into_iter().map(move |peer| (me, peer))
    });
    listed.flat_map(|(one, other)| [(one, other), (other, one)]).collect()
}

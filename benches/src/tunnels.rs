//! Chord that drives a virtual network (P2P-XBone) whose tunnels cost nothing and stand from the start: what the resource daemons
//! add to each message, and how much memory tunnels take.

use protocols::chord::{self, Chord, Ring};
use protocols::id::Contact;
use protocols::kbr::Nothing;
use protocols::layer::Both;
use protocols::xbone::{self, ContactInfo, XBone};
use sim_core::addr::NodeAddr;
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
        let overlays = members.iter().map(|contact| (contact.addr, ready(contact)));
        xbone::whole::<Inner>(config, overlays.collect())
    }
}

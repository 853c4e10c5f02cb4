//! The overlay manager: it lets nodes into the virtual network, and is not asked again (sections II-A and II-B.1).

use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;

use super::config::Admission;
use super::wire::Msg;

/// The overlay manager of a virtual network. It keeps nothing of a node but that it has been admitted.
#[derive(Clone, Debug, Default)]
pub struct Manager {
    admitted: BTreeSet<NodeAddr>,
}

impl Manager {
    /// What it answers to a node; nothing to what it does not understand.
    pub(super) fn answer(&mut self, admission: &Admission, from: NodeAddr, msg: Msg) -> Option<Msg> {
        match msg {
            Msg::Join { request } if self.admits(admission, from) => {
                self.admitted.insert(from);
                Some(Msg::Invite { request })
            }
            Msg::Join { request } => Some(Msg::Refuse { request }),
            Msg::Accept { request } if self.admitted.contains(&from) => Some(Msg::Configure { request }),
            Msg::Hello { request } => Some(Msg::HelloBack { request }),
            _ => None,
        }
    }

    fn admits(&self, admission: &Admission, node: NodeAddr) -> bool {
        let allowed = admission.allowed.as_ref().is_none_or(|allowed| allowed.contains(&node));
        let room = admission.limit.is_none_or(|limit| self.admitted.len() < limit as usize);
        allowed && (room || self.admitted.contains(&node))
    }
}

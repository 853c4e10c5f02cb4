//! Who can talk to whom where only neighbours can: the ground under protocols of the network layer.

mod source;

pub use source::{Change, Contacts, Fixed, Leg, LinkSource, Place};

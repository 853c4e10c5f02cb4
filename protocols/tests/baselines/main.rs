//! The baselines of the network layer, each alone against what is known of it: flooding against its closed form, distance vectors and AODV
//! against shortest paths, closed forms of their costs, and their papers' claim that no way ever leads in a circle.

mod aodv;
mod distance_vector;
mod flooding;
mod mobility;
mod support;

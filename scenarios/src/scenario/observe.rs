//! What is watched beside the measurements.

use sim_core::time::{SimDuration, SimTime};

use super::raw::{RawLoad, RawObserve, RawReachability};
use super::rings::rings;
use super::routing_tables::routing_tables;
use super::validate::{BEFORE_END, KEY_LIMIT, since_start};
use super::{Observe, Reachability};
use crate::input::{Document, InputError};
use crate::units::Fraction;

/// What is to be watched, each within the run.
pub(super) fn observe(raw: RawObserve, end: SimTime, document: &Document) -> Result<Observe, InputError> {
    let reachability =
        |raw: Option<RawReachability>, key: &str| raw.map(|raw| reachability(&raw, key, document)).transpose();
    if let Some(RawLoad { keys }) = raw.load
        && !(1..=KEY_LIMIT).contains(&keys)
    {
        let message = format!("expected between 1 and {KEY_LIMIT} keys, found {keys}");
        return Err(document.error_at("observe.load.keys", message).labelled("out of range"));
    }
    let mut snapshots = Vec::new();
    for (index, at) in raw.snapshots.iter().enumerate() {
        let at = SimTime::ZERO + at.get();
        if at >= end {
            let message = format!("there is nothing to see at {}, when the run has ended", since_start(at));
            return Err(document
                .error_at(&format!("observe.snapshots.{index}"), message)
                .labelled(BEFORE_END));
        }
        snapshots.push(at);
    }
    snapshots.sort();
    snapshots.dedup();
    Ok(Observe {
        ring_invariants: raw.ring_invariants,
        rings: rings(raw.rings, document)?,
        tables: routing_tables(raw.tables, document)?,
        reachability: reachability(raw.reachability, "observe.reachability")?,
        convergence: reachability(raw.convergence, "observe.convergence")?,
        loops: raw.loops,
        snapshot_bits: snapshot_bits(raw.snapshot_bits, document)?,
        snapshots,
        load: raw.load.map(|load| load.keys),
        node_load: raw.node_load,
    })
}

/// How often paths are followed, as the table at this key says it.
fn reachability(raw: &RawReachability, key: &str, document: &Document) -> Result<Reachability, InputError> {
    let complain = |inner: &str, message: &str| document.error_at(&format!("{key}.{inner}"), message);
    if raw.every.get() == SimDuration::ZERO {
        return Err(complain("every", "paths cannot be followed all the time").labelled("must be longer than 0s"));
    }
    if raw.destinations == Some(0) {
        let error = complain("destinations", "expected at least 1, found 0");
        return Err(error.labelled("leave it out to follow the paths to all nodes"));
    }
    if raw.stop_at.is_some_and(|part| part.get() == 0.0) {
        return Err(complain("stop_at", "the run would end with the first count").labelled("must be larger than 0"));
    }
    Ok(Reachability {
        every: raw.every.get(),
        destinations: raw.destinations,
        stop_at: raw.stop_at.map(Fraction::get),
    })
}

/// The bits by which snapshots tell areas apart: no more than a picture can show.
fn snapshot_bits(raw: Option<u32>, document: &Document) -> Result<Option<u32>, InputError> {
    match raw {
        None | Some(0..=8) => Ok(raw),
        Some(bits) => {
            let message = format!("expected at most 8 bits, found {bits}: a picture has only so many colours");
            Err(document.error_at("observe.snapshot_bits", message).labelled("too many"))
        }
    }
}

//! Nearby nodes first in a virtual network (Fujita et al. 2005, section II-E): choosing among neighbours works as it is, while choosing
//! neighbours takes measurements of the base network, or tunnels to all who might become one.

mod xbone_ring;

use protocols::chord::{self, LookupStyle};
use protocols::kbr::Upcall;
use protocols::layer::Part;
use protocols::pastry;
use protocols::xbone::{ContactInfo, Driver, Event, XBone};
use sim_core::network::Network;
use sim_core::time::{SimDuration, SimTime};
use xbone_ring::{Act, Inner, InnerPastry, Overlay, Run, secs};

const PLACES: u32 = 150;
/// When all have come and their tables are at rest.
const GROWN: f64 = 300.0;
const ASKED: u32 = 1500;

/// Nodes that join one after another, and are then asked for keys.
fn grown(seed: u64) -> Run {
    let mut run = Run::new(PLACES, seed);
    run.pastry.b = 2;
    let every = GROWN / 2.0 / f64::from(PLACES);
    run.acts
        .extend((0..PLACES).map(|node| (secs(every * f64::from(node)), Act::Arrive)));
    let at = |ask: u32| secs(GROWN + 0.1 * f64::from(ask));
    run.acts.extend((0..ASKED).map(|ask| (at(ask), Act::Ask)));
    run
}

/// What has come of a run: the mean time of a message to a key's owner, in ms, how far away those in the tables are, and how often an
/// end has asked for a tunnel.
#[derive(Clone, Copy, Default, Debug)]
struct Outcome {
    delay: f64,
    distance: f64,
    set_up: usize,
}

fn outcome<C: Overlay<ContactInfo> + Driver>(run: &Run) -> Outcome {
    let mut simulation = run.driven_by::<C, ()>(run.network(), ());
    let end = SimTime::ZERO + secs(GROWN + 0.1 * f64::from(ASKED) + 10.0);
    simulation.run_until(end).expect("nobody watches");
    let asked = |operation: u64| SimTime::ZERO + secs(GROWN + 0.1 * operation as f64);
    let millis = |span: SimDuration| span.as_secs_f64() * 1e3;
    let (mut delays, mut set_up) = (Vec::new(), 0);
    for (time, _, event) in &simulation.world().events {
        match event {
            Part::Own(Event::Stands { after: Some(_), .. }) => set_up += 1,
            Part::Own(_) => {}
            Part::Below(event) => {
                if let Ok(Upcall::Deliver(message)) = C::upcall(event.clone()) {
                    delays.push(millis(time.since(asked(message.operation.0))));
                }
            }
        }
    }
    assert!(delays.len() as u32 > ASKED * 99 / 100, "{} arrived", delays.len());
    let network = run.network();
    let mut distances = Vec::new();
    for &addr in simulation.world().up.keys() {
        let overlay = simulation.node(addr).and_then(XBone::overlay).expect("a member");
        let listed = overlay.listed().map(XBone::<C>::base_addr);
        distances.extend(listed.map(|peer| millis(network.direct_delay(addr, peer))));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Outcome {
        delay: mean(&delays),
        distance: mean(&distances),
        set_up,
    }
}

#[test]
fn choosing_neighbours_takes_measurements_of_the_base_network() {
    let of = |proximity, measures_base| {
        let outcomes = [1, 2, 3].map(|seed| {
            let mut run = grown(seed);
            run.pastry.proximity = proximity;
            run.xbone.measures_base = measures_base;
            outcome::<InnerPastry>(&run)
        });
        let mean = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / outcomes.len() as f64;
        [mean(|o| o.delay), mean(|o| o.distance), mean(|o| o.set_up as f64)]
    };
    let none = of(None, false);
    let over_tunnels = of(Some(pastry::Proximity::Oracle), false);
    let measured = of(Some(pastry::Proximity::Oracle), true);
    let probed = of(Some(pastry::Proximity::Probe), true);
    let [_, arbitrary, _] = none;
    let [_, over_tunnels, _] = over_tunnels;
    let ([delay, measured, tunnels], [_, by_probes, probed]) = (measured, probed);
    // Whoever has said something has a tunnel and can be measured, so that tables become better than arbitrary ones; of those that a
    // node only hears of it takes the nearer ones where it knows how far away they are.
    assert!(over_tunnels < 0.95 * arbitrary, "{over_tunnels} ms of {arbitrary}");
    assert!(measured < 0.8 * over_tunnels, "{measured} ms of {over_tunnels}");
    let [without, _, _] = none;
    assert!(delay < 0.8 * without, "messages take {delay} ms of {without}");
    // A probe finds the same, through a tunnel to each candidate.
    assert!(
        (by_probes / measured - 1.0).abs() < 0.05,
        "{by_probes} ms and {measured}"
    );
    assert!(probed > 3.0 * tunnels, "{probed} tunnels for {tunnels}");
}

#[test]
fn choosing_among_neighbours_works_as_it_is() {
    let of = |samples| {
        let delays = [1, 2, 3].map(|seed| {
            let mut run = grown(seed);
            run.chord.lookup = LookupStyle::Recursive;
            run.chord.proximity = Some(chord::Proximity {
                samples,
                choice: chord::Choice::Alternates,
                successors: true,
                delays: chord::Delays::Oracle,
            });
            outcome::<Inner>(&run).delay
        });
        delays.iter().sum::<f64>() / delays.len() as f64
    };
    let (without, with) = (of(1), of(4));
    assert!(with < 0.95 * without, "{with} ms of {without}");
}

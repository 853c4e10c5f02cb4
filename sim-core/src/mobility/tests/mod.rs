//! What all the tests of movements and links share: paths written down, and links found by looking at every pair.

mod laws;
mod links;

use super::*;
use crate::link_layer::{Change, LinkSource};

/// So many seconds after the start.
fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

fn streams(seed: u64) -> StreamKey {
    StreamKey::root(seed, 0).purpose("mobility")
}

/// A path up to a time, for looking at as often as one likes.
#[derive(Clone, PartialEq, Debug)]
struct Written(Vec<Leg>);

impl Written {
    /// Also sees to it that the legs make a path.
    fn down(movement: &mut dyn Movement, until: SimTime) -> Self {
        let mut legs = vec![movement.next_leg()];
        assert_eq!(legs[0].start, SimTime::ZERO);
        while let Some(last) = legs.last().copied()
            && last.end <= until
        {
            let next = movement.next_leg();
            assert!(next.start == last.end && next.from == last.to, "{last:?} {next:?}");
            assert!(next.end >= next.start, "{next:?}");
            legs.push(next);
        }
        Written(legs)
    }

    fn all(model: &dyn Model, nodes: u32, streams: StreamKey, until: SimTime) -> Vec<Self> {
        let mut movements = model.movements(nodes, streams);
        movements
            .iter_mut()
            .map(|path| Written::down(&mut **path, until))
            .collect()
    }

    fn leg(&self, time: SimTime) -> &Leg {
        &self.0[self.0.partition_point(|leg| leg.end <= time)]
    }

    fn place(&self, time: SimTime) -> Place {
        self.leg(time).place(time)
    }

    /// In metres a second.
    fn speed(&self, time: SimTime) -> f64 {
        let leg = self.leg(time);
        leg.from.squared_distance(leg.to).sqrt() / leg.end.since(leg.start).as_secs_f64()
    }
}

/// All changes up to a time.
fn changes(source: &mut dyn LinkSource, until: SimTime) -> Vec<Change> {
    let (mut changes, mut reached) = (Vec::new(), SimTime::ZERO);
    while reached <= until {
        let begin = changes.len();
        let end = source.next_stretch(&mut changes);
        assert!(end > reached);
        let told: &[Change] = &changes[begin..];
        assert!(told.is_sorted() && told.iter().all(|change| reached <= change.time && change.time < end));
        reached = end;
    }
    changes.retain(|change| change.time <= until);
    changes
}

/// The mean of values and its standard error.
fn mean_and_error(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.into_iter().collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

const AREA: Area = Area {
    width: 1000.0,
    height: 600.0,
};
const SPEED: Speeds = Speeds {
    minimum: 1.0,
    maximum: 20.0,
};

fn waypoint() -> RandomWaypoint {
    RandomWaypoint {
        area: AREA,
        speed: SPEED,
        minimum_pause: SimDuration::ZERO,
        maximum_pause: SimDuration::from_secs(10),
        start: WaypointStart::Steady,
    }
}

fn walk(step: Step) -> RandomWalk {
    RandomWalk {
        area: AREA,
        speed: SPEED,
        step,
    }
}

fn gauss_markov() -> GaussMarkov {
    GaussMarkov {
        area: AREA,
        mean_speed: 10.0,
        speed_deviation: 3.0,
        direction_deviation: 0.5,
        memory: 0.75,
        interval: SimDuration::from_millis(1300),
        margin: 50.0,
    }
}

fn manhattan() -> Manhattan {
    Manhattan {
        area: AREA,
        columns: 5,
        rows: 4,
        speed: SPEED,
    }
}

fn group() -> ReferencePointGroup {
    ReferencePointGroup {
        centre: waypoint(),
        groups: 4,
        spread: 100.0,
        radius: 60.0,
        interval: SimDuration::from_secs(7),
    }
}

/// All models in which nodes move, but random waypoint.
fn others() -> Vec<(&'static str, Box<dyn Model>)> {
    vec![
        ("walk by time", Box::new(walk(Step::Time(SimDuration::from_secs(20))))),
        ("walk by distance", Box::new(walk(Step::Distance(200.0)))),
        ("Gauss-Markov", Box::new(gauss_markov())),
        ("Manhattan", Box::new(manhattan())),
        ("groups", Box::new(group())),
    ]
}

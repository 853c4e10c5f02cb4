//! Links against looking at every pair at every time.

use std::collections::BTreeSet;

use super::*;

/// Holds all changes of a link to the places of its nodes: each is at the first nanosecond at which they are, or are not, in
/// range; and at every time looked at, those are up that are in range. A distance that is the range but for rounding counts as
/// either; in a nanosecond distances change by far more.
fn assert_exact(what: &str, paths: &[Written], movements: Vec<Box<dyn Movement>>, range: f64, seconds: u32) {
    let is = |near: bool, a: usize, b: usize, time| {
        let beyond = paths[a].place(time).squared_distance(paths[b].place(time)) - range * range;
        near == (beyond <= 0.0) || beyond.abs() < 1e-9
    };
    let mut moving = Moving::new(movements, range).unwrap();
    let all = changes(&mut moving, at(f64::from(seconds)));
    let (mut up, mut next) = (BTreeSet::new(), 0);
    for look in 0..=seconds * 20 {
        let now = at(f64::from(look) / 20.0);
        while next < all.len() && all[next].time <= now {
            let Change {
                time,
                between,
                up: comes,
            } = all[next];
            let (a, b) = (between.0.index(), between.1.index());
            assert!(is(comes, a, b, time), "{what}: {:?}", all[next]);
            if time > SimTime::ZERO {
                let before = SimTime::from_nanos(time.as_nanos() - 1);
                assert!(is(!comes, a, b, before), "{what}: {:?}", all[next]);
            }
            let changed = if comes { up.insert((a, b)) } else { up.remove(&(a, b)) };
            assert!(changed, "{what}: told twice in a row: {:?}", all[next]);
            next += 1;
        }
        for a in 0..paths.len() {
            for b in a + 1..paths.len() {
                assert!(is(up.contains(&(a, b)), a, b, now), "{what}: {a} and {b} at {now}");
            }
        }
    }
    assert!(all.iter().any(|change| !change.up), "{what}: nothing moved");
}

fn assert_exact_for(what: &str, model: &dyn Model, range: f64, seconds: u32) {
    for seed in 1..4 {
        let paths = Written::all(model, 40, streams(seed), at(f64::from(seconds)));
        let what = format!("{what}, seed {seed}");
        assert_exact(&what, &paths, model.movements(40, streams(seed)), range, seconds);
    }
}

#[test]
fn random_waypoint() {
    assert_exact_for("few", &waypoint(), 60.0, 60);
    assert_exact_for("all", &waypoint(), 700.0, 60);
    let naive = RandomWaypoint {
        start: WaypointStart::Naive,
        ..waypoint()
    };
    assert_exact_for("naive", &naive, 150.0, 60);
}

#[test]
fn all_other_models() {
    for (name, model) in others() {
        assert_exact_for(name, &*model, 100.0, 60);
    }
}

/// The links that stand at a time, and how often one came or went before it.
fn standing(all: &[Change], time: SimTime) -> BTreeSet<(NodeAddr, NodeAddr)> {
    let mut up = BTreeSet::new();
    for change in all.iter().filter(|change| change.time <= time) {
        match change.up {
            true => up.insert(change.between),
            false => up.remove(&change.between),
        };
    }
    up
}

#[test]
fn who_looks_now_and_then_sees_at_each_look_what_stands() {
    for seed in 1..4 {
        let movements = || waypoint().movements(60, streams(seed));
        let (interval, end) = (SimDuration::from_millis(2500), at(60.0));
        let exact = changes(&mut Moving::new(movements(), 120.0).unwrap(), end);
        let seen = changes(&mut Scanned::new(movements(), 120.0, interval).unwrap(), end);
        assert!(
            seen.iter()
                .all(|change| change.time.as_nanos() % interval.as_nanos() == 0)
        );
        assert!(seen.len() < exact.len(), "contacts between looks are missed");
        for look in 0..24 {
            let time = SimTime::ZERO + interval * look;
            assert_eq!(standing(&seen, time), standing(&exact, time), "seed {seed}, {time}");
        }
    }
    let stands = || vec![scripted((0.0, 0.0), &[]), scripted((1.0, 0.0), &[])];
    let mut all = Vec::new();
    let mut scanned = Scanned::new(stands(), 1.0, SimDuration::from_secs(1)).unwrap();
    assert_eq!((scanned.next_stretch(&mut all), all.len()), (SimTime::MAX, 1));
    assert!(Scanned::new(stands(), 1.0, SimDuration::ZERO).is_err());
}

#[test]
fn links_are_the_same_every_time_and_others_with_another_seed() {
    let all = |seed| {
        let mut moving = Moving::new(waypoint().movements(100, streams(seed)), 80.0).unwrap();
        changes(&mut moving, at(30.0))
    };
    assert_eq!(all(1), all(1));
    assert_ne!(all(1), all(2));
}

/// Legs without rhyme or reason: some fast, some slow, stays, gaps and jumps, meeting at whole seconds.
fn wild(seed: u64, node: u32) -> Scripted {
    let mut rng = streams(seed).index(node.into()).rng();
    let mut draw = |most: f64| (unit(&mut rng) * most).floor();
    let (mut legs, mut place, mut now) = (
        Vec::new(),
        Place {
            x: draw(40.0),
            y: draw(40.0),
        },
        0.0,
    );
    let first = place;
    for _ in 0..40 {
        let kind = draw(5.0);
        let (from, start) = (place, now);
        if kind < 3.0 {
            place = Place {
                x: draw(40.0),
                y: draw(40.0),
            };
        }
        now += if kind == 2.0 { 0.0 } else { draw(4.0) };
        legs.push(Leg {
            from: if kind == 1.0 { place } else { from },
            start: at(start),
            to: place,
            end: at(now),
        });
        now += if kind == 4.0 { draw(3.0) } else { 0.0 };
    }
    Scripted::new(first, legs).unwrap()
}

#[test]
fn traces_with_jumps() {
    for seed in 1..6 {
        let scripts = (0..25).map(|node| wild(seed, node));
        let boxed = |script: Scripted| -> Box<dyn Movement> { Box::new(script) };
        let paths: Vec<Written> = scripts
            .clone()
            .map(|mut script| Written::down(&mut script, at(60.0)))
            .collect();
        assert_exact(
            &format!("wild, seed {seed}"),
            &paths,
            scripts.map(boxed).collect(),
            10.0,
            60,
        );
    }
}

/// From where and when, and to where until when, in metres and seconds.
type Plain = ((f64, f64), f64, (f64, f64), f64);

fn scripted(first: (f64, f64), legs: &[Plain]) -> Box<dyn Movement> {
    let place = |(x, y)| Place { x, y };
    let legs = legs.iter().map(|&(from, start, to, end)| Leg {
        from: place(from),
        start: at(start),
        to: place(to),
        end: at(end),
    });
    Box::new(Scripted::new(place(first), legs.collect()).unwrap())
}

fn told(movements: Vec<Box<dyn Movement>>, range: f64) -> Vec<(f64, bool)> {
    let all = changes(&mut Moving::new(movements, range).unwrap(), at(1000.0));
    all.iter()
        .map(|change| (change.time.as_secs_f64(), change.up))
        .collect()
}

#[test]
fn a_node_that_drives_past_another_is_linked_while_it_is_in_range() {
    let stands = || scripted((50.0, 3.0), &[]);
    let passes = |y| scripted((0.0, y), &[((0.0, y), 10.0, (100.0, y), 20.0)]);
    // In range of 5 m over 4 m each way, the ends included, at 10 m/s.
    assert_eq!(
        told(vec![stands(), passes(0.0)], 5.0),
        [(14.6, true), (15.400000001, false)]
    );
    // One that touches the range at a point counts, one that does not is none.
    let touches = told(vec![stands(), passes(-2.0)], 5.0);
    assert!(
        matches!(touches[..], [(up, true), (down, false)] if 15.0 - 1e-6 < up && down < 15.0 + 1e-6),
        "{touches:?}"
    );
    assert_eq!(told(vec![stands(), passes(-2.000_001)], 5.0), []);
}

#[test]
fn who_stands_at_the_border_of_the_range_is_in_range() {
    let at_rest = |x| scripted((x, 0.0), &[]);
    assert_eq!(told(vec![at_rest(0.0), at_rest(250.0)], 250.0), [(0.0, true)]);
    assert_eq!(told(vec![at_rest(0.0), at_rest(250.0_f64.next_up())], 250.0), []);
}

#[test]
fn a_jump_away_and_back_at_once_is_no_change() {
    let jump = |to, time| ((to, 0.0), time, (to, 0.0), time);
    let away_and_back = scripted((1.0, 0.0), &[jump(500.0, 5.0), jump(2.0, 5.0), jump(900.0, 7.0)]);
    assert_eq!(
        told(vec![scripted((0.0, 0.0), &[]), away_and_back], 10.0),
        [(0.0, true), (7.0, false)]
    );
}

#[test]
fn where_all_stand_everything_is_told_at_once() {
    let movements = (0..100).map(|node| scripted((f64::from(node % 10), f64::from(node / 10)), &[]));
    let mut moving = Moving::new(movements.collect(), 1.0).unwrap();
    let mut changes = Vec::new();
    assert_eq!(moving.next_stretch(&mut changes), SimTime::MAX);
    assert_eq!(changes.len(), 2 * 90);
    assert!(changes.iter().all(|change| change.up && change.time == SimTime::ZERO));
    assert_eq!(moving.place(NodeAddr(57), at(1e6)), Some(Place { x: 7.0, y: 5.0 }));
    assert_eq!(moving.place(NodeAddr(100), SimTime::ZERO), None);
}

#[test]
fn after_the_last_leg_of_all_nothing_changes_any_more() {
    let walks = scripted((0.0, 0.0), &[((0.0, 0.0), 100.0, (100.0, 0.0), 200.0)]);
    let mut moving = Moving::new(vec![walks, scripted((90.0, 0.0), &[])], 20.0).unwrap();
    let mut changes = Vec::new();
    let mut stretches = 1;
    while moving.next_stretch(&mut changes) < SimTime::MAX {
        stretches += 1;
    }
    assert!(stretches < 100, "{stretches}");
    assert_eq!(changes.len(), 1);
}

#[test]
fn a_range_of_nothing_is_an_error_and_no_node_no_link() {
    for range in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            Moving::new(Vec::new(), range),
            Err(MobilityError::NotPositive { .. })
        ));
    }
    assert_eq!(told(Vec::new(), 1.0), []);
}

/// Somebody fast makes stretches of time short, and somebody far away makes cells large: the others notice nothing.
#[test]
fn links_of_some_do_not_depend_on_who_else_there_is() {
    let all = |others: Vec<Box<dyn Movement>>| {
        let mut movements = waypoint().movements(50, streams(1));
        movements.extend(others);
        changes(&mut Moving::new(movements, 80.0).unwrap(), at(60.0))
    };
    let flies = scripted((1e5, 0.0), &[((1e5, 0.0), 10.0, (2e5, 0.0), 40.0)]);
    let jumps = scripted((-1e6, 0.0), &[((1e6, 1e6), 20.0, (1e6, 1e6), 21.0)]);
    assert_eq!(all(Vec::new()), all(vec![flies, jumps]));
}

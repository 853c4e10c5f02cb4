//! What each model promises of its paths.

use super::*;

/// So many nodes that chance is small.
const NODES: u32 = 4000;

/// Holds the mean of values that are independent of each other to what it should be, to within five standard errors.
fn assert_mean(what: &str, values: impl IntoIterator<Item = f64>, expected: f64) {
    let (mean, error) = mean_and_error(values);
    assert!(
        (mean - expected).abs() <= 5.0 * error + 1e-9,
        "{what}: {mean} +- {error}, not {expected}"
    );
}

fn share(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Whether a place lies in the middle quarter of the area.
fn in_middle(place: Place) -> bool {
    (0.25..0.75).contains(&(place.x / AREA.width)) && (0.25..0.75).contains(&(place.y / AREA.height))
}

#[test]
fn the_mean_distance_of_two_places_is_that_of_the_literature() {
    let mean = |width, height| Area { width, height }.mean_distance();
    assert!((mean(1.0, 1.0) - 0.521_405_433_164_720_7).abs() < 1e-12);
    // In an area without breadth, a third of its length.
    assert!((mean(1.0, 1e-4) - 1.0 / 3.0).abs() < 1e-6);
    assert_eq!(mean(3.0, 2.0), mean(2.0, 3.0));
}

/// The mean speed of nodes, and their share in the middle, do not drift, but for who starts naively.
#[test]
fn random_waypoint_is_steady_from_the_start() {
    let model = waypoint();
    let middle =
        |paths: &[Written], time| -> Vec<f64> { paths.iter().map(|path| share(in_middle(path.place(time)))).collect() };
    let speed = |paths: &[Written], time| -> Vec<f64> { paths.iter().map(|path| path.speed(time)).collect() };
    for seed in 1..6 {
        let paths = Written::all(&model, NODES, streams(seed), at(1000.0));
        for seconds in [0.0, 1.0, 30.0, 200.0, 1000.0] {
            let time = at(seconds);
            let what = format!("seed {seed}, {time}");
            assert_mean(&format!("{what}: speed"), speed(&paths, time), model.mean_speed());
            let pauses = paths.iter().map(|path| share(path.speed(time) == 0.0));
            assert_mean(&format!("{what}: pausing"), pauses, model.pausing());
            // Against what the same node does later on, on average over a long time.
            let drift = |path: &Written| {
                let later = (0..50).map(|step| share(in_middle(path.place(at(500.0 + 10.0 * f64::from(step))))));
                share(in_middle(path.place(time))) - later.sum::<f64>() / 50.0
            };
            assert_mean(&format!("{what}: middle"), paths.iter().map(drift), 0.0);
        }
        let naive = RandomWaypoint {
            start: WaypointStart::Naive,
            ..model
        };
        let paths = Written::all(&naive, NODES, streams(seed), at(1000.0));
        let ((first, first_error), (last, last_error)) = (
            mean_and_error(speed(&paths, SimTime::ZERO)),
            mean_and_error(speed(&paths, at(1000.0))),
        );
        assert!(
            first - last > 5.0 * (first_error + last_error),
            "seed {seed}: {first} then {last}"
        );
        assert!(
            (last - model.mean_speed()).abs() < 5.0 * last_error,
            "seed {seed}: {last}"
        );
        let (even, dense) = (middle(&paths, SimTime::ZERO), middle(&paths, at(1000.0)));
        assert_mean("naive places are even", even, 0.25);
        assert!(mean_and_error(dense).0 > 0.3, "seed {seed}");
    }
}

/// Bettstetter, Resta and Santi 2003: without pauses, on the unit line each coordinate has a density of about `6 x (1 - x)`,
/// and exactly that in one dimension, of which a quarter at the border has 5/32 and the middle half 11/16.
#[test]
fn random_waypoint_on_a_line_has_the_density_of_the_literature() {
    let line = RandomWaypoint {
        area: Area {
            width: 1000.0,
            height: 1e-6,
        },
        minimum_pause: SimDuration::ZERO,
        maximum_pause: SimDuration::ZERO,
        ..waypoint()
    };
    for seed in 1..6 {
        let paths = Written::all(&line, NODES, streams(seed), at(100.0));
        for seconds in [0.0, 100.0] {
            let places = paths.iter().map(|path| path.place(at(seconds)).x);
            assert_mean(
                "middle",
                places.map(|x| share((250.0..750.0).contains(&x))),
                11.0 / 16.0,
            );
        }
    }
}

#[test]
fn what_is_left_of_a_pause_has_the_mean_of_the_theory() {
    let pauses = |minimum, maximum| RandomWaypoint {
        minimum_pause: SimDuration::from_secs(minimum),
        maximum_pause: SimDuration::from_secs(maximum),
        ..waypoint()
    };
    for (minimum, maximum) in [(0, 10), (10, 30), (20, 20)] {
        let model = pauses(minimum, maximum);
        let paths = Written::all(&model, 4 * NODES, streams(1), SimTime::ZERO);
        let left = paths.iter().map(|path| path.0[0]).filter(|leg| leg.from == leg.to);
        // E[X^2] / (2 E[X]).
        let (low, high) = (minimum as f64, maximum as f64);
        let expected = (low * low + low * high + high * high) / 3.0 / (low + high);
        assert_mean("residual", left.map(|leg| leg.end.as_secs_f64()), expected);
    }
}

/// Nodes are as likely everywhere: their means, their spread and their share in the middle.
fn assert_even(what: &str, paths: &[Written], time: SimTime) {
    let places = || paths.iter().map(|path| path.place(time));
    assert_mean(&format!("{what}: x"), places().map(|place| place.x), AREA.width / 2.0);
    assert_mean(&format!("{what}: y"), places().map(|place| place.y), AREA.height / 2.0);
    assert_mean(
        &format!("{what}: middle"),
        places().map(|place| share(in_middle(place))),
        0.25,
    );
    let by_the_wall = |place: Place| share(place.x < 20.0 || place.x > AREA.width - 20.0);
    assert_mean(&format!("{what}: wall"), places().map(by_the_wall), 40.0 / AREA.width);
}

#[test]
fn a_walk_is_reflected_stays_inside_and_is_even_and_as_fast_at_all_times() {
    let steps = [
        (Step::Time(SimDuration::from_secs(20)), 10.5),
        // By time, speeds chosen for a distance have the density 1/v.
        (Step::Distance(200.0), 19.0 / math::ln(20.0)),
    ];
    for ((step, mean_speed), seed) in steps.into_iter().flat_map(|step| (1..4).map(move |seed| (step, seed))) {
        let paths = Written::all(&walk(step), NODES, streams(seed), at(300.0));
        assert!(paths.iter().flat_map(|path| &path.0).all(|leg| AREA.contains(leg.to)));
        for seconds in [0.0, 15.0, 300.0] {
            let what = format!("{step:?}, seed {seed}, {seconds} s");
            assert_even(&what, &paths, at(seconds));
            let velocity = |path: &Written| path.speed(at(seconds));
            assert_mean(&format!("{what}: speed"), paths.iter().map(velocity), mean_speed);
        }
    }
}

#[test]
fn gauss_markov_keeps_mean_deviation_and_memory_of_its_speeds() {
    let model = GaussMarkov {
        // So large that hardly anybody is reflected, which cuts a leg in two.
        area: Area {
            width: 1e5,
            height: 1e5,
        },
        ..gauss_markov()
    };
    for seed in 1..4 {
        let paths = Written::all(&model, NODES, streams(seed), at(100.0));
        // Backwards at one standard deviation in 2300: the speed of a leg is the same but for its sign.
        for seconds in [0.0, 50.0, 100.0] {
            let what = format!("seed {seed}, {seconds} s");
            let speeds = || paths.iter().map(|path| path.speed(at(seconds)));
            assert_mean(&what, speeds(), 10.0);
            assert_mean(&what, speeds().map(|speed| (speed - 10.0) * (speed - 10.0)), 9.0);
            let later = || {
                paths
                    .iter()
                    .map(|path| path.speed(at(seconds) + model.interval * 2) - 10.0)
            };
            if seconds < 90.0 {
                let products = speeds().zip(later()).map(|(one, other)| (one - 10.0) * other);
                assert_mean(&what, products, 9.0 * 0.75 * 0.75);
            }
        }
    }
}

#[test]
fn gauss_markov_turns_away_from_the_border() {
    let paths = Written::all(&gauss_markov(), NODES, streams(1), at(300.0));
    assert!(paths.iter().flat_map(|path| &path.0).all(|leg| AREA.contains(leg.to)));
    let close = |place: Place| {
        let inside = (50.0..=AREA.width - 50.0).contains(&place.x) && (50.0..=AREA.height - 50.0).contains(&place.y);
        share(!inside)
    };
    let (mean, _) = mean_and_error(paths.iter().map(|path| close(path.place(at(300.0)))));
    // Were they as likely everywhere, a quarter of them would be so close to it.
    assert!(mean > 0.02 && mean < 0.22, "{mean}");
}

#[test]
fn without_memory_gauss_markov_forgets_and_with_all_of_it_nothing_changes() {
    let paths = |memory| {
        let area = Area {
            width: 1e6,
            height: 1e6,
        };
        let model = GaussMarkov {
            memory,
            area,
            ..gauss_markov()
        };
        Written::all(&model, NODES, streams(1), at(20.0))
    };
    let products = |memory| -> Vec<f64> {
        let both = |path: &Written| (path.speed(at(0.0)) - 10.0) * (path.speed(at(20.0)) - 10.0);
        paths(memory).iter().map(both).collect()
    };
    assert_mean("no memory", products(0.0), 0.0);
    assert_mean("all memory", products(1.0), 9.0);
}

#[test]
fn in_manhattan_nodes_stay_on_streets_that_are_all_alike_and_turn_half_the_time() {
    let model = manhattan();
    let on_street = |place: Place| {
        let on = |coordinate: f64, length: f64, blocks: f64| {
            let street = coordinate / length * blocks;
            (street - street.round()).abs() < 1e-9
        };
        on(place.x, AREA.width, 5.0) || on(place.y, AREA.height, 4.0)
    };
    for seed in 1..4 {
        let paths = Written::all(&model, NODES, streams(seed), at(200.0));
        for seconds in [0.0, 10.0, 200.0] {
            let what = format!("seed {seed}, {seconds} s");
            let places = || paths.iter().map(|path| path.place(at(seconds)));
            assert!(places().all(|place| on_street(place) && AREA.contains(place)), "{what}");
            // 5 streets of 1000 m, 6 of 600 m.
            let on_border = |place: Place| share(place.y < 1e-6 || place.y > AREA.height - 1e-6);
            assert_mean(&what, places().map(on_border), 2000.0 / 8600.0);
            let crosswise = |path: &Written| {
                let leg = path.leg(at(seconds));
                share((leg.to.x - leg.from.x).abs() < 1e-6)
            };
            assert_mean(&what, paths.iter().map(crosswise), 3600.0 / 8600.0);
            let speeds = paths.iter().map(|path| path.speed(at(seconds)));
            assert_mean(&what, speeds, 19.0 / math::ln(20.0));
        }
        let inner = |place: Place| place.x > 1.0 && place.x < 999.0 && place.y > 1.0 && place.y < 599.0;
        let turned = paths
            .iter()
            .flat_map(|path| path.0[1..].windows(2))
            .filter(|legs| inner(legs[0].to));
        let mut ahead = Vec::new();
        for legs in turned {
            let way = |leg: &Leg| [leg.to.x - leg.from.x, leg.to.y - leg.from.y];
            let ([x, y], [u, v]) = (way(&legs[0]), way(&legs[1]));
            assert!(x * u + y * v > -1e-3, "nobody turns round: {legs:?}");
            ahead.push(share(x * u + y * v > 1e-3));
        }
        assert_mean("ahead", ahead, 0.5);
    }
}

#[test]
fn members_stay_with_their_group_and_inside() {
    let model = group();
    let paths = Written::all(&model, 400, streams(1), at(200.0));
    assert!(paths.iter().flat_map(|path| &path.0).all(|leg| {
        let inside = |coordinate: f64, length: f64| (-1e-6..=length + 1e-6).contains(&coordinate);
        inside(leg.to.x, AREA.width) && inside(leg.to.y, AREA.height)
    }));
    for look in 0..200 {
        let time = at(f64::from(look));
        for group in 0..4 {
            let places = || paths.iter().skip(group).step_by(4).map(|path| path.place(time));
            let (x, y) = (
                mean_and_error(places().map(|place| place.x)).0,
                mean_and_error(places().map(|place| place.y)).0,
            );
            let centre = Place { x, y };
            // Of a hundred members, the mean is within some metres of the centre.
            let farthest = places()
                .map(|place| place.squared_distance(centre))
                .fold(0.0, f64::max)
                .sqrt();
            assert!(farthest < 160.0 + 25.0, "group {group}, {time}: {farthest}");
        }
    }
    // The mean square of the distance to the centre: half the square of the spread, and, of a deviation whose length is uniform,
    // a third of the square of the radius when it is drawn, two thirds of that on average over the ways from one to the next.
    let lone = ReferencePointGroup {
        centre: RandomWaypoint {
            area: Area {
                width: 320.000_001,
                height: 320.000_001,
            },
            ..model.centre
        },
        ..model
    };
    let paths = Written::all(&lone, NODES, streams(2), at(50.0));
    for seconds in [0.0, 3.0, 50.0] {
        let squares = paths.iter().map(|path| path.place(at(seconds)));
        let centre = Place { x: 160.0, y: 160.0 };
        let expected = 100.0 * 100.0 / 2.0 + 60.0 * 60.0 / 3.0 * 2.0 / 3.0;
        assert_mean("squares", squares.map(|place| place.squared_distance(centre)), expected);
    }
}

#[test]
fn who_stands_stands_where_the_model_says() {
    let place = |model: &Standing, node| {
        let only = model.movement(NodeAddr(node), streams(1)).next_leg();
        assert!(only.from == only.to && only.end == SimTime::MAX);
        only.from
    };
    let even = Written::all(&Standing::Uniform(AREA), NODES, streams(1), SimTime::ZERO);
    assert_even("standing", &even, at(7.0));
    let grid = |jitter| Standing::Grid {
        columns: 3,
        spacing: 10.0,
        jitter,
    };
    assert_eq!(place(&grid(0.0), 5), Place { x: 25.0, y: 15.0 });
    for node in 0..300 {
        let (x, y) = (f64::from(node % 3) * 10.0, f64::from(node / 3) * 10.0);
        let within = |jitter: f64| {
            let (at, most) = (place(&grid(jitter), node), 5.0 * jitter);
            (at.x - x - 5.0).abs() <= most && (at.y - y - 5.0).abs() <= most
        };
        assert!(within(1.0) && within(0.5));
    }
    let given = Standing::Given([Place { x: 1.0, y: 2.0 }, Place { x: 3.0, y: 4.0 }].into());
    assert_eq!(place(&given, 1), Place { x: 3.0, y: 4.0 });
}

#[test]
fn a_path_is_the_same_whoever_else_there_is_and_another_one_for_each_node() {
    let mut models = others();
    models.push(("waypoint", Box::new(waypoint())));
    for (name, model) in models {
        let few = Written::all(&*model, 3, streams(1), at(100.0));
        let many = Written::all(&*model, 30, streams(1), at(100.0));
        assert_eq!(few[..], many[..3], "{name}");
        let alone = Written::down(&mut *model.movement(NodeAddr(2), streams(1)), at(100.0));
        assert_eq!(alone, many[2], "{name}");
        assert!((1..30).all(|node| many[node] != many[0]), "{name}");
        assert_ne!(few[0], Written::all(&*model, 1, streams(2), at(100.0))[0], "{name}");
    }
}

#[test]
fn settings_that_cannot_be_are_told() {
    let zero = Speeds {
        minimum: 0.0,
        maximum: 20.0,
    };
    let naive = RandomWaypoint {
        speed: zero,
        start: WaypointStart::Naive,
        ..waypoint()
    };
    assert_eq!(naive.validate(), Ok(()));
    let steady = RandomWaypoint {
        start: WaypointStart::Steady,
        ..naive
    };
    assert_eq!(steady.validate(), Err(MobilityError::NoSteadyState));
    let text = MobilityError::NoSteadyState.to_string();
    assert!(
        text.contains("decays to zero") && text.contains("minimum above zero"),
        "{text}"
    );
    let slow = |step| RandomWalk {
        speed: zero,
        ..walk(step)
    };
    assert_eq!(slow(Step::Time(SimDuration::from_secs(1))).validate(), Ok(()));
    assert_eq!(slow(Step::Distance(1.0)).validate(), Err(MobilityError::NoSteadyState));
    assert!(walk(Step::Distance(0.0)).validate().is_err());
    let swapped = Speeds {
        minimum: 3.0,
        maximum: 2.0,
    };
    assert!(matches!(
        RandomWaypoint {
            speed: swapped,
            ..waypoint()
        }
        .validate(),
        Err(MobilityError::Range { parameter: "speed", .. })
    ));
    assert!(
        Manhattan {
            columns: 0,
            ..manhattan()
        }
        .validate()
        .is_err()
    );
    assert!(
        Manhattan {
            speed: zero,
            ..manhattan()
        }
        .validate()
        .is_err()
    );
    assert!(
        GaussMarkov {
            memory: 1.5,
            ..gauss_markov()
        }
        .validate()
        .is_err()
    );
    assert!(
        GaussMarkov {
            margin: 300.0,
            ..gauss_markov()
        }
        .validate()
        .is_err()
    );
    assert!(
        ReferencePointGroup {
            radius: 200.0,
            ..group()
        }
        .validate()
        .is_err()
    );
    assert!(ReferencePointGroup { groups: 0, ..group() }.validate().is_err());
    assert_eq!(group().validate(), Ok(()));
    assert!(AREA.contains(Place { x: 1000.0, y: 600.0 }) && !AREA.contains(Place { x: -1.0, y: 0.0 }));
}

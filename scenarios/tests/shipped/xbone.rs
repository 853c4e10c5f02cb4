//! Scenarios on P2P-XBone.

use analysis::Cell;
use scenarios::exit::Exit;

use super::{Run, run};

/// Fujita et al. 2005, Fig. 5 (i), in three runs: tunnels take their time where the period is short.
#[test]
fn xbone_convergence_is_slower_where_the_period_is_short() {
    // The period of the sweep is laid over each of the networks.
    let period = r#"sweep."protocol.xbone.over.chord.stabilize_period"=["1s"]"#;
    let settings = [period, "run.duration=40s"];
    let run = run("xbone-convergence.toml", 3, &settings);
    let t90 = |series: &str| {
        let rows = [("protocol.xbone", Cell::from(series)), ("part", Cell::from(0.9))];
        let times = run.values("convergence", &rows, "time_s");
        assert_eq!(times.len(), 3, "{series}");
        times.iter().sum::<f64>() / 3.0
    };
    let [chord, control, xbone] = ["Chord of i3", "Chord, owner answers", "P2P-XBone"].map(t90);
    assert!(
        xbone > 1.2 * chord && xbone > 1.4 * control,
        "{chord} {control} {xbone}"
    );
    assert!((15.0..=25.0).contains(&xbone), "{xbone}");
}

/// One failure of three and five runs: a static network stays where the failure has left it, P2P-XBone comes back.
#[test]
fn xbone_static_stays_broken_and_p2p_xbone_does_not() {
    let settings = [
        "mass_failure.fraction=0.3",
        "flash_crowd.at=3min",
        "run.duration=4min",
        "workload.lookups.until=220s",
    ];
    let run = run("xbone-static.toml", 5, &settings);
    let paths = |network: &str, time: f64| {
        let rows = [
            ("protocol.xbone.provisioning", Cell::from(network)),
            ("time_s", Cell::from(time)),
        ];
        let values = run.values("reachability", &rows, "working_fraction");
        assert_eq!(values.len(), 5, "{network}");
        values.iter().sum::<f64>() / 5.0
    };
    for network in ["overlay alone", "P2P-XBone", "static X-Bone"] {
        // Four standard errors of five rings around what greedy paths on perfect tables have left.
        let left = paths(network, 60.0);
        assert!((left - 0.396).abs() < 0.075, "{network}: {left}");
    }
    let (whole, broken) = (paths("P2P-XBone", 175.0), paths("static X-Bone", 175.0));
    assert!(whole > 0.94 && broken < 0.5, "{whole} {broken}");
    // Who comes later is never a member of the static network.
    assert!(paths("static X-Bone", 235.0) < 0.6 * broken);
}

/// The median T90 in the rows of `convergence` where these columns have these values.
fn median_t90(run: &Run, columns: &[(&str, Cell)]) -> f64 {
    let rows = [columns, &[("part", Cell::from(0.9))]].concat();
    let mut times = run.values("convergence", &rows, "time_s");
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// One server and four, with a period of 1 s: the one is as slow as its rate, the four are as good as no queue.
#[test]
fn xbone_address_servers_four_are_enough_and_one_is_not() {
    let servers = r#"sweep."protocol.xbone.provisioning.daemons.servers"=[1,4]"#;
    let period = r#"sweep."protocol.xbone.over.chord.stabilize_period"=["1s"]"#;
    let of = |transport: &str| {
        let transport = format!("protocol.xbone.provisioning.daemons={transport}");
        run("xbone-address-servers.toml", 3, &[servers, period, &transport])
    };
    let servers = "protocol.xbone.provisioning.daemons.servers";
    let (udp, none) = (of("UDP"), of("no queue"));
    let t90 = |run, number: u64| median_t90(run, &[(servers, number.into())]);
    let (one, four, unhindered) = (t90(&udp, 1), t90(&udp, 4), t90(&none, 4));
    assert!(one > 1500.0 / 67.0 && one > 2.0 * unhindered, "{one} {unhindered}");
    assert!(four < 1.15 * unhindered, "{four} {unhindered}");
    // The runs end with T90, and so does what servers have done.
    let served = udp.table("address_servers").numbers("transactions_per_s").unwrap();
    assert!(served.iter().flatten().all(|rate| *rate <= 67.1), "{served:?}");
}

/// Half of the period is no hindrance, twice the period is.
#[test]
fn xbone_setup_delay_matters_where_it_is_longer_than_the_period() {
    let delays = r#"sweep."protocol.xbone.provisioning.idle.delay"=["0s","500ms","2s"]"#;
    let period = r#"sweep."protocol.xbone.over.chord.stabilize_period"=["1s"]"#;
    let run = run("xbone-setup-delay.toml", 3, &[delays, period]);
    let t90 = |end: &str, delay: &str| {
        let columns = [
            ("protocol.xbone.over.chord.lookup_end", end.into()),
            ("protocol.xbone.provisioning.idle.delay", delay.into()),
        ];
        median_t90(&run, &columns)
    };
    let chord = t90("predecessor", "0s");
    let (half, twice) = (t90("owner", "500ms"), t90("owner", "2s"));
    assert!(half <= 1.1 * chord && twice >= 1.2 * chord, "{chord} {half} {twice}");
}

/// Twice the nodes of the paper: as fast as Chord with a period of 5 s, unless they wait for one server.
#[test]
fn xbone_sizes_one_server_is_too_slow_for_two_hundred_nodes() {
    let sizes = r#"sweep."nodes.count"=[200]"#;
    let period = r#"sweep."protocol.xbone.over.chord.stabilize_period"=["5s"]"#;
    let run = run("xbone-sizes.toml", 3, &[sizes, period]);
    let t90 = |network: &str| median_t90(&run, &[("protocol.xbone", network.into())]);
    let (chord, free, bound) = (
        t90("Chord of i3"),
        t90("P2P-XBone, no queue"),
        t90("P2P-XBone, one UDP server"),
    );
    assert!(free <= 1.1 * chord, "{free} {chord}");
    assert!(bound > 200.0 * 15.0 / 67.0 && bound > 1.2 * free, "{bound} {free}");
}

/// Two loads in a run each: below the knee all that is sent arrives, in the time that the hops take, and beyond it what the processors
/// let through.
#[test]
fn xbone_delivery_is_that_of_the_costs_of_a_hop() {
    let of = |rate: u32| {
        let settings = [format!(r#"sweep."workload.lookups.rate"=["{rate}/s"]"#)];
        run("xbone-delivery.toml", 1, &settings.each_ref().map(String::as_str))
    };
    let (light, heavy) = (of(500), of(5000));
    let value = |run: &Run, by: &str, column: &str| {
        let rows = [("protocol.xbone", Cell::from(by)), ("time_s", Cell::from(0.14))];
        let values = run.values("lookups_over_time", &rows, column);
        assert_eq!(values.len(), 1, "{by}");
        values[0]
    };
    for (by, hop_us) in [("DataRouter in tunnels", 7.94), ("UDP daemon", 13.854)] {
        for run in [&light, &heavy] {
            assert_eq!(value(run, by, "correct_fraction"), 1.0, "{by}");
        }
        // A tenth of a millisecond, the processors, and 538 or 558 bytes on two lines of a gigabit a second; waits are short.
        let line_us = if by == "UDP daemon" { 4.304 } else { 4.464 };
        let expected = value(&light, by, "hops_mean") * (100.0 + hop_us + 2.0 * line_us) / 1000.0;
        let delay = value(&light, by, "latency_mean_ms");
        assert!(
            (0.999 * expected..1.01 * expected).contains(&delay),
            "{by}: {delay}, not {expected}"
        );
    }
    assert_eq!(value(&light, "TCP daemon", "correct_fraction"), 1.0);
    let through = value(&heavy, "TCP daemon", "correct_fraction");
    assert!((through - 0.315).abs() < 0.04, "{through}");
}

/// Three runs at one period: what the routers of Abilene add to the set-up of a tunnel.
#[test]
fn xbone_paths_take_as_long_as_the_routers_on_them() {
    let settings = [
        r#"sweep."protocol.xbone.over.chord.stabilize_period"=["5s"]"#,
        "run.duration=60s",
    ];
    let run = run("xbone-paths.toml", 3, &settings);
    let set_up = |switch: &str| {
        let rows = [("protocol.xbone.provisioning.daemons", Cell::from(switch))];
        let times = run.values("tunnels", &rows, "set_up_mean_ms");
        assert_eq!(times.len(), 3, "{switch}");
        times.iter().sum::<f64>() / 3.0
    };
    let tunnels = set_up("0 ms");
    assert!((tunnels - 1066.0).abs() < 40.0, "{tunnels}");
    for (switch, more) in [("20 ms", 98.6), ("100 ms", 361.1), ("500 ms", 1673.5)] {
        let paths = set_up(switch) - tunnels;
        assert!((paths / more - 1.0).abs() < 0.12, "{switch}: {paths}, not {more}");
    }
}

/// Three of twenty runs, as far as nine of ten paths work.
#[test]
fn xbone_pastry_converges_with_its_joins_whatever_the_heartbeat() {
    let run = run("xbone-pastry.toml", 3, &["run.duration=40s"]);
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(run.text.matches(" inside ").count(), 10, "{}", run.text);
}

/// One size and one heartbeat, in less than half of the time.
#[test]
fn xbone_pastry_load_lies_between_one_and_three_times_the_tunnels_of_a_node() {
    let settings = [
        "churn.replacement.population=200",
        "nodes.count=500",
        "protocol.xbone.over.pastry.heartbeat_period=30s",
        "run.duration=9min",
    ];
    let run = run("xbone-pastry-load.toml", 1, &settings);
    let offered = run.mean("address_servers", "offered_per_s");
    assert!((40.0..120.0).contains(&offered), "{offered} transactions a second");
    let tunnels = run.mean("tunnels", "per_member_end");
    assert!((20.0..40.0).contains(&tunnels), "{tunnels} tunnels a member");
}

/// A quarter of the time, in which every expectation holds.
#[test]
fn xbone_forwarding_has_the_knees_and_the_order_of_the_paper() {
    let run = run("xbone-forwarding.toml", 1, &["run.duration=35ms"]);
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(run.table("forwarding").len(), 6 * 15);
    assert!(run.text.matches("inside").count() >= 28, "{}", run.text);
}

/// 200 nodes for ten minutes: who goes silently takes the paths of others with him, and the load.
#[test]
fn xbone_address_load_silent_departures_break_the_ring() {
    let settings = [r#"sweep."churn.alternating.population"=[200]"#, "run.duration=601s"];
    let run = run("xbone-address-load-silent.toml", 1, &settings);
    let column = |table: &str, column: &str| run.values(table, &[], column);
    // Those with graceful departures come first.
    let paths = column("availability", "working_end_fraction");
    assert!(paths[0] > 0.8 && paths[1] < 0.3, "{paths:?}");
    let load = column("address_servers", "offered_per_s");
    assert!(load[1] < load[0], "{load:?}");
}

/// Fujita et al. 2005, Fig. 6 (i), with 64 to 256 nodes for five minutes: a join costs as many tunnels as the newcomer gets
/// neighbours.
#[test]
fn xbone_address_load_grows_with_the_logarithm_of_the_nodes() {
    let settings = [
        "run.duration=601s",
        "workload.lookups.start=300s",
        "nodes.count=600",
        r#"sweep."churn.alternating.population"=[64, 128, 256]"#,
        r#"sweep."protocol.xbone.over.chord.stabilize_period"=["5s"]"#,
    ];
    let run = run("xbone-address-load-nodes.toml", 1, &settings);
    let loads = run.table("address_servers").numbers("offered_per_event").unwrap();
    let [least, middle, most] = loads[..] else {
        panic!("{loads:?}: {}", run.text);
    };
    let (first, second) = (middle.unwrap() - least.unwrap(), most.unwrap() - middle.unwrap());
    // The same for each doubling, where a line would rise twice as much the second time.
    assert!(first > 1.5 && (0.5..1.6).contains(&(second / first)), "{loads:?}");
    // 3 (8 + 5) messages an event for 256 nodes, the most that follows from the neighbours of a node.
    assert!(most.unwrap() < 1.2 * 39.0, "{loads:?}");
    assert_eq!(run.mean("address_servers", "lost"), 0.0);
}

/// Fig. 6 (ii) with 100 nodes: what comes and goes between two rounds is not found, and paths are lost.
#[test]
fn xbone_address_load_of_an_event_falls_with_the_rate() {
    let settings = [
        "run.duration=200s",
        "nodes.count=1000",
        "churn.alternating.population=100",
        r#"sweep."churn.alternating.rate"=["0.3/s", "10/s"]"#,
        r#"sweep."protocol.xbone.over.chord.stabilize_period"=["5s"]"#,
    ];
    let run = run("xbone-address-load-churn.toml", 1, &settings);
    let column = |table: &str, column: &str| run.values(table, &[], column);
    let (load, paths) = (
        column("address_servers", "offered_per_event"),
        column("availability", "working_mean_fraction"),
    );
    assert!(load[1] < 0.6 * load[0], "{load:?}");
    assert!(paths[0] > 0.9 && paths[1] < 0.8, "{paths:?}");
}

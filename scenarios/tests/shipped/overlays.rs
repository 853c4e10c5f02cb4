//! Scenarios that compare overlays, and those of the hash table over them.

use super::{gnutella, run};

/// An eighth of the hosts and an hour of it: what one copy loses, four keep, over either overlay.
#[test]
fn dht_churn_loses_single_copies_and_keeps_four() {
    for over in ["Chord", "Pastry"] {
        let lost = |replicas: u32| {
            let replicas = format!("protocol.dht.replicas={replicas}");
            let over = format!("protocol.dht.over={over}");
            let short = ["nodes.count=50", "run.duration=100min", "workload.storage.keys=200"];
            let run = run("dht-churn.toml", 2, &[short.as_slice(), &[&replicas, &over]].concat());
            assert!(run.mean("storage", "gets") > 1000.0, "{over}");
            (run.mean("storage", "lost_fraction"), run.mean("storage", "copies_mean"))
        };
        let (single, four) = (lost(1), lost(4));
        assert!(single.0 > 0.05, "{over}: {single:?}");
        assert_eq!(four.0, 0.0, "{over}: {four:?}");
        assert!((four.1 - 4.0).abs() < 0.5, "{over}: {four:?}");
    }
}

/// An eighth of the hosts and an hour of it.
#[test]
fn dht_gnutella_keeps_four_copies_of_each_key() {
    let Some(trace) = gnutella() else { return };
    let short = ["nodes.count=50", "run.duration=100min", "workload.storage.keys=200"];
    let four = ["protocol.dht.replicas=4", "protocol.dht.over=Pastry"];
    let run = run(
        "dht-gnutella.toml",
        2,
        &[&[trace.as_str()], short.as_slice(), &four].concat(),
    );
    assert_eq!(run.mean("storage", "lost_fraction"), 0.0);
    assert!(run.mean("storage", "availability") > 0.98, "{}", run.text);
}

#[test]
fn overlays_hops_at_1000_nodes_has_the_published_hops_of_pastry_and_more_of_chord() {
    let hops = |name: &str| {
        let chosen = format!("protocol={name}");
        let settings = ["nodes.count=1000", "workload.lookups.rate=6/min", &chosen];
        let run = run("overlays-hops.toml", 1, &settings);
        assert_eq!(run.mean("lookups", "correct_fraction"), 1.0, "{name}: {}", run.text);
        run.mean("lookups", "hops_mean")
    };
    let (pastry, chord) = (hops("Pastry"), hops("Chord"));
    // Three standard errors of a mean over 24,000 messages, and what networks of 1000 nodes differ by.
    assert!(
        (pastry - 2.485).abs() < 0.04,
        "Rowstron and Druschel 2001, Fig. 4: 2.485 at 1000 nodes, not {pastry}"
    );
    // Between the published points at 512 and 1024 nodes, and the hop to the owner.
    assert!(
        (5.75..5.98).contains(&chord),
        "Stoica et al. 2003, Fig. 10(a): not {chord}"
    );
}

#[test]
fn routing_styles_at_256_nodes_have_the_hops_of_their_closed_forms() {
    for (style, hops, band, known) in [
        ("exhaustive", 255.0 / 256.0, 0.005, Some(255.0)),
        ("circular, |L| = 8", 16.375, 0.6, Some(8.0)),
        ("circular, |L| = 32", 4.469, 0.16, Some(32.0)),
        ("prefix, b = 4", 1.95, 0.05, None),
    ] {
        let run = run(
            "routing-styles.toml",
            2,
            &["nodes.count=256", &format!("protocol={style}")],
        );
        assert_eq!(run.mean("lookups", "correct_fraction"), 1.0, "{style}: {}", run.text);
        let mean = run.mean("lookups", "hops_mean");
        assert!((mean - hops).abs() < band, "{style}: {mean} in place of {hops}");
        if let Some(known) = known {
            let state = run.table("state");
            let rows = state
                .select(&[("kind".to_owned(), "distinct".into())].into())
                .expect("kinds");
            assert_eq!(
                rows.numbers("entries_mean").expect("state"),
                [Some(known); 2],
                "{style}"
            );
        }
    }
}

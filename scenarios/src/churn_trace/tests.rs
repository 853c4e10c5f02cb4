use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use sim_core::time::{SimDuration, SimTime};

fn read(name: &str, bytes: &[u8], format: Format) -> Result<Recorded, String> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Recorded::read(&path, format).map_err(|error| error.render(false))
}

fn ms(start: u64, end: u64) -> (SimTime, SimTime) {
    let at = |ms| SimTime::ZERO + SimDuration::from_millis(ms);
    (at(start), at(end))
}

#[test]
fn intervals_are_read_packed_or_not() {
    let text = "# hosts\na 2 0.5 10 20 30.25\nb 0\n\nc 3 1 2 2 3 7 7\n";
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    for bytes in [text.as_bytes().to_vec(), packed.finish().unwrap()] {
        let recorded = read("trace", &bytes, Format::Intervals).unwrap();
        assert_eq!(recorded.sha256, crate::digest::sha256(&bytes), "of the file as it is");
        let trace = &recorded.sessions;
        assert_eq!(trace.hosts(), 2, "who has no session takes no part");
        assert_eq!(trace.of(0), [ms(500, 10_000), ms(20_000, 30_250)]);
        assert_eq!(trace.of(1), [ms(1000, 3000)], "sessions that touch are one");
    }
}

#[test]
fn events_of_p2psim_are_read_in_any_order_of_hosts() {
    let text = "node 1 1 join wellknown=1\nnode 900 1 crash\nobserve 100 numnodes=2\n# another\nnode 40 2 join wellknown=1\n\
                node 50 2 lookup key=3\nnode 100 2 crash\nnode 200 2 join wellknown=1\nsimulator 1000 exit\n";
    let trace = read("events", text.as_bytes(), Format::P2psimEvents).unwrap().sessions;
    assert_eq!(trace.of(0), [ms(1, 900)]);
    let (start, end) = trace.of(1)[1];
    assert_eq!(trace.of(1)[0], ms(40, 100));
    assert_eq!((start, end), (ms(200, 0).0, SimTime::MAX), "who has not left stays");
}

#[test]
fn churn_files_of_p2psim_alternate() {
    let text = "# ip state times\n1 alive 10 20 30\n2 dead 5 15\n3 dead\n";
    let trace = read("churn", text.as_bytes(), Format::P2psimChurn).unwrap().sessions;
    assert_eq!(trace.hosts(), 2);
    assert_eq!(trace.of(0), [ms(0, 10), ms(20, 30)]);
    assert_eq!(trace.of(1), [ms(5, 15)]);
}

#[test]
fn traces_of_oversim_are_read_in_order() {
    let text = "0.5 7 JOIN\n1 8 JOIN\n1 7 PUT key value\n2 7 LEAVE\n2.5 0 CONNECT_NODETYPES 1 2\n3 7 JOIN\n4 7 LEAVE\n4 8 LEAVE\n";
    let trace = read("trace", text.as_bytes(), Format::Oversim).unwrap().sessions;
    assert_eq!(trace.of(0), [ms(500, 2000), ms(3000, 4000)]);
    assert_eq!(trace.of(1), [ms(1000, 4000)]);
}

/// Each mistake is answered with its place and what is wrong.
#[test]
fn broken_traces_are_refused_where_they_break() {
    use Format::{Intervals, Oversim, P2psimChurn, P2psimEvents};
    for (format, text, place, words) in [
        (
            Intervals,
            "a 1 0 5\nb 2 0 9 8 12\n",
            "2:9",
            "but the one before it ends at 9 s",
        ),
        (Intervals, "a 2 10 20 0 5\n", "1:11", "in the order of time"),
        (Intervals, "a 1 5 4\n", "1:5", "before it starts at 5 s"),
        (Intervals, "a 2 1 2 3\n", "1:3", "2 sessions have 4 times, not 3"),
        (Intervals, "a\n", "1:2", "how many sessions?"),
        (Intervals, "a x 1 2\n", "1:3", "not a number of sessions"),
        (Intervals, "a 1 0 x\n", "1:7", "this is not a number"),
        (Intervals, "a 1 -3 4\n", "1:5", "from 0 to 100 years"),
        (Intervals, "a 1 0 nan\n", "1:7", "this is not a number"),
        (Intervals, "a 1 0 5\nb 0\na 1 6 7\n", "3:1", "a is listed twice"),
        (Intervals, "a 0\n", "1:1", "no host has a session"),
        (Intervals, "", "1:1", "no host has a session"),
        (
            P2psimEvents,
            "node 5 1 join\nnode 9 1 join\n",
            "2:8",
            "up since 0.005 s",
        ),
        (P2psimEvents, "node 5 1 crash\n", "1:8", "1 leaves, but it is unknown"),
        (
            P2psimEvents,
            "node 5 1 join\nnode 6 1 crash\nnode 7 1 crash\n",
            "3:8",
            "it is not up",
        ),
        (P2psimEvents, "node 5 1 join\nnode 4 1 crash\n", "2:6", "time runs back"),
        (
            P2psimEvents,
            "node 5 1\n",
            "1:9",
            "expected `node <time> <host> <event>`",
        ),
        (P2psimEvents, "node 5 1 jion\n", "1:10", "unknown event"),
        (P2psimChurn, "1 alive 10 5\n", "1:12", "time runs back"),
        (P2psimChurn, "1 asleep 10\n", "1:3", "how does it begin?"),
        (Oversim, "5 1 JOIN\n4 2 JOIN\n", "2:1", "time runs back"),
        (Oversim, "5 1 LEAVE\n", "1:3", "has never joined"),
        (Oversim, "5 1\n", "1:4", "expected `<time> <host> <command>`"),
    ] {
        let error = read("broken", text.as_bytes(), format).unwrap_err();
        assert!(
            error.contains(&format!("broken:{place}\n")) && error.contains(words),
            "{format:?} {text:?}: {error}"
        );
    }
    let error = read("cut.gz", &[0x1f, 0x8b, 8, 0, 0, 0], Format::Intervals).unwrap_err();
    assert!(
        error.contains("no whole gzip file") && error.contains("truncated"),
        "{error}"
    );
}

/// The Gnutella hosts of Saroiu, Gummadi and Gribble: 14,692 with 166,071 sessions, of which 201 have no length, having begun
/// with the last probe; one host has no other.
#[test]
fn the_gnutella_trace_is_read_as_it_is_described() {
    let data = std::env::var_os("PEERSCOPE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        Into::into,
    );
    let file = data.join("churn/gnutella_saroiu_intervals_ip.txt.gz");
    if !file.exists() {
        println!(
            "skipped: {} is not there; PEERSCOPE_DATA names the folder of the data sets",
            file.display()
        );
        return;
    }
    let trace = Recorded::read(&file, Format::Intervals).unwrap().sessions;
    assert_eq!((trace.hosts(), trace.sessions()), (14_692 - 1, 166_071 - 201));
    let mut lengths: Vec<f64> = (0..trace.hosts() as u32)
        .flat_map(|host| trace.of(host))
        .map(|(start, end)| end.since(*start).as_secs_f64())
        .collect();
    lengths.sort_by(f64::total_cmp);
    let median = lengths[lengths.len() / 2] / 60.0;
    assert!(
        (46.5..48.0).contains(&median),
        "a median of {median} min, described as 47"
    );
}

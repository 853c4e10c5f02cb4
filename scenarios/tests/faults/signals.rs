//! Signals that ask a process to end.

use std::time::Duration;

use crate::support::{Home, contents, ended, signal, wait_until};

#[test]
fn whoever_is_asked_to_end_leaves_nothing_and_says_so() {
    let home = Home::new();
    home.done(&["run", "small.toml", "-q", "-o", "out", "--format", "svg"]);
    let earlier = contents(&home.path().join("out"));
    let endless = ["--set", "run.duration=30000d", "--set", "workload.lookups.until=2min"];
    let run = [&["run", "small.toml", "-q", "-o", "out", "--force"][..], &endless].concat();
    let snapshot = [
        &["snapshot", "small.toml", "--at", "1min", "-q", "-o", "out", "--force"][..],
        &endless,
    ]
    .concat();
    for (arguments, name) in [(&run, "INT"), (&run, "TERM"), (&run, "HUP"), (&snapshot, "TERM")] {
        let child = home.command(arguments).spawn().unwrap();
        wait_until("the folder of the run", || home.names().len() == 2);
        // Some while into the runs.
        std::thread::sleep(Duration::from_millis(100));
        signal(&child, name);
        let ended = ended(child.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(130), "{arguments:?}, {name}: {}", ended.err);
        assert!(ended.err.contains("interrupted; nothing was written"), "{}", ended.err);
        assert_eq!(home.names(), ["out"], "{arguments:?}, {name}");
        assert_eq!(contents(&home.path().join("out")), earlier);
    }
}

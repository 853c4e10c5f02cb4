//! A medium that nodes share, as a user meets it: who waits for whom, and what becomes of frames for those who go meanwhile.

use std::fs;

use analysis::Table;
use scenarios::exit::Exit;
use serde_json::Value;

use crate::support::peerscope;

/// A scenario of this many nodes and seconds, with these tables, and the file `met.txt`.
fn folder(nodes: u32, seconds: u32, tables: &str) -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "seed = 1\nrun.duration = \"{seconds}s\"\nnodes.count = {nodes}\nbring_up.cold = {{}}\n{tables}\ndelay = \"1ms\"\n"
    );
    fs::write(home.path().join("own.toml"), text).unwrap();
    fs::write(home.path().join("met.txt"), "0 1 10 15\n").unwrap();
    let file = home.path().join("own.toml").to_string_lossy().into_owned();
    (home, file)
}

/// All nodes of a line send a hello of 60 ms at the start: every other one at once, the rest when these have finished.
#[test]
fn nodes_wait_for_what_they_hear_and_not_for_what_waits() {
    let line = "workload.packets = { start = \"2s\", until = \"3s\", rate = \"1/s\" }\nprotocol.distance_vector = {}\n[network.radio]\n\
                range = \"60m\"\nplacement.grid = { columns = 100, spacing = \"50m\" }\ncapacity.bandwidth = \"8kbit/s\"";
    let (_home, file) = folder(100, 4, line);
    let ended = peerscope(&["trace", &file, "--json", "--to", "1s"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let first = |node: u64, what: &str| {
        let found = lines.iter().find(|line| line["node"] == node && line["what"] == what);
        found.unwrap_or_else(|| panic!("node {node} never {what}"))["time_ns"]
            .as_u64()
            .unwrap()
    };
    for node in 0..100 {
        let waits = lines
            .iter()
            .find(|line| line["node"] == node && line["what"] == "waits");
        let sent = first(node, "sent");
        assert!(sent <= 60_000_000 * 2, "node {node} waited until {sent} ns");
        assert!(
            node % 2 == 0 || waits.is_some_and(|line| line["to"].is_null()),
            "node {node}"
        );
    }
}

/// Of frames of 10 s, sent every second from 10 s on, one is on the air when the link goes down at 15 s: it arrives, and no other.
#[test]
fn a_frame_that_waits_is_lost_with_the_link() {
    let contacts = "protocol.flooding.lifetime = \"1000s\"\n\
                    workload.packets = { start = \"10s\", until = \"19s\", size = \"1202B\", patience = \"180s\", flows = { count = 1, \
                    rate = \"1/s\", between = [0, 1] } }\n[network.contacts]\nfile = \"met.txt\"\ncapacity.bandwidth = \"1kbit/s\"";
    let (home, file) = folder(2, 220, contacts);
    let results = home.path().join("results");
    let ended = peerscope(&["run", &file, "-o", &results.to_string_lossy()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let packets = Table::read_csv(fs::File::open(results.join("packets.csv")).unwrap()).unwrap();
    let of = |column: &str| packets.numbers(column).unwrap()[0].unwrap();
    assert_eq!(of("delivered"), 1.0);
    assert!(of("sent") > 5.0);
}

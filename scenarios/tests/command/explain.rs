//! `peerscope check` and `peerscope list`.

use crate::support::{data, peerscope};
use scenarios::exit::Exit;

#[test]
fn check_explains_every_point() {
    let file = data("ring.toml");
    let ended = peerscope(&["check", file.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for words in [
        "4 points x 2 replications = 8 runs, seed 2003",
        "nodes.count = 8, 16",
        "nodes.count = 16, protocol.echo.period = 20s",
        "16, joining one by one over 1min",
        "loss 1 %",
        "at 8min, 4 if all are up",
        "from 3min until 9min, about 41 in all",
        "asked, from table lookups",
        "ten lookups a node",
        "echo: answers whatever it is asked",
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing from\n{}", ended.out);
    }
}

#[test]
fn check_tells_what_it_did_about_gaps() {
    let file = data("matrix.toml");
    let ended = peerscope(&["check", file.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.out.contains("between 3 hosts") && ended.out.contains("1 gaps filled"),
        "{}",
        ended.out
    );
}

#[test]
fn a_file_of_the_command_line_is_sought_in_the_current_folder() {
    let file = data("matrix.toml");
    // Tests run in the folder of the crate.
    let setting = "network.matrix.file=tests/data/hosts.txt";
    let ended = peerscope(&["check", file.to_str().unwrap(), "--set", setting]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
}

#[test]
fn every_file_is_checked_whatever_is_wrong_with_another() {
    let (ring, matrix) = (data("ring.toml"), data("matrix.toml"));
    let ended = peerscope(&["check", ring.to_str().unwrap(), "absent.toml", matrix.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::MissingInput);
    assert!(
        ended.out.contains("ring ") && ended.out.contains("matrix "),
        "{}",
        ended.out
    );
}

#[test]
fn list_names_scenarios_protocols_and_networks() {
    let folder = data("");
    let ended = peerscope(&["list", folder.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for words in ["ring.toml", "A small ring, for tests", "echo", "exponential", "matrix"] {
        assert!(ended.out.contains(words), "{words:?} is missing from\n{}", ended.out);
    }
    assert_eq!(peerscope(&["list", "absent"]).exit, Exit::MissingInput);
}

//! Every kind of bad input: the message names file, line and column and shows the line, the exit code is the documented
//! one, and earlier results are untouched.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use scenarios::exit::Exit;

use crate::support::{data, peerscope};

/// `tests/data/ring.toml` with one text replaced by another.
#[track_caller]
fn replaced(from: &str, to: &str) -> String {
    let text = fs::read_to_string(data("ring.toml")).unwrap();
    assert!(text.contains(from), "{from:?} is not in the scenario");
    text.replacen(from, to, 1)
}

/// What `check` says of a scenario of this text.
fn check(text: &str) -> (Exit, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("ring.toml");
    fs::write(&file, text).unwrap();
    let ended = peerscope(&["check", file.to_str().unwrap()]);
    (
        ended.exit,
        ended.err.replace(&format!("{}/", home.path().display()), ""),
    )
}

/// The scenario with `from` replaced by `to` is refused at `place`, with these words and the line shown.
#[track_caller]
fn refused(from: &str, to: &str, place: &str, words: &[&str]) {
    let text = replaced(from, to);
    let (exit, err) = check(&text);
    assert_eq!(exit, Exit::BadInput, "{err}");
    assert!(
        err.contains(&format!("--> ring.toml:{place}\n")),
        "{place} is not the place in\n{err}"
    );
    for word in words {
        assert!(err.contains(word), "{word:?} is missing from\n{err}");
    }
    let line: usize = place.split(':').next().unwrap().parse().unwrap();
    let line = text.lines().nth(line - 1).unwrap();
    assert!(
        err.contains(&format!(" | {line}\n")) && err.contains('^'),
        "{line:?} is not shown in\n{err}"
    );
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    refused(
        "seed = 2003",
        "sede = 2003",
        "5:1",
        &["unknown key `sede`", "did you mean `seed`?"],
    );
    refused(
        "count = 16",
        "cuont = 16",
        "12:1",
        &["nodes: unknown key `cuont`", "did you mean `count`?"],
    );
    refused(
        "minimum = \"1ms\"",
        "maximum = \"1ms\"",
        "19:1",
        &["network.exponential: unknown key", "`mean`, `minimum`"],
    );
    refused(
        "shape = 0.5",
        "shapes = 0.5",
        "25:16",
        &[
            "churn.sessions.up.weibull: unknown key `shapes`",
            "did you mean `shape`?",
        ],
    );
    refused(
        "[loss]",
        "[lost]",
        "21:2",
        &["unknown key `lost`", "did you mean `loss`?"],
    );
    refused(
        "[network.exponential]",
        "[network.exponentail]",
        "17:10",
        &["unknown choice", "did you mean `exponential`?"],
    );
    refused(
        "series = ",
        "serie = ",
        "58:1",
        &["figure.0.lines: unknown key `serie`", "did you mean `series`?"],
    );
    refused(
        "within = 5",
        "witihn = 5",
        "74:1",
        &["expect.0: unknown key", "did you mean `within`?"],
    );
}

#[test]
fn wrong_units_say_which_there_are() {
    refused(
        "\"50ms\"",
        "50",
        "18:8",
        &[
            "expected a duration such as \"50ms\", found 50 without a unit",
            "ns, us",
        ],
    );
    refused("\"50ms\"", "\"50\"", "18:8", &["found \"50\" without a unit"]);
    refused("\"50ms\"", "\"50 parsecs\"", "18:8", &["there is no unit \"parsecs\""]);
    refused(
        "\"1/min\"",
        "\"1/fortnight\"",
        "41:8",
        &["there is no unit \"fortnight\""],
    );
    refused("\"1/min\"", "\"1min\"", "41:8", &["expected a rate such as"]);
    refused(
        "\"1 %\"",
        "\"1\"",
        "22:15",
        &["expected a share such as 0.1 or \"10 %\""],
    );
}

#[test]
fn wrong_types_are_named_in_plain_words() {
    refused(
        "replications = 2",
        "replications = \"many\"",
        "6:16",
        &["replications: expected a whole number", "the text \"many\""],
    );
    refused(
        "replications = 2",
        "replications = -3",
        "6:16",
        &["expected a whole number from 1 to 10000, or a table"],
    );
    refused(
        "ring_invariants = true",
        "ring_invariants = 1",
        "45:19",
        &["expected true or false, found 1"],
    );
    refused(
        "[observe]\nring_invariants = true",
        "[observe.ring_invariants]",
        "44:1",
        &["true or false, found a table"],
    );
    refused(
        "title = \"A small ring, for tests\"",
        "title = [3]",
        "2:9",
        &["title: expected a text in quotes, found a list"],
    );
}

#[test]
fn a_list_is_no_table() {
    let words = "expected a table of keys, found a list";
    for (setting, key) in [
        ("nodes=[1]", "nodes"),
        ("run=[\"5min\"]", "run"),
        ("network={ constant = [\"50ms\"] }", "network.constant"),
        ("churn={ sessions = [\"1min\", \"1min\", 0.5] }", "churn.sessions"),
        ("protocol.echo=[\"10s\", 1]", ""),
        ("expect=[[1]]", "expect.0"),
    ] {
        // Without the axes, which would set keys inside the lists, and what is drawn along them.
        let rest = ["--set", "sweep={}", "--set", "figure=[]", "--set", "expect=[]"];
        let file = data("ring.toml");
        let ended = peerscope(&[&["check", file.to_str().unwrap()], &rest[..], &["--set", setting]].concat());
        assert_eq!(ended.exit, Exit::BadInput, "{setting}: {}", ended.err);
        let title = if key.is_empty() {
            words.to_owned()
        } else {
            format!("{key}: {words}")
        };
        assert!(
            ended.err.contains(&title) && ended.err.contains("--> --set:1:"),
            "{setting}: {}",
            ended.err
        );
    }
    refused(
        "up.weibull = { shape = 0.5, scale = \"30min\" }",
        "up.weibull = [0.5, \"30min\"]",
        "25:14",
        &["churn.sessions.up.weibull", words],
    );
}

#[test]
fn absurd_and_undefined_numbers_are_refused() {
    refused(
        "graceful = 0.5",
        "graceful = 1.5",
        "27:12",
        &["expected a share from 0 to 1"],
    );
    refused(
        "graceful = 0.5",
        "graceful = nan",
        "27:12",
        &["nan is not a finite number"],
    );
    refused(
        "graceful = 0.5",
        "graceful = 1e999",
        "27:12",
        &["is not a finite number"],
    );
    refused("shape = 0.5", "shape = 0", "25:24", &["above 0"]);
    refused("shape = 0.5", "shape = 0.01", "25:24", &["Weibull shape"]);
    refused("\"50ms\"", "\"99999999d\"", "18:8", &["at most 100 years"]);
    refused(
        "replications = 2",
        "replications = 99999999999",
        "6:16",
        &["expected a whole number from 1 to 10000"],
    );
    refused(
        "seed = 2003",
        "seed = 99999999999999999999",
        "5:8",
        &["expected a whole number"],
    );
    refused(
        "seed = 2003",
        "seed = 9223372036854775808",
        "5:8",
        &["seed: expected a whole number from 0 to"],
    );
    refused("replications = 2", "replications = 0", "6:16", &["between 1 and 10000"]);
    refused(
        "\"10min\"\n\n[nodes]",
        "\"0s\"\n\n[nodes]",
        "9:12",
        &["nothing happens in no time"],
    );
    refused("\"1/min\"", "\"0/s\"", "41:8", &["out of range"]);
    refused(
        "title = \"A small ring, for tests\"",
        "title = 2003-01-01",
        "2:9",
        &["no meaning"],
    );
}

#[test]
fn what_cannot_be_together_is_refused_at_one_of_the_values() {
    refused(
        "over = \"1min\"",
        "over = \"1h\"",
        "15:8",
        &["must be shorter than `run.duration`"],
    );
    refused(
        "until = \"9min\"",
        "until = \"11min\"",
        "40:9",
        &["the run ends at 10min"],
    );
    refused(
        "until = \"9min\"",
        "until = \"2min\"",
        "40:9",
        &["before they start at 3min"],
    );
    refused(
        "start = \"3min\"",
        "start = \"10min\"",
        "39:9",
        &["lookups start at 10min", "before the end of the run"],
    );
    refused(
        "start = \"2min\"",
        "start = \"20min\"",
        "28:9",
        &["churn sets in at 20min"],
    );
    refused("at = \"8min\"", "at = \"10min\"", "31:6", &["the failure is at 10min"]);
    refused(
        "minimum = \"1ms\"",
        "minimum = \"1s\"",
        "18:8",
        &["must lie above the minimum"],
    );
    let second = "[network.constant]\ndelay = \"1ms\"\n\n[loss]";
    let (exit, err) = check(&replaced("[loss]", second));
    assert_eq!(exit, Exit::BadInput);
    assert!(
        err.contains("--> ring.toml:21:10\n") && err.contains("exactly one choice is possible"),
        "{err}"
    );
    assert!(err.contains("`constant`, `uniform`, `exponential`, `plane`, "), "{err}");
}

#[test]
fn a_value_of_a_sweep_axis_is_refused_where_the_axis_lists_it() {
    let note = "the value is one of the sweep axis `protocol.echo.period`";
    refused(
        "\"20s\"]",
        "\"3h\"]",
        "49:34",
        &["protocol.echo.period: longer than the run", note],
    );
    refused(
        "\"20s\"]",
        "20]",
        "49:34",
        &["expected a duration", "found 20 without a unit", note],
    );
    refused(
        "[8, 16]",
        "[8, \"many\"]",
        "48:21",
        &["nodes.count: expected a whole number", "the text \"many\""],
    );
    refused(
        "\"nodes.count\"",
        "\"nodes.cuont\"",
        "48:1",
        &["unknown key `cuont`", "did you mean `count`?"],
    );
    refused(
        "\"nodes.count\"",
        "\"nodse.count\"",
        "48:1",
        &["unknown key `nodse.count`", "did you mean `nodes`?"],
    );
    refused("\"nodes.count\"", "\"seed\"", "48:1", &["cannot be swept"]);
    refused("\"nodes.count\"", "\"nodes..count\"", "48:1", &["no dotted key"]);
    refused("[8, 16]", "8", "48:17", &["expected a list of values"]);
    refused("[8, 16]", "[]", "48:17", &["expected a list of values"]);
    refused(
        "[8, 16]",
        "[8, 16, 8]",
        "48:25",
        &["sweep.nodes.count: the value 8 is listed twice", "replications"],
    );
}

#[test]
fn figures_and_expectations_are_held_against_the_tables_before_the_run() {
    refused(
        "y = \"issued\"",
        "y = \"isued\"",
        "57:5",
        &["figure.0.lines.y: unknown column `isued`", "did you mean `issued`?"],
    );
    refused(
        "table = \"lookups\"\n[",
        "table = \"lokups\"\n[",
        "54:9",
        &["figure.0.table: unknown table"],
    );
    refused(
        "metric = \"issued\"",
        "metric = \"nothing\"",
        "71:10",
        &["expect.0.metric: unknown column"],
    );
    refused(
        "\ncite = \"Nobody 2026, Fig. 1\"",
        "",
        "68:1",
        &["expect.0.cite: expected the source"],
    );
}

#[test]
fn text_that_is_no_toml_is_refused_where_it_goes_wrong() {
    refused("seed = 2003", "seed 2003", "5:6", &["not valid TOML"]);
    refused("[nodes]", "[run]", "11:2", &["duplicate"]);
    refused("seed = 2003", "seed = 2003\nseed = 1", "6:1", &["duplicate key"]);
    refused(
        "title = \"A small ring, for tests\"",
        "title = \"A small ring",
        "2:22",
        &["not valid TOML"],
    );
}

#[test]
fn a_protocol_is_chosen_once_and_by_its_name() {
    let unknown = "[protocol.ehco]";
    let (exit, err) = check(&replaced("[protocol.echo]", unknown));
    // The sweep still names the other one, and makes two of them: what nobody knows is the slip.
    assert_eq!(exit, Exit::BadInput);
    assert!(
        err.contains("--> ring.toml:35:11\n") && err.contains("did you mean `echo`?"),
        "{err}"
    );
    let (exit, err) = check(&replaced("[protocol.echo]", "[protocol.chord]\n[protocol.echo]"));
    assert_eq!(exit, Exit::BadInput);
    assert!(err.contains("exactly one protocol is possible"), "{err}");
    let (_, err) = check(&replaced("\"protocol.echo.period\" = [\"10s\", \"20s\"]", ""));
    assert!(err.contains("unknown column `protocol.echo.period`"), "{err}");
    refused(
        "period = \"30s\"",
        "peroid = \"30s\"",
        "36:1",
        &["unknown key `peroid`", "did you mean `period`?"],
    );
}

/// What `--set` makes of `ring.toml`.
#[track_caller]
fn set(setting: &str) -> (Exit, String) {
    let ended = peerscope(&["check", data("ring.toml").to_str().unwrap(), "--set", setting]);
    (ended.exit, ended.err)
}

#[test]
fn a_complaint_about_the_command_line_shows_the_argument() {
    for (setting, place, words) in [
        ("nodes.cuont=3", "--set:1:7", "did you mean `count`?"),
        ("nodes.count=many", "--set:1:13", "the text \"many\""),
        ("run.duration=50", "--set:1:14", "without a unit"),
        (
            "network.constant.delay=50ms",
            "--set:1:9",
            "exactly one choice is possible",
        ),
        ("nodes.count", "--set:1:1", "expected key=value"),
        ("nodes..count=1", "--set:1:7", "a key is missing"),
        ("nodes.count=", "--set:1:13", "a value is missing"),
        ("nodes.count.more=1", "--set:1:13", "not a table"),
        ("figure.7.name=x", "--set:1:8", "no element of a list of 1"),
        ("title=\"open", "--set:1:12", "not valid TOML"),
    ] {
        let (exit, err) = set(setting);
        assert_eq!(exit, Exit::BadInput, "{setting}: {err}");
        assert!(
            err.contains(&format!("--> {place}\n")) && err.contains(words) && err.contains(setting),
            "{setting}: {err}"
        );
    }
}

#[test]
fn a_second_choice_tells_the_setting_that_replaces_the_first() {
    for (second, help) in [
        (
            "network.constant.delay=50ms",
            "`--set 'network={ constant = { delay = \"50ms\" } }'` replaces it",
        ),
        ("bring_up.bulk={}", "`--set 'bring_up={ bulk = {} }'` replaces it"),
        (
            "churn.replacement={half_life='1h',graceful=1}",
            "`--set 'churn={ replacement = { half_life = \"1h\", graceful = 1 } }'` replaces it",
        ),
        (
            "protocol.chord.successors=16",
            "`--set 'protocol={ chord = { successors = 16 } }'` replaces it",
        ),
    ] {
        let (exit, err) = set(second);
        assert_eq!(exit, Exit::BadInput, "{second}: {err}");
        assert!(err.contains("exactly one") && err.contains(help), "{second}: {err}");
        let replacement = help.split('\'').nth(1).unwrap();
        let (_, err) = set(replacement);
        assert!(
            !err.contains("exactly one") || second.starts_with("protocol"),
            "{replacement}: {err}"
        );
    }
}

#[test]
fn a_setting_of_a_swept_key_or_of_an_axis_replaces_the_axis() {
    for (setting, sweep, runs) in [
        (
            "nodes.count=4",
            "nodes.count = 4\n",
            "2 points x 2 replications = 4 runs",
        ),
        (
            "sweep.nodes.count=[4, 5, 6]",
            "nodes.count = 4, 5, 6\n",
            "6 points x 2 replications = 12 runs",
        ),
        (
            "sweep.'nodes.count'=[4]",
            "nodes.count = 4\n",
            "2 points x 2 replications = 4 runs",
        ),
    ] {
        let ended = peerscope(&["check", data("ring.toml").to_str().unwrap(), "--set", setting]);
        assert_eq!(ended.exit, Exit::Done, "{setting}: {}", ended.err);
        assert!(
            ended.out.contains(sweep) && ended.out.contains(runs),
            "{setting}: {}",
            ended.out
        );
    }
    refused(
        "\"protocol.echo.period\" = ",
        "nodes.count = [3]\n\"protocol.echo.period\" = ",
        "49:7",
        &["swept twice"],
    );
}

/// `tests/data/matrix.toml` with a matrix of this text.
#[track_caller]
fn matrix(text: &str, more: &[&str]) -> (Exit, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("matrix.toml");
    fs::copy(data("matrix.toml"), &file).unwrap();
    fs::write(home.path().join("hosts.txt"), text).unwrap();
    let ended = peerscope(&[&["check", file.to_str().unwrap()], more].concat());
    (
        ended.exit,
        ended.err.replace(&format!("{}/", home.path().display()), ""),
    )
}

#[test]
fn a_malformed_matrix_is_refused_where_it_goes_wrong() {
    for (text, place, words) in [
        ("0 20 30\n20 0 x\n30 40 0\n", "hosts.txt:2:6", "not a number"),
        ("0 20 30\n20 0\n", "hosts.txt:2:5", "truncated"),
        ("0 20 30\n20 0 40\n", "hosts.txt:2:8", "2 rows but 3 columns"),
        ("0 20 30\n20 0 40 50\n", "hosts.txt:2:9", "more cells"),
        ("0 20 30\n20 0 1e9\n30 40 0\n", "hosts.txt:2:6", "beyond belief"),
        ("", "hosts.txt:1:1", "empty"),
        ("0 20\n20 0\n", "matrix.toml:7:9", "3 nodes do not fit on the 2 hosts"),
    ] {
        let (exit, err) = matrix(text, &[]);
        assert_eq!(exit, Exit::BadInput, "{text:?}: {err}");
        assert!(
            err.contains(&format!("--> {place}\n")) && err.contains(words),
            "{text:?}: {err}"
        );
    }
    let (_, err) = matrix("0 20 30\n20 0 0\n30 0 0\n", &["--set", "network.matrix.gaps=refuse"]);
    assert!(err.contains("--> hosts.txt:2:6\n"), "{err}");
}

#[test]
fn a_long_line_is_shortened_around_the_place() {
    let row = |cell: &str| format!("{}{cell} {}", "12.345 ".repeat(200), "12.345 ".repeat(199));
    let (exit, err) = matrix(&format!("{}\n{}\n", row("12.345"), row("oops")), &[]);
    assert_eq!(exit, Exit::BadInput);
    assert!(err.contains("--> hosts.txt:2:1401\n") && err.contains("oops"), "{err}");
    assert!(err.lines().all(|line| line.chars().count() < 200), "{err}");
}

#[test]
fn a_matrix_that_is_not_there_is_told_with_where_to_get_one() {
    let (exit, err) = matrix("0 1\n1 0\n", &["--set", "network.matrix.file=absent.txt"]);
    assert_eq!(exit, Exit::MissingInput);
    for words in [
        "absent.txt",
        "planetlab490_slice01.txt",
        "p2psim",
        "--set network.matrix.file=PATH",
    ] {
        assert!(err.contains(words), "{words:?} is missing from\n{err}");
    }
}

/// The program itself, in a folder of its own.
fn program(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn the_program_ends_with_the_documented_codes() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(home.path().join(name), bytes).unwrap();
    write("empty.toml", b"");
    write("binary.toml", b"seed = \"\xff\xfe\"");
    write("deep.toml", format!("a = {}", "[".repeat(100_000)).as_bytes());
    write("large.toml", &vec![b' '; 5 << 20]);
    for (arguments, code, words) in [
        (&["check", "absent.toml"][..], 66, "absent.toml"),
        (&["check", "."], 66, "directory"),
        (&["check", "empty.toml"], 65, "is missing"),
        (&["check", "binary.toml"], 65, "binary.toml:1:9"),
        (&["check", "deep.toml"], 65, "deep.toml:1:"),
        (&["check", "large.toml"], 65, "larger than the limit"),
        (&["run", "empty.toml"], 65, "empty.toml:1:1"),
        (&["run"], 2, "FILE"),
        (&["fly"], 2, "unrecognized subcommand"),
        (&["run", "empty.toml", "--threads", "0"], 2, "--threads"),
        (&["run", "empty.toml", "--seed=-1"], 2, "--seed"),
        (&["run", "empty.toml", "--replications", "0"], 2, "--replications"),
        (&["list", "absent"], 66, "absent"),
    ] {
        let output = program(home.path(), arguments);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert!(err.contains(words) && !err.contains("panicked"), "{arguments:?}: {err}");
        assert!(!err.contains('\u{1b}'), "{arguments:?} writes colours to a file: {err}");
    }
    assert!(!home.path().join("results").exists());
    let help = program(home.path(), &["run", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("130  interrupted"));
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .args(["list", data("").to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_closed_output_hides_no_failure_and_ends_no_run() {
    let home = tempfile::tempdir().unwrap();
    let copy = |name: &str, published: &str| {
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("chord-hops.toml");
        let mut document: toml::Table = fs::read_to_string(scenario).unwrap().parse().unwrap();
        document.remove("name");
        document.remove("sweep");
        document.remove("figure");
        let expectation = format!(
            "name = 'hops'\ntable = 'lookups'\nmetric = 'visited_mean'\npublished = {published}\nwithin = 99\ncite = 'nobody'"
        );
        let expectation: toml::Table = expectation.parse().unwrap();
        document.insert("expect".to_owned(), vec![expectation].into());
        fs::write(home.path().join(name), document.to_string()).unwrap();
    };
    copy("failing.toml", "1000");
    copy("base.toml", "2");
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .args(["run", "failing.toml", "base.toml", "-o", "out", "--replications", "1"])
        .args(["--set", "nodes.count=8"])
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    for name in ["failing", "base"] {
        assert!(
            home.path().join("out").join(name).join("manifest.toml").exists(),
            "{name}: {err}"
        );
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_and_keeps_earlier_results() {
    let home = tempfile::tempdir().unwrap();
    let earlier = home.path().join("results/chord-hops");
    fs::create_dir_all(&earlier).unwrap();
    fs::write(earlier.join("manifest.toml"), "earlier").unwrap();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("chord-hops.toml");
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        // Longer than anybody waits: only the signal ends it.
        .args([
            "run",
            scenario.to_str().unwrap(),
            "--force",
            "--set",
            "run.duration=2000d",
            "--set",
            "nodes.count=8",
        ])
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert!(err.contains("interrupted; nothing was written"), "{err}");
    let left: Vec<_> = fs::read_dir(home.path().join("results"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["chord-hops"]);
    assert_eq!(fs::read_to_string(earlier.join("manifest.toml")).unwrap(), "earlier");
}

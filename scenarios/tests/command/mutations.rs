//! Whatever becomes of a scenario's text, `check` ends with a documented exit code and does not panic.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{data, peerscope};
use proptest::prelude::*;
use scenarios::exit::Exit;

/// The scenarios of the tests and those that are shipped.
fn scenarios() -> Vec<Vec<u8>> {
    let shipped = fs::read_dir(env!("CARGO_MANIFEST_DIR"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_scenario =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml") && !path.ends_with("Cargo.toml");
    let mut files: Vec<PathBuf> = shipped.filter(is_scenario).collect();
    files.sort();
    files.extend([data("ring.toml"), data("matrix.toml")]);
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Edit {
    Replace(usize, u8),
    Insert(usize, String),
    Remove(usize, usize),
    Truncate(usize),
    SwapLines(usize, usize),
    RepeatLine(usize),
    SetValue(usize, String),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<usize>();
    let word = prop::sample::select(vec![
        "-1",
        "0",
        "1e999",
        "nan",
        "inf",
        "-inf",
        "\"\"",
        "\"50\"",
        "\"5s\"",
        "\"99999d\"",
        "true",
        "[]",
        "{}",
        "[[]]",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
        "1979-05-27",
        "\"\\u0000\"",
        "{ a = 1, b = 2 }",
        "0.5",
        "4294967295",
        "\"matrix\"",
        "'''",
        "\"1/s\"",
        "\"200 %\"",
        "[1, 2]",
        "\"..\"",
    ]);
    prop_oneof![
        (place, any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (place, "[\\[\\]{}=.,\"'#\n a-z0-9\u{e9}-]{1,4}").prop_map(|(at, text)| Edit::Insert(at, text)),
        (place, 1_usize..30).prop_map(|(at, length)| Edit::Remove(at, length)),
        place.prop_map(Edit::Truncate),
        (place, place).prop_map(|(one, other)| Edit::SwapLines(one, other)),
        place.prop_map(Edit::RepeatLine),
        (place, word).prop_map(|(line, word)| Edit::SetValue(line, word.to_owned())),
    ]
}

impl Edit {
    fn apply(&self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let place = |at: usize| at % text.len();
        let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let count = lines.len();
        match self {
            Edit::Replace(at, byte) => {
                let at = place(*at);
                text[at] = *byte;
                return;
            }
            Edit::Insert(at, inserted) => {
                let at = place(*at);
                text.splice(at..at, inserted.bytes());
                return;
            }
            Edit::Remove(at, length) => {
                let at = place(*at);
                text.drain(at..(at + length).min(text.len()));
                return;
            }
            Edit::Truncate(at) => {
                text.truncate(place(*at));
                return;
            }
            Edit::SwapLines(one, other) => lines.swap(one % count, other % count),
            Edit::RepeatLine(line) => lines.insert(line % count, lines[line % count].clone()),
            Edit::SetValue(line, value) => {
                let line = &mut lines[line % count];
                if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
                    line.truncate(equals + 1);
                    line.extend(value.bytes());
                }
            }
        }
        *text = lines.join(&b'\n');
    }
}

fn check(folder: &Path, text: &[u8], more: &[&str]) -> (Exit, String) {
    let file = folder.join("mutated.toml");
    fs::write(&file, text).unwrap();
    let ended = peerscope(&[&["check", file.to_str().unwrap()], more].concat());
    (ended.exit, ended.err)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_scenario_is_accepted_or_refused_in_words(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(edit(), 1..4),
    ) {
        let home = tempfile::tempdir().unwrap();
        fs::copy(data("hosts.txt"), home.path().join("hosts.txt")).unwrap();
        let texts = scenarios();
        let mut text = which.get(&texts).clone();
        edits.iter().for_each(|edit| edit.apply(&mut text));
        let (exit, err) = check(home.path(), &text, &[]);
        match exit {
            Exit::Done => prop_assert_eq!(err, ""),
            Exit::BadInput => prop_assert!(err.starts_with("error: ") && err.contains(".t"), "{}", err),
            Exit::MissingInput => prop_assert!(err.starts_with("error: "), "{}", err),
            other => prop_assert!(false, "{:?}: {}", other, err),
        }
    }

    #[test]
    fn any_setting_is_accepted_or_refused_in_words(
        key in "(nodes|network|churn|sweep|figure|protocol|run|seed|\\PC)(\\.(0|count|matrix|echo|'nodes.count'|\\PC)){0,3}",
        value in "\\PC{0,12}",
    ) {
        let home = tempfile::tempdir().unwrap();
        let text = fs::read(data("ring.toml")).unwrap();
        let setting = format!("{key}={value}");
        let (exit, err) = check(home.path(), &text, &["--set", &setting]);
        prop_assert!(matches!(exit, Exit::Done | Exit::BadInput | Exit::MissingInput | Exit::Usage), "{:?}: {}", exit, err);
    }
}

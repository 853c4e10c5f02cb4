//! `peerscope cite`.

use std::fs;
use std::path::Path;

use scenarios::exit::Exit;

use crate::support::{data, peerscope};

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    path.to_string_lossy().into_owned()
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is missing from\n{text}");
    }
}

#[test]
fn a_scenario_names_its_papers_and_what_of_them_it_uses() {
    let ended = peerscope(&["cite", &shipped("chord-hops.toml")]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    has(
        &ended.out,
        &[
            "I. Stoica, R. Morris",
            "IEEE/ACM Transactions on Networking 11(1), pp. 17-32, 2003, section VI-C",
            "https://doi.org/10.1109/TNET.2002.808407",
            "Stoica et al. 2003, Fig. 10(a): figure fig10a, 7 expectations",
            "version 0.1.0",
        ],
    );
    // Published values belong to the paper that they are from.
    assert_eq!(ended.out.matches("\n  Stoica et al.").count(), 0, "{}", ended.out);
}

#[test]
fn a_data_set_is_cited_by_who_uses_its_file_though_it_is_not_there() {
    let file = shipped("chord-matrix.toml");
    let ended = peerscope(&["cite", &file]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    has(
        &ended.out,
        &[
            "Data sets\n  planetlab490_slice01.txt\n",
            "R. Zhu, B. Liu",
            "licence: MIT",
        ],
    );

    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("own.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &copy,
        text.replace("file = \"planetlab490_slice01.txt\"\nunit", "file = \"own.txt\"\nunit"),
    )
    .unwrap();
    let ended = peerscope(&["cite", copy.to_str().unwrap()]);
    has(&ended.out, &["own.txt", "does not say where it comes from"]);
    assert!(!ended.out.contains("R. Zhu"), "{}", ended.out);
}

#[test]
fn bibtex_has_an_entry_for_each_source() {
    let ended = peerscope(&["cite", &shipped("chord-matrix.toml"), "--format", "bibtex"]);
    has(
        &ended.out,
        &[
            "@article{stoica2003chord,\n  author = {I. Stoica and R. Morris and ",
            "  journal = {IEEE/ACM Transactions on Networking},\n  year = {2003},\n  volume = {11},\n  number = {1},\n  pages = {17--32},\n",
            "  doi = {10.1109/TNET.2002.808407},\n}",
            "% Stoica et al. 2003, Table IV, iterative: figure stretch\n",
            "@article{zhu2017latency,",
            "@misc{peerscope,\n  author = {{The peerscope developers}},",
        ],
    );
    let (open, close) = (ended.out.matches('{').count(), ended.out.matches('}').count());
    assert_eq!(open, close, "{}", ended.out);
    assert_eq!(ended.out.matches("\n@").count(), 4, "{}", ended.out);
}

#[test]
fn results_are_cited_by_what_they_were_made_from() {
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join("results");
    let output = output.to_str().unwrap();
    let file = data("matrix.toml");
    let cites = "cites=[\"Nobody: 50 % of {everything}. Journal of Tests, 2026\", { key = \"hosts\", title = \"Hosts\", file = \"hosts.txt\", licence = \"none\" }]";
    let ran = peerscope(&["run", file.to_str().unwrap(), "--output", output, "--set", cites]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let ended = peerscope(&["cite", output]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    has(
        &ended.out,
        &[
            "Nobody: 50 % of {everything}",
            "hosts.txt (SHA-256 ",
            "Hosts\n",
            "licence: none",
        ],
    );

    let manifest = home.path().join("results/manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("version = \"0.1.0\"", "version = \"0.0.9\"")).unwrap();
    let ended = peerscope(&["cite", output, "--format", "bibtex"]);
    has(
        &ended.out,
        &["note = {Nobody: 50 \\% of \\{everything\\}.", "version 0.0.9"],
    );

    fs::remove_file(&manifest).unwrap();
    assert_eq!(peerscope(&["cite", output]).exit, Exit::MissingInput);
}

#[test]
fn free_texts_are_found_again_by_author_and_year() {
    let file = data("ring.toml");
    let ended = peerscope(&["cite", file.to_str().unwrap()]);
    let expected = "  Nobody, Journal of Tests, 2026\n      Nobody 2026, Fig. 1: figure asked, 1 expectation\n";
    has(&ended.out, &[expected]);
}

#[test]
fn bad_citations_are_refused_where_they_stand() {
    let file = data("ring.toml");
    for (setting, words) in [
        ("cites=[{ title = \"A\" }]", "the key `key` is missing"),
        (
            "cites=[{ key = \"a b\", title = \"A\" }]",
            "cites.0.key: expected a key of letters",
        ),
        (
            "cites=[{ key = \"a\", title = \"A\", yaer = 3 }]",
            "did you mean `year`?",
        ),
        (
            "cites=[{ key = \"a\", title = \"A\" }, { key = \"a\", title = \"B\" }]",
            "two works under the key `a`",
        ),
        ("cites=[3]", "cites.0: expected a reference"),
    ] {
        let ended = peerscope(&["check", file.to_str().unwrap(), "--set", setting]);
        assert_eq!(ended.exit, Exit::BadInput, "{setting}");
        has(&ended.err, &[words, "--> --set:1:"]);
    }
}

//! What is written down once and must come out again: text files compared line by line, and written anew on request.

use std::fs;
use std::path::Path;

/// Whether golden files are to be written anew instead of compared with.
fn blessing() -> bool {
    std::env::var_os("PEERSCOPE_BLESS").is_some_and(|value| value == "1")
}

/// Holds `rows` against a golden file, or writes it if that is asked for. Lines at its head that begin with `#` are for
/// the reader, and stay.
///
/// # Errors
/// The first difference, in words.
pub(crate) fn hold(file: &Path, rows: &[String]) -> Result<(), String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if blessing() {
        let text = fs::read_to_string(file).unwrap_or_default();
        let head = text.lines().take_while(|line| line.starts_with('#'));
        let lines = head.chain(rows.iter().map(String::as_str));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        return fs::write(file, text).map_err(|error| format!("{name}: {error}"));
    }
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let golden: Vec<&str> = text.lines().skip_while(|line| line.starts_with('#')).collect();
    match first_difference(&golden, rows) {
        None => Ok(()),
        Some(difference) => Err(format!(
            "{name}: {difference}\nIf this change is meant: the head of {name} says how and when to write it anew."
        )),
    }
}

/// The first row in which two lists differ, with the head of the columns above it.
fn first_difference(golden: &[&str], found: &[String]) -> Option<String> {
    let longer = golden.len().max(found.len());
    let row = (0..longer).find(|row| golden.get(*row).copied() != found.get(*row).map(String::as_str))?;
    Some(format!(
        "the first difference is in row {row}\n  columns   {}\n  expected  {}\n  found     {}",
        golden.first().unwrap_or(&"(none)"),
        golden.get(row).unwrap_or(&"(no such row)"),
        found.get(row).map_or("(no such row)", String::as_str),
    ))
}

#[test]
fn the_first_difference_is_found_and_shown() {
    let golden = ["event,digest", "1,aa", "2,bb"];
    let found = |rows: &[&str]| -> Option<String> {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        first_difference(&golden, &rows)
    };
    assert_eq!(found(&golden), None);
    let changed = found(&["event,digest", "1,ab", "2,bb"]).unwrap();
    assert!(
        changed.contains("row 1\n") && changed.contains("expected  1,aa\n  found     1,ab"),
        "{changed}"
    );
    let missing = found(&golden[..2]).unwrap();
    assert!(
        missing.contains("row 2\n") && missing.contains("found     (no such row)"),
        "{missing}"
    );
    let swapped = found(&["event,digest", "2,bb", "1,aa"]).unwrap();
    assert!(swapped.contains("row 1\n"), "{swapped}");
}

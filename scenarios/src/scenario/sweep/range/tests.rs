use proptest::prelude::*;

use super::*;
use crate::input::{Document, Source};

/// The values of a range, or what it is refused with and where.
fn expanded(range: &str) -> Result<Vec<String>, (String, String)> {
    let text = format!("x = {{ {range} }}");
    let document = Document::parse(&Source::argument("test", &text)).unwrap();
    let entry = written(document.get("x").unwrap()).unwrap();
    match values("x", entry) {
        Ok(values) => Ok(values.iter().map(Node::inline).collect()),
        Err(InputError::Invalid(complaint)) => {
            let place = complaint.origin().unwrap().span();
            Err((complaint.title(), text[place].to_owned()))
        }
        Err(other) => panic!("{other}"),
    }
}

fn of(range: &str) -> Vec<String> {
    expanded(range).unwrap_or_else(|error| panic!("{range}: {error:?}"))
}

#[test]
fn linear_ranges_go_in_equal_steps() {
    assert_eq!(
        of("linear = { from = 100, to = 500, step = 200 }"),
        ["100", "300", "500"]
    );
    assert_eq!(of("linear = { from = 100, to = 450, step = 200 }"), ["100", "300"]);
    assert_eq!(of("linear = { from = 5, to = 1, step = 2 }"), ["5", "3", "1"]);
    assert_eq!(of("linear = { from = 0, to = 10, count = 4 }"), ["0", "3", "7", "10"]);
    assert_eq!(
        of("linear = { from = 0, to = 0.4, step = 0.1 }"),
        ["0.0", "0.1", "0.2", "0.3", "0.4"]
    );
    assert_eq!(of("linear = { from = 0, to = 1, step = 0.25 }").len(), 5);
    assert_eq!(of("linear = { from = 0.0, to = 1, count = 3 }"), ["0.0", "0.5", "1.0"]);
    assert_eq!(
        of("linear = { from = \"10 %\", to = 0.3, step = \"10 %\" }"),
        ["10 %", "20 %", "30 %"]
    );
    assert_eq!(
        of("linear = { from = \"1s\", to = \"2s\", step = \"500ms\" }"),
        ["1s", "1.5s", "2s"]
    );
    assert_eq!(
        of("linear = { from = \"500ms\", to = \"2s\", step = \"750ms\" }"),
        ["500ms", "1250ms", "2000ms"]
    );
    assert_eq!(
        of("linear = { from = \"6/min\", to = \"1/s\", count = 3 }"),
        ["6/min", "33/min", "60/min"]
    );
    assert_eq!(
        of("linear = { from = \"1kB\", to = \"2kB\", count = 4 }"),
        ["1kB", "1.333kB", "1.667kB", "2kB"]
    );
}

#[test]
fn geometric_ranges_go_by_equal_factors() {
    assert_eq!(
        of("geometric = { from = 10, to = 1000, count = 5 }"),
        ["10", "32", "100", "316", "1000"]
    );
    assert_eq!(
        of("geometric = { from = 1024, to = 256, factor = 2 }"),
        ["1024", "512", "256"]
    );
    assert_eq!(
        of("geometric = { from = \"1s\", to = \"100s\", count = 5 }"),
        ["1s", "3.16227766s", "10s", "31.622776602s", "100s"]
    );
    assert_eq!(
        of("geometric = { from = 0.001, to = 0.1, factor = 10 }"),
        ["0.001", "0.01", "0.1"]
    );
    assert_eq!(
        of("geometric = { from = \"100kbit/s\", to = \"10Mbit/s\", count = 3 }"),
        ["100kbit/s", "1000kbit/s", "10000kbit/s"]
    );
}

#[test]
fn what_is_no_range_is_refused_where_it_is_written() {
    for (range, part, words) in [
        (
            "linear = { to = 3, step = 1 }",
            "{ to = 3, step = 1 }",
            "the key `from` is missing",
        ),
        (
            "linear = { from = 1, to = 3 }",
            "{ from = 1, to = 3 }",
            "either `step` or `count` is missing",
        ),
        (
            "linear = { from = 1, to = 3, step = 1, count = 3 }",
            "3",
            "two ways to say the same",
        ),
        ("linear = { from = 1, to = 3, stp = 1 }", "stp", "unknown key `stp`"),
        (
            "linear = { from = 1, to = 3, factor = 2 }",
            "factor",
            "unknown key `factor`",
        ),
        (
            "linear = { from = 1, to = 3, step = 0 }",
            "0",
            "expected a step above zero",
        ),
        (
            "linear = { from = 1, to = 3, step = -1 }",
            "-1",
            "expected a step above zero",
        ),
        (
            "linear = { from = 1, to = 3, count = 1 }",
            "1",
            "expected a whole number from 2",
        ),
        (
            "linear = { from = 1, to = 3, count = 2.5 }",
            "2.5",
            "expected a whole number from 2",
        ),
        ("linear = { from = 1, to = 1, step = 1 }", "1", "ends where it begins"),
        (
            "linear = { from = 1, to = 2, step = 3 }",
            "{ from = 1, to = 2, step = 3 }",
            "beyond the end",
        ),
        (
            "linear = { from = \"1s\", to = 3, step = 1 }",
            "3",
            "expected a time as in `from`",
        ),
        (
            "linear = { from = \"1s\", to = \"3m\", count = 3 }",
            "\"3m\"",
            "expected a time as in `from`",
        ),
        (
            "linear = { from = \"one\", to = 3, step = 1 }",
            "\"one\"",
            "expected a number",
        ),
        ("linear = { from = [1], to = 3, step = 1 }", "[1]", "found a list"),
        (
            "linear = { from = 0, to = 2, count = 5 }",
            "{ from = 0, to = 2, count = 5 }",
            "values 2 and 3 are both 1",
        ),
        (
            "linear = { from = 0, to = 1e9, step = 1 }",
            "{ from = 0, to = 1e9, step = 1 }",
            "at most 100000",
        ),
        ("geometric = { from = 0, to = 3, count = 3 }", "0", "lies above zero"),
        (
            "geometric = { from = 1, to = 9, factor = 1 }",
            "1",
            "expected a factor above 1",
        ),
        (
            "geometric = { from = 1, to = 9, factor = \"3s\" }",
            "\"3s\"",
            "expected a factor above 1",
        ),
        (
            "geometric = { from = 1, to = 9, step = 3 }",
            "step",
            "unknown key `step`",
        ),
    ] {
        let (title, place) = expanded(range).expect_err(range);
        assert!(
            title.starts_with("sweep.x.") && title.contains(words),
            "{range}: {title}"
        );
        assert_eq!(place, part, "{range}: {title}");
    }
}

#[test]
fn only_a_table_with_a_law_alone_is_a_range() {
    for text in [
        "x = { linear = [1] }",
        "x = { linear = { from = 1 }, other = 3 }",
        "x = { even = { from = 1 } }",
        "x = 3",
    ] {
        let document = Document::parse(&Source::argument("test", text)).unwrap();
        assert!(written(document.get("x").unwrap()).is_none(), "{text}");
    }
}

proptest! {
    #[test]
    fn whole_ranges_have_their_ends_and_rise(from in 0_i64..1_000_000, span in 1_i64..1_000_000, count in 2_usize..40) {
        let to = from + span.max(count as i64);
        let values = of(&format!("linear = {{ from = {from}, to = {to}, count = {count} }}"));
        let numbers: Vec<i64> = values.iter().map(|value| value.parse().unwrap()).collect();
        prop_assert_eq!(numbers.len(), count);
        prop_assert_eq!((numbers[0], numbers[count - 1]), (from, to));
        prop_assert!(numbers.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn times_of_a_range_are_whole_nanoseconds(from in 1_u64..1_000_000, factor in 2_u64..1000, count in 2_usize..20) {
        let values = of(&format!("geometric = {{ from = \"{from}us\", to = \"{}us\", count = {count} }}", from * factor));
        prop_assert_eq!(values.len(), count);
        for value in &values {
            let decimals = value.trim_end_matches("us").split_once('.').map_or(0, |(_, decimals)| decimals.len());
            prop_assert!(decimals <= 3, "{}", value);
        }
    }
}

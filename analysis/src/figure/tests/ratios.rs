//! Points that are ratios.

use super::*;

#[test]
fn a_point_is_the_ratio_of_the_means_of_the_replications_that_have_both() {
    // The means of i3 lie half a node above the others', and each replication moves both by the same.
    let mut figure = figure("relative_to = { rules = \"ton-2003\" }");
    figure.conditions = only("i3");
    let mut table = lookups();
    let row = [
        "i3".into(),
        8_u64.into(),
        3_u64.into(),
        100.0.into(),
        Cell::Empty,
        Cell::Empty,
    ];
    table.push_row(row).unwrap();
    let drawing = drawn(&figure, &table).unwrap();
    let values = |column| drawing.data.numbers(column).unwrap();
    for (at, (x, mean)) in [(8.0, 1.75), (64.0, 3.0), (1024.0, 4.75), (16_384.0, 7.0)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(values("x")[at], Some(x));
        assert!((values("y")[at].unwrap() - (mean + 0.5) / mean).abs() < 1e-12);
        assert_eq!(values("n")[at], Some(3.0), "the fourth has nothing to be compared with");
    }
    let caption = texts(&drawing.svg).join(" ");
    let said = "Measured: ratio of means of 3 runs, bars: 95 % interval (Student t); 1 runs without a value left out.";
    assert!(caption.contains(said), "{caption}");
}

#[test]
fn a_ratio_can_be_to_one_point_of_the_line() {
    let mut figure = figure("series = \"rules\", relative_to = { nodes = 8 }");
    figure.published.clear();
    let data = drawn(&figure, &lookups()).unwrap().data;
    let y = data.numbers("y").unwrap();
    for (at, expected) in [(0, 1.0), (1, 3.0 / 1.75), (4, 1.0), (5, 3.5 / 2.25)] {
        assert!((y[at].unwrap() - expected).abs() < 1e-12, "{y:?}");
    }
}

#[test]
fn what_cannot_be_a_ratio_is_refused() {
    let schema = Schema::new().with("lookups", &COLUMNS);
    for (lines, key) in [
        ("relative_to = { rule = \"i3\" }", "lines.relative_to"),
        ("relative_to = {}", "lines.relative_to"),
        (
            "relative_to = { nodes = 8 }, quantiles = [\"visited_p01\", \"visited_p99\"]",
            "lines.quantiles",
        ),
    ] {
        let error = figure(lines).check(&schema).unwrap_err().to_string();
        assert!(error.contains(key), "{lines}: {error}");
    }
}

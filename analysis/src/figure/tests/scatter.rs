//! Clouds and their hulls.

use super::*;

/// Six points of a sweep over two keys, two replications each; costs and latencies are even so that means are exact.
fn table() -> Table {
    let mut table = Table::new(&["base", "period", "nodes", REPLICATION, "bytes", "latency"]);
    for (base, period, bytes, latency) in [
        (2_u64, "1min", 40.0, 400.0),
        (2, "4min", 10.0, 700.0),
        (2, "16min", 20.0, 650.0),
        (16, "1min", 100.0, 200.0),
        (16, "4min", 30.0, 300.0),
        (16, "16min", 50.0, 400.0),
    ] {
        for (replication, off) in [(0_u64, -2.0), (1, 2.0)] {
            let names = [base.into(), period.into(), 64_u64.into(), replication.into()];
            let values = [bytes + off, latency + 10.0 * off].map(Cell::from);
            table.push_row(names.into_iter().chain(values)).unwrap();
        }
    }
    table
}

fn cloud(settings: &str) -> Figure {
    toml::from_str(&format!(
        "name = \"cloud\"\ntable = \"cost\"\nscatter = {{ x = \"bytes\", y = \"latency\", {settings} }}\n\
         x = {{ label = \"Traffic\" }}\ny = {{ label = \"Latency\", unit = \"ms\" }}\n"
    ))
    .unwrap()
}

/// Period, x, y, and the places on the hull of all and of the series.
type Named = (String, f64, f64, Option<f64>, Option<f64>);

fn points(drawing: &Drawing) -> Vec<Named> {
    let texts: Vec<String> = drawing.data.column("period").unwrap().map(Cell::to_string).collect();
    let numbers = |column| drawing.data.numbers(column).unwrap();
    let (x, y, hull, own) = (numbers("x"), numbers("y"), numbers("hull"), numbers("series_hull"));
    let point = |(at, period): (usize, String)| (period, x[at].unwrap(), y[at].unwrap(), hull[at], own[at]);
    texts.into_iter().enumerate().map(point).collect()
}

#[test]
fn the_data_names_each_point_and_its_corner_of_the_hull() {
    let drawing = drawn(&cloud("series = \"base\", hull = { of = \"both\" }"), &table()).unwrap();
    let expected = [
        ("1min", 40.0, 400.0, None, Some(2.0)),
        ("4min", 10.0, 700.0, Some(1.0), Some(1.0)),
        ("16min", 20.0, 650.0, None, None),
        ("1min", 100.0, 200.0, Some(3.0), Some(2.0)),
        ("4min", 30.0, 300.0, Some(2.0), Some(1.0)),
        ("16min", 50.0, 400.0, None, None),
    ];
    assert_eq!(
        points(&drawing),
        expected.map(|(period, x, y, all, own)| (period.to_owned(), x, y, all, own))
    );
    let interval = |column| drawing.data.numbers(column).unwrap()[0].unwrap();
    // Student's t with one degree of freedom: 12.706 standard errors of 2.
    assert!((interval("x_high") - 40.0 - 25.412).abs() < 0.01 && (interval("y_low") - 400.0 + 254.12).abs() < 0.1);
    let texts = texts(&drawing.svg).join(" ");
    assert!(
        texts.contains("base = 2") && texts.contains("base = 16") && texts.contains("hull of all"),
        "{texts}"
    );
    let caption = "Measured: 6 points of a sweep, means of 2 runs; lines and filled markers: lower left convex hull.";
    assert!(texts.contains(caption), "{texts}");
}

#[test]
fn a_hull_of_what_should_be_large_lies_above() {
    let drawing = drawn(&cloud("hull = { y = \"more\" }"), &table()).unwrap();
    let hull: Vec<_> = points(&drawing).into_iter().map(|point| point.3).collect();
    assert_eq!(
        hull,
        [None, Some(1.0), None, None, None, None],
        "the cheapest is the slowest"
    );
    assert!(texts(&drawing.svg).join(" ").contains("upper left convex hull"));
    let none = drawn(&cloud(""), &table()).unwrap();
    assert!(points(&none).iter().all(|point| point.3.is_none() && point.4.is_none()));
}

#[test]
fn a_point_without_a_value_is_left_out_and_counted() {
    let mut table = table();
    let row = [
        2_u64.into(),
        "1h".into(),
        64_u64.into(),
        0_u64.into(),
        5.0.into(),
        Cell::Empty,
    ];
    table.push_row(row).unwrap();
    let drawing = drawn(&cloud("hull = {}"), &table).unwrap();
    assert_eq!(drawing.data.len(), 6);
    assert!(
        texts(&drawing.svg)
            .join(" ")
            .contains("1 points without a value left out.")
    );
}

#[test]
fn clouds_that_cannot_be_are_refused_before_the_run() {
    let schema = Schema::new()
        .with("cost", &["base", "period", "nodes", REPLICATION, "bytes", "latency"])
        .with("graph", &["bytes", "latency"]);
    let series = "series = \"base\", hull = { of = \"series\" }";
    assert_eq!(cloud(series).check(&schema), Ok(()));
    for (settings, key) in [
        ("series = \"bases\"", "scatter.series"),
        ("series = \"latency\"", "scatter.series"),
        ("hull = { of = \"both\" }", "scatter.hull.of"),
    ] {
        let error = cloud(settings).check(&schema).unwrap_err();
        assert_eq!(error.key, key, "{settings}: {error}");
    }
    let mut without_runs = cloud("");
    without_runs.table = "graph".to_owned();
    assert_eq!(without_runs.check(&schema).unwrap_err().key, "scatter");
}

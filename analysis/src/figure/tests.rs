mod kinds;
mod legend;
mod ratios;
mod render;
mod scatter;

use super::*;
use crate::cell::Cell;
use crate::spec::Schema;
use crate::statistics::Summary;
use crate::table::REPLICATION;

const COLUMNS: [&str; 6] = [
    "rules",
    "nodes",
    REPLICATION,
    "visited_mean",
    "visited_p01",
    "visited_p99",
];

/// Stoica et al. 2003, Fig. 10(a): number of nodes, mean path length.
const PUBLISHED: [(f64, f64); 3] = [(8.0, 1.719), (256.0, 3.881), (16_384.0, 6.869)];

/// Draws a figure whose table is this one.
fn drawn(figure: &Figure, table: &Table) -> Result<Drawing, DrawError> {
    figure.draw(&|name| (name == figure.table).then_some(table))
}

/// Two rule sets, four sizes, three replications; the second set's means lie half a node above the first's.
fn lookups() -> Table {
    let mut table = Table::new(&COLUMNS);
    for (offset, rules) in [(0.0, "ton-2003"), (0.5, "i3")] {
        for (nodes, mean) in [(8_u64, 1.75), (64, 3.0), (1024, 4.75), (16_384, 7.0)] {
            for replication in 0..3_u64 {
                let value = mean + offset + (replication as f64 - 1.0) * 0.25;
                let ends = [value - 1.0, value + 2.0].map(Cell::from);
                let row = [rules.into(), nodes.into(), replication.into(), value.into()];
                table.push_row(row.into_iter().chain(ends)).unwrap();
            }
        }
    }
    table
}

fn figure(lines: &str) -> Figure {
    let points: Vec<String> = PUBLISHED.iter().map(|(x, y)| format!("[{x:?}, {y}]")).collect();
    toml::from_str(&format!(
        "name = \"fig10a\"\ntable = \"lookups\"\nlines = {{ x = \"nodes\", y = \"visited_mean\", {lines} }}\n\
         x = {{ label = \"Number of nodes\", scale = \"log2\" }}\ny = {{ label = \"Path length\", unit = \"nodes\" }}\n\
         [[published]]\nlabel = \"Stoica et al. 2003, Fig. 10(a)\"\npoints = [{}]\n",
        points.join(", ")
    ))
    .unwrap()
}

fn by_rules() -> Figure {
    figure("series = \"rules\", quantiles = [\"visited_p01\", \"visited_p99\"]")
}

fn only(rules: &str) -> Conditions {
    [("rules".to_owned(), Cell::from(rules))].into()
}

/// A line of the document: its attributes, and the text that follows it.
struct Element<'a>(&'a str, &'a str);

impl Element<'_> {
    fn attribute(&self, name: &str) -> &str {
        let from = self.0.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
        self.0[from..].split('"').next().unwrap()
    }

    fn number(&self, name: &str) -> f64 {
        self.attribute(name).parse().unwrap()
    }

    /// The corners of a line.
    fn corners(&self) -> Vec<(f64, f64)> {
        let corner = |pair: &str| {
            pair.split_once(',')
                .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                .unwrap()
        };
        self.attribute("points").split_whitespace().map(corner).collect()
    }
}

fn elements<'a>(svg: &'a str, tag: &str) -> Vec<Element<'a>> {
    let lines: Vec<&str> = svg.lines().collect();
    let start = format!("<{tag} ");
    let found = lines.iter().enumerate().filter(|(_, line)| line.starts_with(&start));
    found
        .map(|(number, line)| Element(line, lines.get(number + 1).copied().unwrap_or("")))
        .collect()
}

fn texts(svg: &str) -> Vec<String> {
    elements(svg, "text")
        .iter()
        .map(|element| element.1.to_owned())
        .collect()
}

/// The place of a tick's label along its axis.
fn label_at(svg: &str, label: &str, coordinate: &str) -> f64 {
    elements(svg, "text")
        .iter()
        .find(|element| element.1 == label)
        .unwrap()
        .number(coordinate)
}

#[test]
fn points_lie_where_the_axes_say() {
    let mut figure = figure("label = \"peerscope\"");
    figure.conditions = only("ton-2003");
    let svg = drawn(&figure, &lookups()).unwrap().svg;
    let (x8, x512) = (label_at(&svg, "8", "x"), label_at(&svg, "512", "x"));
    // Text is set a little low on purpose, 7 units at this size.
    let (y2, y6) = (label_at(&svg, "2", "y") - 7.0, label_at(&svg, "6", "y") - 7.0);
    let place = |x: f64, y: f64| {
        let doublings = crate::math::log2(x / 8.0);
        (x8 + (x512 - x8) * doublings / 6.0, y2 + (y6 - y2) * (y - 2.0) / 4.0)
    };
    let near = |left: (f64, f64), right: (f64, f64)| (left.0 - right.0).abs() <= 2.0 && (left.1 - right.1).abs() <= 2.0;

    let circles: Vec<(f64, f64)> = elements(&svg, "circle")
        .iter()
        .map(|circle| (circle.number("cx"), circle.number("cy")))
        .collect();
    assert_eq!(circles.len(), 4 + 1, "one a point and one in the legend");
    for (x, y) in [(8.0, 1.75), (64.0, 3.0), (1024.0, 4.75), (16_384.0, 7.0)] {
        assert!(
            circles.iter().any(|&circle| near(circle, place(x, y))),
            "{x}, {y}: {:?}",
            place(x, y)
        );
    }

    let hollow: Vec<(f64, f64)> = elements(&svg, "polyline")
        .iter()
        .filter(|line| line.attribute("stroke") == "#000000" && line.corners().len() == 6)
        .map(|line| {
            let corners = line.corners();
            (
                f64::midpoint(corners[0].0, corners[2].0),
                f64::midpoint(corners[0].1, corners[2].1),
            )
        })
        .collect();
    assert_eq!(hollow.len(), PUBLISHED.len() + 1);
    for (x, y) in PUBLISHED {
        assert!(
            hollow.iter().any(|&marker| near(marker, place(x, y))),
            "{x}, {y}: {:?}",
            place(x, y)
        );
    }
}

#[test]
fn series_labels_units_and_the_meaning_of_bars_are_in_the_document() {
    let texts = texts(&drawn(&by_rules(), &lookups()).unwrap().svg);
    for expected in [
        "ton-2003",
        "i3",
        "Stoica et al. 2003, Fig. 10(a)",
        "Number of nodes",
        "Path length (nodes)",
    ] {
        assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
    }
    let all = texts.join(" ");
    assert!(
        all.contains("Measured: mean of 3 runs, bars: 95 % interval (Student t); thin bars: 1st to 99th percentile.")
    );
}

#[test]
fn swept_values_with_units_have_their_place_on_an_axis_with_a_unit() {
    let mut table = Table::new(&["period", "replication", "correct"]);
    for (period, correct) in [("5s", 0.9), ("2min", 0.5), ("30s", 0.8)] {
        table.push_row([period.into(), 0_u64.into(), correct.into()]).unwrap();
    }
    let figure = |unit: &str| -> Figure {
        let text = format!(
            "name = \"f\"\ntable = \"lookups\"\nlines = {{ x = \"period\", y = \"correct\" }}\n\
             x = {{ label = \"Period\", unit = \"{unit}\" }}\ny = {{ label = \"Correct\" }}"
        );
        toml::from_str(&text).unwrap()
    };
    let data = drawn(&figure("s"), &table).unwrap().data;
    assert_eq!(data.numbers("x").unwrap(), [Some(5.0), Some(30.0), Some(120.0)]);
    let error = drawn(&figure(""), &table).err().unwrap().to_string();
    assert!(
        error.contains("`5s` is no number") && error.contains("unit = \"s\""),
        "{error}"
    );
}

#[test]
fn what_the_figure_calls_its_series_stands_before_their_values() {
    let figure = figure("series = \"rules\", label = \"rules of\"");
    let texts = texts(&drawn(&figure, &lookups()).unwrap().svg);
    assert!(texts.iter().any(|text| text == "rules of i3"), "{texts:?}");
}

#[test]
fn intervals_have_the_length_that_student_says() {
    let mut figure = figure("");
    figure.conditions = only("ton-2003");
    let svg = drawn(&figure, &lookups()).unwrap().svg;
    let unit = (label_at(&svg, "2", "y") - label_at(&svg, "6", "y")) / 4.0;
    // Standard deviation 0.25 over three replications: 4.303 * 0.25 / sqrt(3) to each side.
    let expected = 2.0 * 4.303 * 0.25 / 3.0_f64.sqrt() * unit;
    let upright = elements(&svg, "polyline").into_iter().filter(|line| {
        let corners = line.corners();
        line.attribute("stroke") == "#0072B2" && corners.len() == 2 && corners[0].0 == corners[1].0
    });
    let lengths: Vec<f64> = upright
        .map(|line| (line.corners()[0].1 - line.corners()[1].1).abs())
        .collect();
    assert_eq!(lengths.len(), 4);
    assert!(
        lengths.iter().all(|length| (length - expected).abs() <= 2.0),
        "{lengths:?} {expected}"
    );
}

#[test]
fn series_differ_in_colour_marker_and_dashes() {
    let looks: Vec<style::Look> = (0..30).map(style::look).collect();
    let same = |left: &style::Look, right: &style::Look| {
        left.color == right.color && left.shape == right.shape && left.dashes == right.dashes
    };
    for (index, look) in looks.iter().enumerate() {
        assert!(looks[..index].iter().all(|other| !same(look, other)), "{index}");
    }
    for pair in looks[..5].windows(2) {
        assert!(pair[0].color != pair[1].color && pair[0].shape != pair[1].shape && pair[0].dashes != pair[1].dashes);
    }
    assert_ne!(style::published_shape(0), looks[0].shape);
}

#[test]
fn the_same_table_gives_the_same_bytes_on_every_machine() {
    let drawing = drawn(&by_rules(), &lookups()).unwrap();
    assert_eq!(drawing, drawn(&by_rules(), &lookups()).unwrap());
    // FNV-1a of the document. A change of style changes it, and is to be looked at before the new value goes in here.
    let digest = drawing.svg.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    assert_eq!(format!("{digest:016x}"), "32d39386de9f37db");
}

/// No text reaches over the page, however long labels are and whatever the numbers.
#[test]
fn no_text_is_clipped() {
    let mut figure = by_rules();
    figure.title = Some("A title that is far too long for one line of a single column of a page in print".repeat(2));
    figure.x.label = "A label of the horizontal axis that is as long as a sentence ".repeat(3);
    figure.y.label = "A label of the vertical axis that is as long as a sentence ".repeat(2);
    figure.published[0].label = format!("A{}, Fig. 1", "very".repeat(40));
    let mut table = Table::new(&COLUMNS);
    for (index, rules) in ["one <rule> & \"another\"".repeat(6), "b".repeat(90), "\u{1}c".into()]
        .iter()
        .enumerate()
    {
        let row = [
            rules.as_str().into(),
            8_u64.into(),
            0_u64.into(),
            (index as f64 * 7e9).into(),
        ];
        table
            .push_row(row.into_iter().chain([Cell::Empty, Cell::Empty]))
            .unwrap();
    }
    for width in [Width::Column, Width::Page] {
        figure.width = width;
        let svg = drawn(&figure, &table).unwrap().svg;
        assert!(
            svg.bytes().all(|byte| byte >= b' ' || byte == b'\n'),
            "no control characters"
        );
        let header = svg.split_once("viewBox=\"0 0 ").unwrap().1.split('"').next().unwrap();
        let (page, height) = header
            .split_once(' ')
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .unwrap();
        for text in elements(&svg, "text") {
            let plain = text
                .1
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
                .replace("&quot;", "\"");
            let (x, y, size) = (text.number("x"), text.number("y"), text.number("font-size"));
            let length = text::width(&plain, size);
            let before = match text.attribute("text-anchor") {
                "start" => 0.0,
                "middle" => length / 2.0,
                _ => length,
            };
            let turned = text.0.contains("rotate(270");
            let (from, to, end, across): (f64, f64, f64, f64) = if turned {
                (y + before - length, y + before, height, x)
            } else {
                (x - before, x - before + length, page, y)
            };
            assert!(from >= 0.0 && to <= end, "{}: {from} to {to} of {end}", text.1);
            assert!(across >= size / 2.0, "{}", text.1);
        }
    }
}

#[test]
fn bars_stand_on_zero_and_are_as_high_as_their_values() {
    let mut table = Table::new(&["hops", REPLICATION, "probability"]);
    for (hops, probability) in [(1_u64, 0.1), (2, 0.4), (3, 0.2)] {
        table.push_row([hops.into(), 0_u64.into(), probability.into()]).unwrap();
    }
    let figure: Figure = toml::from_str(
        "name = \"pmf\"\ntable = \"hops\"\nbars = { x = \"hops\", y = \"probability\" }\n\
         x = { label = \"Path length\" }\ny = { label = \"Probability\" }",
    )
    .unwrap();
    let svg = drawn(&figure, &table).unwrap().svg;
    let zero = label_at(&svg, "0.0", "y") - 7.0;
    let unit = (zero - (label_at(&svg, "0.4", "y") - 7.0)) / 0.4;
    let bars: Vec<(f64, f64, f64)> = elements(&svg, "rect")[1..]
        .iter()
        .map(|bar| {
            (
                bar.number("x") + bar.number("width") / 2.0,
                bar.number("y") + bar.number("height"),
                bar.number("height"),
            )
        })
        .collect();
    assert_eq!(bars.len(), 3);
    for ((middle, foot, height), (label, value)) in bars.into_iter().zip([("1", 0.1), ("2", 0.4), ("3", 0.2)]) {
        assert!((middle - label_at(&svg, label, "x")).abs() <= 1.0);
        assert!((foot - zero).abs() <= 1.0);
        assert!((height - value * unit).abs() <= 2.0, "{height} {}", value * unit);
    }
    assert!(
        texts(&svg)
            .join(" ")
            .contains("Measured: one run, so without intervals.")
    );
    assert!(
        texts(&svg).iter().all(|text| text != "measured"),
        "a single series alone needs no legend"
    );
}

#[test]
fn what_is_of_no_run_is_not_called_one() {
    let mut table = Table::new(&["links", "fraction"]);
    for (links, fraction) in [(1_u64, 1.0), (2, 0.4)] {
        table.push_row([links.into(), fraction.into()]).unwrap();
    }
    for (kind, expected) in [
        (
            "lines = { x = \"links\", y = \"fraction\" }",
            ["Links", "Fraction"].as_slice(),
        ),
        ("cdf = { x = \"links\" }", &["Links", "Fraction", "2 samples."]),
        (
            "heat_map = { x = \"links\", y = \"links\", value = \"fraction\" }\nvalue = { label = \"v\" }",
            &["hatched: no value."],
        ),
    ] {
        let figure: Figure = toml::from_str(&format!(
            "name = \"degrees\"\ntable = \"degrees\"\n{kind}\nx = {{ label = \"Links\" }}\ny = {{ label = \"Fraction\" }}"
        ))
        .unwrap();
        let texts = texts(&drawn(&figure, &table).unwrap().svg);
        assert!(!texts.join(" ").contains("Measured"), "{kind}: {texts:?}");
        for text in expected {
            assert!(
                texts.iter().any(|one| one == text),
                "{kind}: {text} is not in {texts:?}"
            );
        }
    }
}

#[test]
fn the_data_is_what_is_drawn() {
    let mut figure = figure("quantiles = [\"visited_p01\", \"visited_p99\"]");
    figure.conditions = only("i3");
    figure.published[0].points[1].range = Some((1.0, 7.0));
    let data = drawn(&figure, &lookups()).unwrap().data;
    let mut bytes = Vec::new();
    data.write_csv(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "series,x,y,low,high,range_low,range_high,n,source");
    assert_eq!(lines.len(), 1 + 4 + 3);
    let half = Summary::of(&[2.0, 2.25, 2.5]).unwrap().half_width.unwrap();
    assert_eq!(
        lines[1],
        format!("measured,8,2.25,{},{},1.25,4.25,3,measured", 2.25 - half, 2.25 + half)
    );
    assert_eq!(
        lines[6],
        "\"Stoica et al. 2003, Fig. 10(a)\",256,3.881,,,1,7,,published"
    );
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_says_what_to_change() {
    let error = |figure: &Figure, table: &Table| drawn(figure, table).unwrap_err().to_string();
    let mut empty = by_rules();
    empty.conditions = only("corrected");
    assert_eq!(
        error(&empty, &lookups()),
        "figure `fig10a`: nothing to draw: table `lookups` has no value of `visited_mean` where rules = corrected"
    );
    assert!(error(&by_rules(), &Table::new(&COLUMNS)).contains("nothing to draw"));
    assert!(error(&by_rules(), &Table::new(&["nodes"])).contains("unknown column `rules`"));
    assert!(error(&figure(""), &lookups()).contains("replication 0 has several rows where nodes = 8"));

    let mut zero = lookups();
    let row = [
        "i3".into(),
        0_u64.into(),
        0_u64.into(),
        1.0.into(),
        Cell::Empty,
        Cell::Empty,
    ];
    zero.push_row(row).unwrap();
    let message = error(&by_rules(), &zero);
    assert!(
        message.contains("the x axis is logarithmic, but `i3` has x = 0"),
        "{message}"
    );
    let mut published = by_rules();
    published.published[0].points[0].y = -1.0;
    published.y.scale = Scale::Log10;
    let message = error(&published, &lookups());
    assert!(
        message.contains("the y axis is logarithmic, but `Stoica et al. 2003, Fig. 10(a)` has y = -1"),
        "{message}"
    );

    let mut huge = lookups();
    let large = [
        "i3".into(),
        8_u64.into(),
        9_u64.into(),
        1e300.into(),
        Cell::Empty,
        Cell::Empty,
    ];
    huge.push_row(large).unwrap();
    assert!(error(&by_rules(), &huge).contains("magnitudes up to 1e100"));
    let mut text = lookups();
    text.push_row(["i3", "many", "0", "1", "", ""].map(Cell::from)).unwrap();
    assert!(error(&by_rules(), &text).contains("`many` is no number; if it has a unit"));
}

#[test]
fn few_or_equal_or_missing_values_are_drawn() {
    for values in [
        vec![0.0],
        vec![5.0],
        vec![5.0, 5.0],
        vec![-1e-12],
        vec![1e99, -1e99],
        vec![f64::NAN, 2.0],
    ] {
        for scale in [Scale::Linear, Scale::Log2, Scale::Log10] {
            let mut table = Table::new(&COLUMNS);
            for (index, value) in values.iter().enumerate() {
                let row = [
                    "i3".into(),
                    (index + 1).into(),
                    0_u64.into(),
                    (*value).into(),
                    Cell::Empty,
                    Cell::Empty,
                ];
                table.push_row(row).unwrap();
            }
            let mut figure = by_rules();
            figure.published.clear();
            figure.x.scale = scale;
            for figure in [
                figure.clone(),
                Figure {
                    bars: figure.lines.take(),
                    ..figure
                },
            ] {
                let drawing = drawn(&figure, &table).unwrap();
                assert_eq!(
                    drawing.data.len(),
                    values.iter().filter(|value| value.is_finite()).count()
                );
                assert!(
                    !drawing.svg.contains("NaN") && !drawing.svg.contains("2147483647"),
                    "{values:?}"
                );
            }
        }
    }
}

#[test]
fn an_interval_below_zero_reaches_to_the_end_of_a_logarithmic_axis() {
    let mut table = Table::new(&COLUMNS);
    for (replication, value) in [(0_u64, 0.001), (1, 100.0)] {
        let row = [
            "i3".into(),
            8_u64.into(),
            replication.into(),
            value.into(),
            0_u64.into(),
            1000_u64.into(),
        ];
        table.push_row(row).unwrap();
    }
    let mut figure = by_rules();
    figure.y.scale = Scale::Log10;
    let drawing = drawn(&figure, &table).unwrap();
    assert_eq!(drawing.data.rows().next().unwrap()[5], Cell::from(0_u64));
    let page: f64 = drawing
        .svg
        .split_once("viewBox=\"0 0 2520 ")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    for line in elements(&drawing.svg, "polyline") {
        assert!(
            line.corners()
                .iter()
                .all(|(x, y)| (0.0..=2520.0).contains(x) && (0.0..=page).contains(y))
        );
    }
}

#[test]
fn mistakes_are_found_before_the_run_with_their_key() {
    let schema = Schema::new().with("lookups", &COLUMNS);
    assert_eq!(by_rules().check(&schema), Ok(()));
    type Change = fn(&mut Figure);
    let cases: [(Change, &str, &str); 16] = [
        (|figure| figure.name = "../fig".into(), "name", "a file name of letters"),
        (|figure| figure.name = String::new(), "name", "a file name of letters"),
        (
            |figure| figure.table = "lookup".into(),
            "table",
            "did you mean `lookups`?",
        ),
        (
            |figure| figure.conditions = [("rule".into(), 1_u64.into())].into(),
            "where.rule",
            "did you mean `rules`?",
        ),
        (
            |figure| figure.lines = None,
            "lines",
            "exactly one of lines, bars, pmf, cdf, ccdf, heat_map, scatter, network, ring, found none",
        ),
        (
            |figure| figure.bars = figure.lines.clone(),
            "lines",
            "found lines, bars",
        ),
        (
            |figure| figure.lines.as_mut().unwrap().x = "node".into(),
            "lines.x",
            "did you mean `nodes`?",
        ),
        (
            |figure| figure.lines.as_mut().unwrap().y = "hops".into(),
            "lines.y",
            "columns are: rules, nodes, replication",
        ),
        (
            |figure| figure.lines.as_mut().unwrap().series = Some("rule".into()),
            "lines.series",
            "did you mean `rules`?",
        ),
        (
            |figure| figure.lines.as_mut().unwrap().quantiles = Some(["visited_p01".into(), "visited_p9".into()]),
            "lines.quantiles",
            "unknown column `visited_p9`",
        ),
        (|figure| figure.x.label = " ".into(), "x.label", "what the axis shows"),
        (
            |figure| figure.x.range = Some([0.0, 10.0]),
            "x.range",
            "positive ends on a logarithmic axis, found [0, 10]",
        ),
        (
            |figure| figure.y.range = Some([10.0, 1.0]),
            "y.range",
            "the lower end first",
        ),
        (
            |figure| figure.y.range = Some([1.0, f64::INFINITY]),
            "y.range",
            "both up to 1e100",
        ),
        (
            |figure| figure.published[0].points.clear(),
            "published.points",
            "at least one point",
        ),
        (
            |figure| figure.published[0].points[0].x = 0.0,
            "published.points",
            "the x axis is logarithmic",
        ),
    ];
    for (change, key, message) in cases {
        let mut figure = by_rules();
        change(&mut figure);
        let error = figure.check(&schema).unwrap_err();
        assert_eq!(error.key, key);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn unknown_keys_and_malformed_points_are_refused() {
    let refusal = |body: &str| {
        let text = format!("name = \"a\"\ntable = \"b\"\nx = {{ label = \"x\" }}\ny = {{ label = \"y\" }}\n{body}");
        toml::from_str::<Figure>(&text).unwrap_err().to_string()
    };
    assert!(refusal("titel = \"x\"").contains("unknown field `titel`"));
    assert!(refusal("lines = { x = \"a\", y = \"b\", z = \"c\" }").contains("unknown field `z`"));
    assert!(refusal("width = \"wide\"").contains("unknown variant `wide`, expected `column` or `page`"));
    assert!(
        refusal("published = [{ label = \"l\", points = [[1]] }]").contains("[x, y] or [x, y, low, high], found 1")
    );
    assert!(refusal("published = [{ label = \"l\", points = [[1, 2, 4, 3]] }]").contains("low <= high"));
}

#[test]
fn a_specification_is_written_as_it_is_read() {
    let mut figure = by_rules();
    figure.published[0].points[0].range = Some((1.0, 3.0));
    figure.conditions = [("nodes".into(), 8_u64.into()), ("rules".into(), "i3".into())].into();
    figure.x.range = Some([1.0, 20_000.0]);
    assert_eq!(
        toml::from_str::<Figure>(&toml::to_string(&figure).unwrap()).unwrap(),
        figure
    );
}

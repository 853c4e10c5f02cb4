//! That the legend covers no data: read off the document, whatever the drawing believes.

use super::*;
use crate::expect::Relative;

/// A sequence that looks random and is the same everywhere.
struct Sequence(u64);

impl Sequence {
    /// The next number from 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 24)
    }
}

/// Left, top, right, bottom.
type Box = (f64, f64, f64, f64);

fn overlap(one: Box, other: Box) -> bool {
    one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3
}

/// Small boxes that together cover what an element draws; none for the grid, the page and the legend itself.
fn boxes(tag: &str, element: &Element<'_>) -> Vec<Box> {
    let along = |corners: Vec<(f64, f64)>| {
        let pairs: Vec<_> = corners.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let steps = pairs.into_iter().flat_map(|((x, y), (to_x, to_y))| {
            let count = ((to_x - x).abs().max((to_y - y).abs()) / 4.0).ceil().max(1.0);
            (0..=count as u32).map(move |step| {
                let share = f64::from(step) / count;
                let (x, y) = (x + share * (to_x - x), y + share * (to_y - y));
                (x - 1.0, y - 1.0, x + 1.0, y + 1.0)
            })
        });
        steps.collect()
    };
    match tag {
        "polyline" if element.attribute("stroke") == "#E2E2E2" => Vec::new(),
        "polyline" | "polygon" => along(element.corners()),
        "circle" => {
            let (x, y, radius) = (element.number("cx"), element.number("cy"), element.number("r"));
            vec![(x - radius, y - radius, x + radius, y + radius)]
        }
        _ => {
            let (x, y) = (element.number("x"), element.number("y"));
            vec![(x, y, x + element.number("width"), y + element.number("height"))]
        }
    }
}

/// Where the legend stands: in the frame, on its white ground, or below.
#[derive(PartialEq, Debug)]
enum Stands {
    Within,
    Below,
}

/// Checks one document, in which a series is called `label`.
fn check(svg: &str, label: &str, case: &str) -> Stands {
    let lines = elements(svg, "polyline");
    let axes = lines
        .iter()
        .rfind(|line| line.attribute("stroke") == "#000000" && line.corners().len() == 3)
        .unwrap();
    // Data is drawn before the axes, and the legend, on a white ground if it stands in the frame, behind them.
    let (before, after) = svg.split_at(svg.rfind(axes.0).unwrap());
    let corners = axes.corners();
    let (left, bottom, right, top) = (corners[0].0, corners[1].1, corners[2].0, corners[0].1);
    let legend = elements(after, "text").into_iter().find(|text| text.1.ends_with(label));
    let legend = legend.unwrap_or_else(|| panic!("{case}: no entry `{label}`"));
    if legend.number("y") > bottom {
        return Stands::Below;
    }
    let rectangles = elements(after, "rect");
    let ground = rectangles.iter().find(|one| one.attribute("fill") == "#FFFFFF");
    let ground = ground.unwrap_or_else(|| panic!("{case}: a legend without a ground"));
    let area = boxes("rect", ground)[0];
    assert!(
        area.0 >= left && area.1 >= top && area.2 <= right && area.3 <= bottom,
        "{case}: the legend leaves the frame"
    );
    for tag in ["polyline", "polygon", "circle", "rect"] {
        let drawn = elements(before, tag);
        // Not the page itself.
        for element in drawn.iter().skip(usize::from(tag == "rect")) {
            let covered = boxes(tag, element).into_iter().find(|one| overlap(*one, area));
            assert_eq!(covered, None, "{case}: the legend covers {}", element.0);
        }
    }
    Stands::Within
}

fn random_table(sequence: &mut Sequence, columns: &[String], series: usize, shape: usize) -> Table {
    let mut table = Table::new(columns);
    let count = 2 + (sequence.next() * 14.0) as usize;
    for one in 0..series {
        let offset = sequence.next();
        for place in 0..count {
            let level = match shape {
                0 => place as f64 / count as f64,
                1 => 1.0 - place as f64 / count as f64,
                2 => sequence.next(),
                _ => 0.5 + 0.5 * offset,
            };
            for replication in 0..3_u64 {
                let y = 0.01 + (level + offset * 0.3 + sequence.next() * 0.2) / 3.0;
                let cell = |column: &String| match column.as_str() {
                    "series" => Cell::from(format!("entry {one}").as_str()),
                    REPLICATION => replication.into(),
                    "x" => (1 + place).into(),
                    _ => y.into(),
                };
                table.push_row(columns.iter().map(cell)).unwrap();
            }
        }
    }
    table
}

#[test]
fn the_legend_never_covers_data() {
    let mut sequence = Sequence(2003);
    let columns = ["series", REPLICATION, "x", "y"].map(str::to_owned);
    let mut stood = Vec::new();
    for case in 0..160_usize {
        let kind = [
            "lines = { x = \"x\", y = \"y\", series = \"series\" }",
            "lines = { x = \"x\", y = \"y\", series = \"series\", interval = \"band\" }",
            "bars = { x = \"x\", y = \"y\", series = \"series\" }",
            "pmf = { x = \"x\", y = \"y\", series = \"series\", marks = \"points\" }",
            "ccdf = { x = \"x\", y = \"y\", series = \"series\" }",
        ][case % 5];
        let table = random_table(&mut sequence, &columns, 1 + case % 4, case / 5 % 4);
        let width = if case % 3 == 0 { "page" } else { "column" };
        let figure: Figure = toml::from_str(&format!(
            "name = \"f\"\ntable = \"t\"\nwidth = \"{width}\"\n{kind}\nx = {{ label = \"x\" }}\ny = {{ label = \"y\" }}\n\
             [[published]]\nlabel = \"Stoica et al. 2003\"\npoints = [[1, 0.5], [3, 0.1, 0.05, {}]]\n",
            0.1 + sequence.next()
        ))
        .unwrap();
        let svg = drawn(&figure, &table).unwrap().svg;
        stood.push(check(&svg, "entry 0", &format!("case {case}, {kind}")));
    }
    for stands in [Stands::Within, Stands::Below] {
        let count = stood.iter().filter(|other| **other == stands).count();
        assert!(
            count > 15,
            "{stands:?} only {count} times: the test looks at one of both only"
        );
    }
}

/// The figures of the scenarios that come with peerscope, over tables of random numbers.
#[test]
fn nor_do_the_legends_of_the_scenarios() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| path.file_stem().is_some_and(|name| name != "Cargo"))
        .collect();
    files.sort();
    let mut sequence = Sequence(10);
    let mut seen = 0;
    for file in files {
        let document: toml::Table = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let figures = document.get("figure").and_then(toml::Value::as_array);
        for figure in figures.into_iter().flatten() {
            let mut figure: Figure = figure.clone().try_into().unwrap();
            figure.conditions.clear();
            let columns = match (&mut figure.lines, &mut figure.bars, &mut figure.cdf, &mut figure.ccdf) {
                (Some(columns), ..) | (_, Some(columns), ..) => {
                    columns.x = "x".into();
                    columns.quantiles = None;
                    columns.relative_to = Relative::default();
                    columns.series = Some("series".into());
                    vec!["series".into(), REPLICATION.into(), "x".into(), columns.y.clone()]
                }
                (_, _, Some(columns), _) | (_, _, _, Some(columns)) => {
                    columns.x = "x".into();
                    columns.series = Some("series".into());
                    vec![
                        "series".into(),
                        REPLICATION.into(),
                        "x".into(),
                        columns.y.clone().unwrap_or("y".into()),
                    ]
                }
                _ => continue,
            };
            for shape in 0..4 {
                let table = random_table(&mut sequence, &columns, 2, shape);
                let svg = drawn(&figure, &table).unwrap().svg;
                check(&svg, "entry 0", &format!("{}, {}", file.display(), figure.name));
            }
            seen += 1;
        }
    }
    assert!(seen >= 4, "the scenarios have figures");
}

//! Distributions, heat maps and pictures of overlays.

use super::*;

fn distribution(kind: &str) -> Figure {
    toml::from_str(&format!(
        "name = \"d\"\ntable = \"t\"\n{kind}\nx = {{ label = \"Latency\", unit = \"ms\" }}\ny = {{ label = \"Fraction\" }}"
    ))
    .unwrap()
}

fn table(columns: &[&str], rows: &[&[Cell]]) -> Table {
    let mut table = Table::new(columns);
    for row in rows {
        table.push_row(row.iter().cloned()).unwrap();
    }
    table
}

/// x, mean and n of every point drawn.
fn points(drawing: &Drawing) -> Vec<(f64, f64, f64)> {
    let numbers = |column| drawing.data.numbers(column).unwrap();
    let (x, y, n) = (numbers("x"), numbers("y"), numbers("n"));
    (0..x.len())
        .map(|row| (x[row].unwrap(), y[row].unwrap(), n[row].unwrap()))
        .collect()
}

#[test]
fn a_number_that_a_replication_never_saw_counts_as_zero() {
    let hops = table(
        &[REPLICATION, "hops", "fraction"],
        &[
            &[0_u64.into(), 1_u64.into(), 1.0.into()],
            &[1_u64.into(), 1_u64.into(), 0.5.into()],
            &[1_u64.into(), 2_u64.into(), 0.5.into()],
        ],
    );
    let expected = [(1.0, 0.75, 2.0), (2.0, 0.25, 2.0)];
    let drawing = drawn(&distribution("pmf = { x = \"hops\", y = \"fraction\" }"), &hops).unwrap();
    assert_eq!(points(&drawing), expected);
    // The same from one row a lookup.
    let samples = [(0_u64, 1_u64), (0, 1), (1, 2), (1, 1)];
    let rows: Vec<[Cell; 2]> = samples.map(|(run, hops)| [run.into(), hops.into()]).into();
    let rows: Vec<&[Cell]> = rows.iter().map(<[Cell; 2]>::as_slice).collect();
    let drawing = drawn(
        &distribution("pmf = { x = \"hops\" }"),
        &table(&[REPLICATION, "hops"], &rows),
    )
    .unwrap();
    assert_eq!(points(&drawing), expected);
    assert!(texts(&drawing.svg).join(" ").contains("4 samples."));
}

#[test]
fn a_fraction_of_zero_is_left_out_of_a_logarithmic_axis_and_its_interval_ends_at_one() {
    let hops = table(
        &[REPLICATION, "hops", "fraction"],
        &[
            &[0_u64.into(), 1_u64.into(), 0.9.into()],
            &[0_u64.into(), 2_u64.into(), 0.0.into()],
            &[1_u64.into(), 1_u64.into(), 0.7.into()],
        ],
    );
    let mut figure = distribution("pmf = { x = \"hops\", y = \"fraction\", marks = \"points\" }");
    figure.y.scale = Scale::Log10;
    let drawing = drawn(&figure, &hops).unwrap();
    assert_eq!(drawing.data.len(), 1);
    assert_eq!(drawing.data.numbers("high").unwrap(), [Some(1.0)]);
    let half = table(&["hops", "fraction"], &[&[1.5.into(), 1.0.into()]]);
    let error = drawn(&figure, &half).unwrap_err().to_string();
    assert!(
        error.contains("column `hops` of `measured` has 1.5, which is no whole number"),
        "{error}"
    );
}

#[test]
fn cumulative_distributions_step_at_samples_and_average_over_replications() {
    let rows =
        [(0_u64, 10.0), (0, 20.0), (1, 10.0), (1, 10.0), (1, 40.0), (1, 40.0)].map(|(run, x)| [run.into(), x.into()]);
    let rows: Vec<&[Cell]> = rows.iter().map(<[Cell; 2]>::as_slice).collect();
    let samples = table(&[REPLICATION, "ms"], &rows);
    let cdf = drawn(&distribution("cdf = { x = \"ms\" }"), &samples).unwrap();
    assert_eq!(points(&cdf), [(10.0, 0.5, 2.0), (20.0, 0.75, 2.0), (40.0, 1.0, 2.0)]);
    let mut figure = distribution("ccdf = { x = \"ms\" }");
    figure.y.scale = Scale::Log10;
    let ccdf = drawn(&figure, &samples).unwrap();
    assert_eq!(
        points(&ccdf),
        [(10.0, 0.5, 2.0), (20.0, 0.25, 2.0)],
        "zero has no logarithm"
    );
    // Level until the next sample, then upright.
    let curve = elements(&cdf.svg, "polyline")
        .into_iter()
        .find(|line| line.attribute("stroke") == "#0072B2")
        .unwrap()
        .corners();
    assert_eq!(curve.len(), 5);
    assert!(
        curve
            .windows(2)
            .all(|pair| pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1),
        "{curve:?}"
    );
}

#[test]
fn an_edge_that_a_replication_lacks_takes_what_it_had_reached() {
    let edges = table(
        &[REPLICATION, "ms", "fraction_at_most"],
        &[
            &[0_u64.into(), 10.0.into(), 0.2.into()],
            &[0_u64.into(), 30.0.into(), 1.0.into()],
            &[1_u64.into(), 20.0.into(), 0.6.into()],
            &[1_u64.into(), 30.0.into(), 1.0.into()],
        ],
    );
    let drawing = drawn(&distribution("cdf = { x = \"ms\", y = \"fraction_at_most\" }"), &edges).unwrap();
    assert_eq!(points(&drawing), [(10.0, 0.1, 2.0), (20.0, 0.4, 2.0), (30.0, 1.0, 2.0)]);
    let repeated = table(
        &[REPLICATION, "ms", "fraction_at_most"],
        &[
            &[0_u64.into(), 10.0.into(), 0.2.into()],
            &[0_u64.into(), 10.0.into(), 0.3.into()],
        ],
    );
    let figure = distribution("cdf = { x = \"ms\", y = \"fraction_at_most\" }");
    let error = drawn(&figure, &repeated).unwrap_err().to_string();
    assert!(
        error.contains("replication 0 has several rows where ms = 10"),
        "{error}"
    );
}

#[test]
fn a_curve_over_many_samples_stays_small_and_keeps_its_ends() {
    let mut samples = Table::new(&["ms"]);
    for sample in 0..20_000_u64 {
        samples.push_row([Cell::from((sample * 7919 % 20_000) + 1)]).unwrap();
    }
    let mut figure = distribution("ccdf = { x = \"ms\" }");
    figure.x.scale = Scale::Log10;
    let drawing = drawn(&figure, &samples).unwrap();
    let points = points(&drawing);
    assert!(points.len() < 900, "{}", points.len());
    assert_eq!((points[0].0, points[points.len() - 1].0), (1.0, 20_000.0));
    assert!(points.iter().all(|(x, y, _)| (y - (1.0 - x / 20_000.0)).abs() < 1e-12));
}

#[test]
fn a_band_reaches_from_end_to_end_of_the_interval() {
    let mut figure = figure("interval = \"band\"");
    figure.conditions = only("ton-2003");
    let drawing = drawn(&figure, &lookups()).unwrap();
    let unit = (label_at(&drawing.svg, "2", "y") - label_at(&drawing.svg, "6", "y")) / 4.0;
    let band = elements(&drawing.svg, "polygon").into_iter().next().unwrap();
    assert_eq!(band.attribute("fill-opacity"), "0.25");
    let corners = band.corners();
    assert_eq!(corners.len(), 8);
    let expected = 2.0 * 4.303 * 0.25 / 3.0_f64.sqrt() * unit;
    for point in 0..4 {
        let height = (corners[point].1 - corners[7 - point].1).abs();
        assert!((height - expected).abs() <= 2.0, "{height} {expected}");
    }
    assert!(
        texts(&drawing.svg)
            .join(" ")
            .contains("mean of 3 runs, shaded: 95 % interval")
    );
}

fn heat_map() -> (Figure, Table) {
    let figure = toml::from_str(
        "name = \"h\"\ntable = \"t\"\nheat_map = { x = \"nodes\", y = \"period\", value = \"correct\" }\n\
         x = { label = \"Nodes\", scale = \"log2\" }\ny = { label = \"Period\" }\nvalue = { label = \"Correct\" }",
    );
    let mut table = Table::new(&["nodes", "period", REPLICATION, "correct"]);
    for (nodes, period, value) in [(8_u64, "5s", 0.0), (16, "5s", 0.5), (8, "30s", 1.0)] {
        for replication in 0..2_u64 {
            table
                .push_row([nodes.into(), period.into(), replication.into(), value.into()])
                .unwrap();
        }
    }
    (figure.unwrap(), table)
}

#[test]
fn a_heat_map_has_a_coloured_cell_for_each_value_and_says_where_there_is_none() {
    let (figure, table) = heat_map();
    let drawing = drawn(&figure, &table).unwrap();
    let texts = texts(&drawing.svg);
    for expected in ["5s", "30s", "Nodes", "Period", "Correct", "0.4"] {
        assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
    }
    assert!(
        texts
            .iter()
            .any(|text| text == "Measured: mean of 2 runs; hatched: no value.")
    );
    let cells: Vec<Element<'_>> = elements(&drawing.svg, "rect").into_iter().skip(2).take(3).collect();
    let colors: Vec<&str> = cells.iter().map(|cell| cell.attribute("fill")).collect();
    assert_eq!((colors[0], colors[2]), ("#440154", "#FEE825"), "the ends of viridis");
    assert!(
        cells[0].number("y") > cells[2].number("y"),
        "the first period lies below"
    );
    assert!(cells[0].number("x") < cells[1].number("x"));
    assert_eq!(
        drawing.data.numbers("value").unwrap(),
        [Some(0.0), Some(0.5), Some(1.0)]
    );
}

/// Two members and a joining node, of which one has no place; a link to a node that is gone.
fn snapshot() -> (Table, Table) {
    let nodes = table(
        &["time_s", "node", "turn", "x", "y", "state"],
        &[
            &[
                60_u64.into(),
                0_u64.into(),
                0.0.into(),
                0.0.into(),
                0.0.into(),
                "member".into(),
            ],
            &[
                60_u64.into(),
                1_u64.into(),
                0.25.into(),
                40.0.into(),
                0.0.into(),
                "member".into(),
            ],
            &[
                60_u64.into(),
                2_u64.into(),
                0.5.into(),
                0.0.into(),
                20.0.into(),
                "joining".into(),
            ],
            &[
                60_u64.into(),
                3_u64.into(),
                0.75.into(),
                Cell::Empty,
                Cell::Empty,
                "member".into(),
            ],
            &[
                90_u64.into(),
                0_u64.into(),
                0.0.into(),
                0.0.into(),
                0.0.into(),
                "member".into(),
            ],
        ],
    );
    let link = |from: u64, to: u64, kind: &str| [60_u64.into(), from.into(), to.into(), kind.into()];
    let rows = [
        link(0, 1, "successor"),
        link(1, 0, "successor"),
        link(1, 2, "successor"),
        link(0, 2, "finger"),
        link(0, 3, "finger"),
        link(0, 9, "finger"),
    ];
    let rows: Vec<&[Cell]> = rows.iter().map(<[Cell; 4]>::as_slice).collect();
    (nodes, table(&["time_s", "from", "to", "kind"], &rows))
}

fn picture(kind: &str) -> Figure {
    toml::from_str(&format!(
        "name = \"p\"\ntable = \"snapshot_links\"\nwhere = {{ time_s = 60 }}\n{kind}"
    ))
    .unwrap()
}

fn snapshot_drawn(figure: &Figure) -> Result<Drawing, DrawError> {
    let (nodes, links) = snapshot();
    figure.draw(&|name| match name {
        "snapshot_nodes" => Some(&nodes),
        "snapshot_links" => Some(&links),
        _ => None,
    })
}

#[test]
fn a_network_has_the_same_scale_across_and_up_and_tells_what_it_leaves_out() {
    let figure = picture("network = { nodes = \"snapshot_nodes\", kind = \"kind\", state = \"state\" }");
    let drawing = snapshot_drawn(&figure).unwrap();
    let all = texts(&drawing.svg).join(" ");
    for expected in [
        "3 nodes, 3 links; 1 node without a place left out; 2 links to what is not shown left out.",
        "successor (2)",
        "finger (1)",
        "member (2)",
        "joining (1)",
    ] {
        assert!(all.contains(expected), "{expected}: {all}");
    }
    let members: Vec<(f64, f64)> = elements(&drawing.svg, "circle")
        .iter()
        .map(|node| (node.number("cx"), node.number("cy")))
        .collect();
    let joining = elements(&drawing.svg, "polygon")[0].corners();
    let joining = (
        f64::midpoint(joining[0].0, joining[2].0),
        f64::midpoint(joining[0].1, joining[2].1),
    );
    let (across, up) = (members[1].0 - members[0].0, members[0].1 - joining.1);
    assert!(
        (across - 2.0 * up).abs() <= 3.0,
        "40 across are twice 20 up: {across} {up}"
    );
    assert_eq!(drawing.data.len(), 3 + 3);
}

#[test]
fn a_geographic_picture_shortens_degrees_of_longitude() {
    let kind = |more: &str| picture(&format!("network = {{ nodes = \"snapshot_nodes\" {more} }}"));
    let proportion = |figure: &Figure, latitude: f64| {
        let mut nodes = Table::new(&["time_s", "node", "x", "y"]);
        for (node, x, y) in [(0_u64, 0.0, latitude), (1, 10.0, latitude), (2, 0.0, latitude + 10.0)] {
            nodes
                .push_row([60_u64.into(), node.into(), x.into(), y.into()])
                .unwrap();
        }
        let (_, links) = snapshot();
        let drawing = figure
            .draw(&|name| Some(if name == "snapshot_nodes" { &nodes } else { &links }))
            .unwrap();
        let places: Vec<(f64, f64)> = elements(&drawing.svg, "circle")
            .iter()
            .map(|node| (node.number("cx"), node.number("cy")))
            .collect();
        (places[1].0 - places[0].0) / (places[0].1 - places[2].1)
    };
    assert!(
        (proportion(&kind(", geographic = true"), 55.0) - 0.5).abs() < 0.01,
        "cos 60\u{b0}"
    );
    assert!((proportion(&kind(""), 55.0) - 1.0).abs() < 0.01);
}

#[test]
fn a_ring_is_a_circle_from_the_top_clockwise() {
    let figure = picture("ring = { nodes = \"snapshot_nodes\", kind = \"kind\" }");
    let drawing = snapshot_drawn(&figure).unwrap();
    let circles = elements(&drawing.svg, "circle");
    let circle = &circles[0];
    let (x, y, radius) = (circle.number("cx"), circle.number("cy"), circle.number("r"));
    let nodes: Vec<(f64, f64)> = circles[1..]
        .iter()
        .map(|node| (node.number("cx"), node.number("cy")))
        .collect();
    let expected = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
    assert_eq!(nodes, expected);
    let links = svg_paths(&drawing.svg);
    assert!(
        links.contains(&format!("M{x},{}L{},{y}", y - radius, x + radius)),
        "{links}"
    );
    assert!(
        texts(&drawing.svg)
            .join(" ")
            .contains("4 nodes, 4 links; 1 link to what is not shown left out.")
    );
}

#[test]
fn a_network_tells_where_nodes_share_a_place() {
    let (mut nodes, links) = snapshot();
    let twin = [
        60_u64.into(),
        4_u64.into(),
        0.9.into(),
        40.0.into(),
        0.0.into(),
        "member".into(),
    ];
    nodes.push_row(twin).unwrap();
    let figure = picture("network = { nodes = \"snapshot_nodes\" }");
    let drawing = figure.draw(&|name| match name {
        "snapshot_nodes" => Some(&nodes),
        "snapshot_links" => Some(&links),
        _ => None,
    });
    let all = texts(&drawing.unwrap().svg).join(" ");
    assert!(all.contains("4 nodes at 3 places, 3 links;"), "{all}");
}

fn svg_paths(svg: &str) -> String {
    svg.lines().filter(|line| line.starts_with("<path ")).collect()
}

#[test]
fn a_picture_shows_one_moment_and_its_tables_are_checked_before_the_run() {
    let mut figure = picture("ring = { nodes = \"snapshot_nodes\" }");
    figure.conditions.clear();
    let error = snapshot_drawn(&figure).unwrap_err().to_string();
    assert!(
        error.contains("node 0 has several rows in table `snapshot_nodes`"),
        "{error}"
    );
    let (nodes, links) = snapshot();
    let schema = Schema::new()
        .with("snapshot_nodes", nodes.columns())
        .with("snapshot_links", links.columns());
    for (kind, key, message) in [
        ("ring = { nodes = \"snapshot_nodes\" }", "", ""),
        (
            "ring = { nodes = \"snapshot_node\" }",
            "ring.nodes",
            "did you mean `snapshot_nodes`?",
        ),
        (
            "ring = { nodes = \"snapshot_nodes\", kind = \"kinds\" }",
            "ring.kind",
            "did you mean `kind`?",
        ),
        (
            "ring = { nodes = \"snapshot_nodes\", state = \"kind\" }",
            "ring.state",
            "unknown column `kind` in table `snapshot_nodes`",
        ),
        (
            "ring = { nodes = \"snapshot_nodes\" }\nx = { label = \"x\" }",
            "x",
            "no such axis of a figure of kind `ring`",
        ),
        (
            "network = { nodes = \"snapshot_nodes\" }\nx = { label = \"x\" }",
            "y.label",
            "what the axis shows",
        ),
        (
            "network = { nodes = \"snapshot_nodes\", from = \"start\" }",
            "network.from",
            "unknown column `start`",
        ),
        (
            "ring = { nodes = \"snapshot_nodes\" }\nwhere = { kin = \"finger\" }",
            "where.kin",
            "did you mean `kind`?",
        ),
        (
            "ring = { nodes = \"snapshot_nodes\" }\npublished = [{ label = \"l\", points = [[1, 1]] }]",
            "published",
            "no published points",
        ),
        (
            "lines = { x = \"from\", y = \"to\" }\nx = { label = \"x\" }",
            "y.label",
            "what the axis shows",
        ),
        (
            "bars = { x = \"from\", y = \"to\", interval = \"band\" }\nx = { label = \"x\" }\ny = { label = \"y\" }",
            "bars.interval",
            "a band belongs to lines",
        ),
        (
            "heat_map = { x = \"from\", y = \"to\", value = \"time_s\" }\nx = { label = \"x\" }\ny = { label = \"y\" }",
            "value.label",
            "what the axis shows",
        ),
        ("cdf = { x = \"from\", y = \"too\" }", "cdf.y", "did you mean `to`?"),
        (
            "pmf = { x = \"from\", series = \"kin\" }",
            "pmf.series",
            "did you mean `kind`?",
        ),
    ] {
        let figure: Figure = toml::from_str(&format!("name = \"p\"\ntable = \"snapshot_links\"\n{kind}")).unwrap();
        match figure.check(&schema) {
            Ok(()) => assert_eq!(key, "", "{kind}"),
            Err(error) => {
                assert_eq!(error.key, key, "{error}");
                assert!(error.to_string().contains(message), "{error}");
            }
        }
        assert_eq!(
            toml::from_str::<Figure>(&toml::to_string(&figure).unwrap()).unwrap(),
            figure
        );
    }
}

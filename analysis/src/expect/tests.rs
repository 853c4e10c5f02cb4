use super::*;
use crate::cell::Cell;
use crate::spec::Schema;
use crate::table::REPLICATION;

const COLUMNS: [&str; 3] = ["nodes", REPLICATION, "visited_mean"];

fn schema() -> Schema {
    Schema::new()
        .with("lookups", &COLUMNS)
        .with("maintenance", &["nodes", "messages"])
}

/// Three replications at 1024 nodes with mean 4.9, two at 2048 of which one has no value.
fn table() -> Table {
    let mut table = Table::new(&COLUMNS);
    for (nodes, replication, value) in [
        (1024_u64, 0_u64, 4.8),
        (1024, 1, 4.9),
        (1024, 2, 5.0),
        (2048, 0, 5.3),
        (2048, 1, f64::NAN),
    ] {
        table
            .push_row([nodes.into(), replication.into(), value.into()])
            .unwrap();
    }
    table
}

fn expectation(body: &str) -> Expectation {
    toml::from_str(&format!("table = \"lookups\"\nmetric = \"visited_mean\"\n{body}")).unwrap()
}

fn at_1024(band: &str) -> Verdict {
    expectation(&format!(
        "where = {{ nodes = 1024 }}\ncite = \"Stoica et al. 2003\"\n{band}"
    ))
    .evaluate(&table())
}

#[test]
fn each_band_has_an_inside_and_an_outside() {
    for (band, inside) in [
        ("published = 4.889\nwithin = 0.10", true),
        ("published = 4.889\nwithin = 0.001", false),
        ("published = 4.889\nwithin_relative = \"1 %\"", true),
        ("published = 5.5\nwithin_relative = \"10%\"", false),
        ("published = -4.9\nwithin_relative = \"10%\"", false),
        ("at_least = 4.8", true),
        ("at_least = 5.1", false),
        ("at_most = 5.0", true),
        ("at_most = 4.5", false),
        ("between = [4, 5]", true),
        ("between = [1.0, 2.0]", false),
    ] {
        let verdict = at_1024(band);
        assert_eq!(verdict.inside(), inside, "{band}");
        assert_eq!(verdict.measured.unwrap().n, 3);
    }
}

#[test]
fn the_ends_of_a_band_are_inside() {
    let mut table = Table::new(&["visited_mean"]);
    table.push_row([2.5.into()]).unwrap();
    for band in [
        "at_least = 2.5",
        "at_most = 2.5",
        "between = [2.5, 2.5]",
        "published = 2.0\nwithin = 0.5",
    ] {
        assert!(expectation(band).evaluate(&table).inside(), "{band}");
    }
}

#[test]
fn what_cannot_be_measured_never_passes() {
    for (conditions, reason) in [
        (
            "where = { nodes = 4096 }",
            "no row in table `lookups` where nodes = 4096",
        ),
        ("where = { nodes = 2048 }", "`visited_mean` is empty in 1 of 2 rows"),
        ("where = { node = 1024 }", "unknown column `node`"),
        ("", "replication 0 has several rows; averaging"),
    ] {
        let verdict = expectation(&format!("at_least = -1e9\n{conditions}")).evaluate(&table());
        assert!(!verdict.inside());
        assert_eq!(verdict.measured, None);
        let Outcome::NoValue(found) = verdict.outcome else {
            panic!("{conditions}: {:?}", verdict.outcome)
        };
        assert!(found.starts_with(reason), "{found}");
    }
}

#[test]
fn an_infinite_value_never_passes() {
    let mut table = Table::new(&["visited_mean"]);
    table.push_row([f64::INFINITY.into()]).unwrap();
    assert!(matches!(
        expectation("at_least = 1").evaluate(&table).outcome,
        Outcome::NoValue(_)
    ));
    let mut table = Table::new(&["visited_mean"]);
    table.push_row([f64::MAX.into()]).unwrap();
    table.push_row([f64::MAX.into()]).unwrap();
    assert!(matches!(
        expectation("at_least = 1").evaluate(&table).outcome,
        Outcome::NoValue(_)
    ));
}

#[test]
fn mistakes_are_found_before_the_run_with_their_key() {
    let cited = "cite = \"Stoica et al. 2003\"\n";
    for (body, key, message) in [
        (
            "at_least = 1\nmetric = \"visited_maen\"",
            "metric",
            "did you mean `visited_mean`?",
        ),
        ("at_least = 1\ntable = \"lookup\"", "table", "did you mean `lookups`?"),
        (
            "at_least = 1\nwhere = { Nodes = 8 }",
            "where.Nodes",
            "columns are: nodes, replication, visited_mean",
        ),
        ("", "within", "found none"),
        ("at_least = 1\nat_most = 2", "within", "found at_least, at_most"),
        ("within = 1", "published", "the value that `within` lies around"),
        ("published = 1\nwithin = 1", "cite", "the source of the published value"),
        (
            &format!("{cited}published = 1\nwithin = -0.1"),
            "within",
            "a band of 0 or more",
        ),
        (
            &format!("{cited}published = 0\nwithin_relative = \"5 %\""),
            "within_relative",
            "an absolute `within`",
        ),
        ("between = [2, 1]", "between", "the lower end first"),
        ("at_least = nan", "at_least", "a finite number"),
        ("between = [0, inf]", "between", "a finite number"),
    ] {
        let mut expectation = expectation("");
        let given: toml::Table = body.parse().unwrap();
        let mut whole = toml::Table::try_from(&expectation).unwrap();
        whole.extend(given);
        expectation = whole.try_into().unwrap();
        let error = expectation.check(&schema()).unwrap_err();
        assert_eq!(error.key, key, "{body}");
        assert!(error.to_string().contains(message), "{error}");
        assert!(!expectation.evaluate(&table()).inside(), "{body}");
    }
    assert_eq!(expectation("at_least = 1").check(&schema()), Ok(()));
}

/// Three replications under two rules, which differ by 0.5, 0.6 and 0.7 while each alone varies by much more.
fn two_rules() -> Table {
    let mut table = Table::new(&["rules", REPLICATION, "visited_mean"]);
    for (rules, replication, value) in [
        ("i3", 0_u64, 4.0),
        ("i3", 1, 6.0),
        ("i3", 2, 8.0),
        ("corrected", 0, 3.5),
        ("corrected", 2, 7.3),
        ("corrected", 1, 5.4),
        ("corrected", 3, 90.0),
    ] {
        table
            .push_row([rules.into(), replication.into(), value.into()])
            .unwrap();
    }
    table
}

#[test]
fn a_difference_is_taken_replication_by_replication() {
    let compared = |band: &str, own: &str, other: &str| {
        let text = format!("where = {{ rules = \"{own}\" }}\npaired_with = {{ rules = \"{other}\" }}\n{band}");
        expectation(&text).evaluate(&two_rules())
    };
    let verdict = compared("between = [0.55, 0.65]", "i3", "corrected");
    assert!(verdict.inside(), "{:?}", verdict.outcome);
    let difference = verdict.measured.unwrap();
    // The fourth replication of one has no pair. Standard error 0.1 / sqrt(3), t quantile 4.30265.
    assert_eq!(difference.n, 3);
    assert!((difference.mean - 0.6).abs() < 1e-12);
    assert!((difference.half_width.unwrap() - 0.248_414).abs() < 1e-5);
    assert!(!compared("at_least = 0", "corrected", "i3").inside());
    let Outcome::NoValue(reason) = compared("at_least = 0", "i3", "ton-2003").outcome else {
        panic!("there is nothing to compare with")
    };
    assert_eq!(reason, "no row in table `lookups` where rules = ton-2003");
    assert_eq!(
        verdict.expectation.title(),
        "visited_mean, rules = i3, less that where rules = corrected"
    );
}

#[test]
fn a_comparison_that_cannot_be_is_refused_before_the_run() {
    let refused = |body: &str| {
        expectation(&format!("at_least = 0\n{body}"))
            .check(&schema())
            .unwrap_err()
    };
    let error = refused("paired_with = { node = 8 }");
    assert_eq!(error.key, "paired_with.node");
    assert!(error.to_string().contains("did you mean `nodes`?"), "{error}");
    let error = refused("where = { nodes = 8 }\npaired_with = { nodes = 8 }");
    assert_eq!(error.key, "paired_with");
    assert!(
        error
            .to_string()
            .contains("other values than those of `where`, found nodes = 8"),
        "{error}"
    );
    let text = "table = \"maintenance\"\nmetric = \"messages\"\nat_least = 0\npaired_with = { nodes = 8 }";
    let error = toml::from_str::<Expectation>(text)
        .unwrap()
        .check(&schema())
        .unwrap_err();
    assert!(error.to_string().contains("unknown column `replication`"), "{error}");
}

#[test]
fn unknown_keys_and_bad_percentages_are_refused() {
    let parse = |body: &str| {
        toml::from_str::<Expectation>(&format!("table = \"a\"\nmetric = \"b\"\n{body}"))
            .unwrap_err()
            .to_string()
    };
    assert!(parse("witin = 1").contains("unknown field `witin`"));
    assert!(parse("within_relative = \"5\"").contains("a percentage such as"));
    assert!(parse("within_relative = 5").contains("a percentage such as"));
    assert!(parse("where = { nodes = [1] }").contains("a number or a text"));
}

#[test]
fn a_specification_is_written_as_it_is_read() {
    let expectation = expectation(
        "published = 4.5\nwithin_relative = \"5 %\"\nwhere = { nodes = 8, loss = 0.5, rules = \"i3\" }\n\
         paired_with = { rules = \"corrected\" }\ncite = \"c\"",
    );
    assert_eq!(expectation.conditions["nodes"], Cell::from(8_u64));
    assert_eq!(
        toml::from_str::<Expectation>(&toml::to_string(&expectation).unwrap()).unwrap(),
        expectation
    );
}

#[test]
fn the_report_is_aligned_and_says_what_is_missing() {
    let verdicts = [
        at_1024("published = 4.889\nwithin = 0.10\nname = \"mean path length\\nat 1024\""),
        at_1024("at_most = 4.5"),
        expectation("at_least = 1\nwhere = { nodes = 4096 }").evaluate(&table()),
    ];
    let expected = "\
expectation                 published  measured      n  allowed         verdict  citation
mean path length at 1024    4.889      4.900 ± 0.25  3  4.789 to 4.989  inside   Stoica et al. 2003
visited_mean, nodes = 1024  -          4.900 ± 0.25  3  <= 4.500        OUTSIDE  Stoica et al. 2003
visited_mean, nodes = 4096  -          none          0  >= 1.000        OUTSIDE  -
OUTSIDE visited_mean, nodes = 4096: no row in table `lookups` where nodes = 4096
";
    assert_eq!(report(&verdicts), expected);
    assert_eq!(report(&[]), "");
}

#[test]
fn a_median_bears_what_was_never_reached() {
    let verdict = at_1024("statistic = \"median\"\nbetween = [4.89, 4.91]");
    assert!(verdict.inside() && verdict.measured.unwrap().n == 3);
    let mut table = table();
    for replication in 2..5_u64 {
        table
            .push_row([2048_u64.into(), replication.into(), 5.0.into()])
            .unwrap();
    }
    let median = |band: &str| expectation(&format!("where = {{ nodes = 2048 }}\nstatistic = \"median\"\n{band}"));
    // 5.0, 5.0, 5.0, 5.3 and one that is larger than all.
    assert!(median("between = [4.99, 5.01]").evaluate(&table).inside());
    for replication in 5..9_u64 {
        table
            .push_row([2048_u64.into(), replication.into(), f64::NAN.into()])
            .unwrap();
    }
    let verdict = median("at_least = 0").evaluate(&table);
    assert!(matches!(&verdict.outcome, Outcome::NoValue(reason) if reason.contains("empty in 5 of 9 rows")));
}

#[test]
fn the_median_of_an_even_number_lies_between_the_middle_ones() {
    let mut table = table();
    table.push_row([1024_u64.into(), 3_u64.into(), 6.0.into()]).unwrap();
    let expected = expectation("where = { nodes = 1024 }\nstatistic = \"median\"\nbetween = [4.949, 4.951]");
    assert!(expected.evaluate(&table).inside());
}

/// Two replications at four sizes under two rules: under one the metric is 1 + log2 of the size, under the other twice as large, and
/// at 64 nodes three times.
fn sweep() -> Table {
    let mut table = Table::new(&["nodes", "rules", REPLICATION, "visited_mean"]);
    for (nodes, logarithm) in [(8_u64, 3.0), (16, 4.0), (32, 5.0), (64, 6.0)] {
        for (replication, noise) in [(0_u64, -0.25), (1, 0.25)] {
            let value = 1.0 + logarithm + noise;
            let factor = if nodes == 64 { 3.0 } else { 2.0 };
            for (rules, value) in [("i3", value), ("corrected", factor * value)] {
                let row = [nodes.into(), rules.into(), replication.into(), value.into()];
                table.push_row(row).unwrap();
            }
        }
    }
    table
}

fn over_sweep(body: &str) -> Verdict {
    expectation(body).evaluate(&sweep())
}

#[test]
fn a_ratio_is_that_of_the_means_over_the_same_replications() {
    let relative = "where = { nodes = 8, rules = \"corrected\" }\nrelative_to = { rules = \"i3\" }";
    let verdict = over_sweep(&format!("{relative}\nbetween = [1.999, 2.001]"));
    assert!(verdict.inside(), "{:?}", verdict.outcome);
    let ratio = verdict.measured.unwrap();
    assert!(ratio.n == 2 && ratio.half_width.unwrap() < 1e-12, "{ratio:?}");
    assert!(!over_sweep(&format!("{relative}\nat_least = 2.1")).inside());
    assert_eq!(
        verdict.expectation.title(),
        "visited_mean, nodes = 8 and rules = corrected, over that where rules = i3"
    );
    let medians = over_sweep(&format!("{relative}\nstatistic = \"median\"\nbetween = [1.999, 2.001]"));
    assert!(medians.inside() && medians.measured.unwrap().half_width.is_none());
    // 6.3 / 0 in the first replication, and 5.4 in one that the other side does not have.
    let mut table = two_rules();
    table.push_row(["none".into(), 0_u64.into(), 0.0.into()]).unwrap();
    let of = |other: &str| {
        let text = format!("where = {{ rules = \"i3\" }}\nrelative_to = {{ rules = \"{other}\" }}\nat_least = 0");
        expectation(&text).evaluate(&table)
    };
    assert!(matches!(of("none").outcome, Outcome::NoValue(reason) if reason.contains("relative to zero")));
    assert!(matches!(of("ton-2003").outcome, Outcome::NoValue(reason) if reason.contains("no row")));
    // 6 on average over 5.4 on average of the three that both have, the fourth left out.
    assert!((of("corrected").measured.unwrap().mean - 6.0 / 5.4).abs() < 1e-12);
}

#[test]
fn a_ratio_of_ratios_divides_what_the_first_one_makes() {
    let text = "where = { nodes = 64, rules = \"corrected\" }\nrelative_to = [{ rules = \"i3\" }, { nodes = 8 }]";
    for statistic in ["mean", "median"] {
        let verdict = over_sweep(&format!(
            "{text}\nstatistic = \"{statistic}\"\nbetween = [1.499, 1.501]"
        ));
        assert!(verdict.inside(), "{:?}", verdict.outcome);
    }
    assert!(!over_sweep(&format!("{text}\nat_most = 1.4")).inside());
}

#[test]
fn a_band_that_holds_at_each_value_shows_the_worst() {
    let at_each = "where = { rules = \"corrected\" }\nrelative_to = { rules = \"i3\" }\nat_each = \"nodes\"";
    let verdict = over_sweep(&format!("{at_each}\nbetween = [1.9, 2.1]"));
    assert_eq!(verdict.outcome, Outcome::Outside);
    assert!((verdict.measured.unwrap().mean - 3.0).abs() < 1e-9);
    assert_eq!(verdict.place().as_deref(), Some("nodes = 64"));
    assert!(over_sweep(&format!("{at_each}\nbetween = [1.9, 3.1]")).inside());
    let text = report(&[verdict]);
    assert!(text.contains(", nodes = 64  2  1.900 to 2.100  OUTSIDE"), "{text}");
    // One value that is missing is none.
    let at_each = "at_each = \"nodes\"\nat_least = 0";
    let Outcome::NoValue(reason) = expectation(at_each).evaluate(&table()).outcome else {
        panic!("2048 nodes have no value in a replication")
    };
    assert!(reason.starts_with("`visited_mean` is empty in 1 of 2 rows"), "{reason}");
    let nowhere = expectation("where = { nodes = 4096 }\nat_each = \"replication\"\nat_least = 0");
    assert!(matches!(nowhere.evaluate(&table()).outcome, Outcome::NoValue(_)));
}

#[test]
fn a_law_that_fits_is_told_from_one_that_does_not() {
    let fit = |law: &str, quality: &str, band: &str| {
        let fit = format!("fit = {{ x = \"nodes\", law = \"{law}\", quality = \"{quality}\" }}");
        over_sweep(&format!("where = {{ rules = \"i3\" }}\n{fit}\n{band}"))
    };
    let exact = fit("log2", "r_squared", "at_least = 0.999999");
    assert!(exact.inside() && exact.measured.unwrap().n == 4, "{:?}", exact.outcome);
    assert!(fit("log2", "residuals_over_line", "at_most = 1e-9").inside());
    // 4, 5, 6, 7 at 8, 16, 32, 64: S_xx = 1840, S_xy = 92, S_yy = 5, so that a line explains 4.6 of 5.
    assert!(fit("line", "r_squared", "between = [0.9199, 0.9201]").inside());
    assert_eq!(
        exact.expectation.title(),
        "visited_mean, rules = i3, R^2 of a + b log2 nodes against nodes"
    );
    let reason = |x: &str, body: &str| match over_sweep(&format!(
        "{body}\nat_least = 0\nfit = {{ x = \"{x}\", law = \"log2\", quality = \"r_squared\" }}"
    ))
    .outcome
    {
        Outcome::NoValue(reason) => reason,
        outcome => panic!("{outcome:?}"),
    };
    assert!(reason("rules", "where = { nodes = 8 }").contains("\"i3\", no number"));
    assert!(reason("nodes", "").contains("replication 0 has several rows"));
    assert!(reason("replication", "where = { nodes = 8, rules = \"i3\" }").contains("numbers above zero"));
}

#[test]
fn comparisons_and_fits_that_cannot_be_are_refused_before_the_run() {
    let fit = |x: &str| format!("fit = {{ x = \"{x}\", law = \"log2\", quality = \"r_squared\" }}");
    for (body, key, message) in [
        (
            format!("{}\nrelative_to = {{ nodes = 8 }}", fit("nodes")),
            "fit",
            "expected exactly one of paired_with, relative_to, fit, found relative_to, fit",
        ),
        (
            "paired_with = { nodes = 8 }\nrelative_to = { nodes = 16 }".to_owned(),
            "relative_to",
            "found paired_with, relative_to",
        ),
        (
            "relative_to = [{ nodes = 8 }, { node = 8 }]".to_owned(),
            "relative_to.node",
            "did you mean `nodes`?",
        ),
        (
            "where = { nodes = 8 }\nrelative_to = { nodes = 8 }".to_owned(),
            "relative_to",
            "other values than those of `where`, found nodes = 8",
        ),
        ("relative_to = [{}]".to_owned(), "relative_to", "found none"),
        (fit("node"), "fit.x", "did you mean `nodes`?"),
        (
            format!("where = {{ nodes = 8 }}\n{}", fit("nodes")),
            "fit.x",
            "which `where` chooses one value of",
        ),
        ("at_each = \"node\"".to_owned(), "at_each", "did you mean `nodes`?"),
        (
            format!("{}\nat_each = \"nodes\"", fit("nodes")),
            "at_each",
            "another column than that of `fit.x`",
        ),
    ] {
        let error = expectation(&format!("at_least = 0\n{body}"))
            .check(&schema())
            .unwrap_err();
        assert_eq!(error.key, key, "{body}: {error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let ratio = expectation("at_least = 0\nwhere = { nodes = 8 }\nrelative_to = { nodes = 16 }");
    assert_eq!(ratio.check(&schema()), Ok(()));
    for text in [
        "at_least = 0\nrelative_to = { nodes = 16 }".to_owned(),
        "at_least = 0\nrelative_to = [{ nodes = 16 }, { replication = 3 }]\nat_each = \"nodes\"".to_owned(),
        format!("at_least = 0\n{}", fit("nodes")),
    ] {
        let expectation = expectation(&text);
        let written = toml::to_string(&expectation).unwrap();
        assert_eq!(
            toml::from_str::<Expectation>(&written).unwrap(),
            expectation,
            "{written}"
        );
    }
    let text = "table = \"a\"\nmetric = \"b\"\nrelative_to = 3";
    let error = toml::from_str::<Expectation>(text).unwrap_err().to_string();
    assert!(error.contains("or a list of them"), "{error}");
}

/// The best at a cost, of a sweep of two bases with three points each.
#[test]
fn the_best_at_a_cost_is_that_of_the_hull_and_can_be_compared() {
    let columns = ["base", "period", REPLICATION, "bytes", "latency"];
    let mut table = Table::new(&columns);
    for (base, period, bytes, latency) in [
        (2_u64, "1min", 40.0, 400.0),
        (2, "4min", 10.0, 700.0),
        (2, "16min", 20.0, 650.0),
        (16, "1min", 60.0, 200.0),
        (16, "4min", 20.0, 400.0),
    ] {
        for (replication, off) in [(0_u64, -4.0), (1, 4.0)] {
            let row: [Cell; 5] = [
                base.into(),
                period.into(),
                replication.into(),
                bytes.into(),
                (latency + off).into(),
            ];
            table.push_row(row).unwrap();
        }
    }
    let evaluate = |body: &str| {
        let whole = format!("table = \"cost\"\nmetric = \"latency\"\nat_least = 0\n{body}");
        let expectation: Expectation = toml::from_str(&whole).unwrap();
        let schema = Schema::new().with("cost", &columns);
        expectation.check(&schema).map(|()| expectation.evaluate(&table))
    };
    let mean = |body: &str| evaluate(body).unwrap().measured.map(|summary| summary.mean);
    // Half way between 10 bytes for 700 and 40 bytes for 400, which the point of 20 bytes lies above.
    assert_eq!(
        mean("where = { base = 2 }\nhull = { cost = \"bytes\", at = 25 }"),
        Some(550.0)
    );
    assert_eq!(
        mean("hull = { cost = \"bytes\", at = 15 }"),
        Some(550.0),
        "of both bases"
    );
    let over = "where = { base = 2 }\nhull = { cost = \"bytes\", at = 40 }\nrelative_to = { base = 16 }";
    assert_eq!(mean(over), Some(400.0 / 300.0));
    assert_eq!(
        mean("hull = { cost = \"bytes\", at = 40, better = \"more\" }"),
        Some(700.0)
    );
    let cheap = evaluate("where = { base = 16 }\nhull = { cost = \"bytes\", at = 15 }").unwrap();
    assert!(
        matches!(&cheap.outcome, Outcome::NoValue(why) if why.contains("as little as 15")),
        "{cheap:?}"
    );
    for (body, key) in [
        ("hull = { cost = \"byte\", at = 25 }", "hull.cost"),
        ("hull = { cost = \"bytes\", at = inf }", "hull.at"),
        (
            "hull = { cost = \"bytes\", at = 25 }\nstatistic = \"median\"",
            "statistic",
        ),
        (
            "where = { base = 2 }\nhull = { cost = \"bytes\", at = 25 }\npaired_with = { base = 16 }",
            "paired_with",
        ),
    ] {
        assert_eq!(evaluate(body).unwrap_err().key, key, "{body}");
    }
}

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::input::{Document, InputError, Node, Source};

/// A document as it would be read from a file.
fn file(text: &str) -> Result<Document, InputError> {
    Document::parse(&Source::file(Path::new("test.toml"), text.to_owned()))
}

/// A scenario of these lines, with its sweep laid under the command line.
fn sweep(text: &str, set: &[&str]) -> Result<Sweep, InputError> {
    let mut document = file(text)?;
    for setting in set {
        document.apply(setting)?;
    }
    super::super::resolve(&mut document)?;
    // What is resolved says the same again.
    let again = file(&document.to_toml())?;
    let (first, second) = (Sweep::read(&document)?, Sweep::read(&again)?);
    let points = |sweep: &Sweep| {
        sweep
            .places()
            .map(|(places, _)| places.iter().map(|place| sweep.settings(*place)).collect())
    };
    let points: (Result<Vec<_>, _>, Result<Vec<Vec<_>>, _>) = (points(&first), points(&second));
    if let (Ok(first), Ok(second)) = points {
        assert_eq!(first, second, "{}", document.to_toml());
    }
    Ok(first)
}

/// The points, each as `a=1 b=2`, with what is derived.
fn points(text: &str, set: &[&str]) -> Vec<String> {
    let sweep = sweep(text, set).unwrap_or_else(|error| panic!("{error}"));
    let (places, _) = sweep.places().unwrap_or_else(|error| panic!("{error}"));
    let point = |place: &Place| {
        let document = sweep.document(*place).unwrap_or_else(|error| panic!("{error}"));
        let settings = sweep.settings(*place);
        let swept = settings
            .iter()
            .map(|(key, label)| format!("{}={label}", key.rsplit('.').next().unwrap()));
        let derived = sweep.derived.iter().map(|derived| {
            let key = derived.path.to_string();
            format!("{key}:{}", document.get(&key).map_or_else(String::new, Node::inline))
        });
        swept.chain(derived).collect::<Vec<_>>().join(" ")
    };
    places.iter().map(point).collect()
}

const CROSSED: &str = "
[sweep]
\"run.a\" = [1, 2]
\"run.b\" = { linear = { from = 3, to = 4, step = 1 } }
";

const ZIPPED: &str = "
[[sweep.zip]]
\"run.a\" = [1, 2]
\"run.b\" = [\"x\", \"y\"]
[[sweep.zip]]
\"run.c\" = [5, 6]
\"run.d\" = [\"v\", \"w\"]
[sweep]
\"nodes.e\" = [true, false]
";

#[test]
fn the_first_in_the_file_varies_slowest() {
    assert_eq!(points(CROSSED, &[]), ["a=1 b=3", "a=1 b=4", "a=2 b=3", "a=2 b=4"]);
    assert_eq!(
        points(ZIPPED, &[]),
        [
            "a=1 b=x c=5 d=v e=true",
            "a=1 b=x c=5 d=v e=false",
            "a=1 b=x c=6 d=w e=true",
            "a=1 b=x c=6 d=w e=false",
            "a=2 b=y c=5 d=v e=true",
            "a=2 b=y c=5 d=v e=false",
            "a=2 b=y c=6 d=w e=true",
            "a=2 b=y c=6 d=w e=false",
        ]
    );
    assert_eq!(points("run.a = 3", &[]), [""]);
}

#[test]
fn derived_values_follow_the_others_in_any_order() {
    let text = "
run.t = \"5s\"
[sweep]
\"run.a\" = [1, 2]
[sweep.derived]
\"run.c\" = \"run.b + run.t\"
\"run.b\" = \"run.a * 10s\"
\"run.big\" = \"run.b > 15s\"
";
    assert_eq!(
        points(text, &[]),
        [
            "a=1 run.c:15s run.b:10s run.big:false",
            "a=2 run.c:25s run.b:20s run.big:true"
        ]
    );
    assert_eq!(
        points(text, &["run.b=1min"]),
        ["a=1 run.c:65s run.big:true", "a=2 run.c:65s run.big:true"]
    );
    assert_eq!(
        points(text, &["run.t=1s", "sweep.derived.'run.b'=run.a * 3s"])[1],
        "a=2 run.c:7s run.b:6s run.big:false"
    );
}

#[test]
fn a_filter_leaves_points_out() {
    let filtered = |filter: &str| {
        points(
            &format!("{CROSSED}where = '{filter}'\nderived = {{ \"run.s\" = 'run.a + run.b' }}"),
            &[],
        )
    };
    assert_eq!(filtered("run.a == 1"), ["a=1 b=3 run.s:4", "a=1 b=4 run.s:5"]);
    assert_eq!(filtered("run.s == 5"), ["a=1 b=4 run.s:5", "a=2 b=3 run.s:5"]);
    let sweep = sweep(&format!("{CROSSED}where = 'run.a == 1'"), &[]).unwrap();
    let (_, filtered) = sweep.places().unwrap();
    let filtered = filtered.unwrap();
    assert_eq!((filtered.combinations, filtered.filter.as_str()), (4, "run.a == 1"));
    assert_eq!(filtered.unused, [("run.a".to_owned(), "2".to_owned())]);
}

#[test]
fn a_key_inside_of_a_swept_table_is_known() {
    let text = "
network = { constant = { delay = \"1ms\" } }
[sweep]
network = [
    { name = \"near\", value = { constant = { delay = \"5ms\" } } },
    { name = \"far\", value = { constant = { delay = \"50ms\" } } },
    { name = \"random\", value = { uniform = { minimum = \"1ms\", maximum = \"2ms\" } } },
]
";
    let kept = |filter: &str| points(&format!("{text}where = '{filter}'"), &[]);
    assert_eq!(
        kept("network != \"random\" && network.constant.delay > 20ms"),
        ["network=far"]
    );
    let error = sweep(&format!("{text}where = 'network.constant.delay > 20ms'"), &[]).unwrap();
    let error = error.places().unwrap_err().to_string();
    assert!(
        error.contains("`network.constant.delay` has no value at this point"),
        "{error}"
    );
    // A key inside of a table that is swept after it has gone with the table.
    let first = "[sweep]\n\"network.constant.delay\" = [\"1ms\", \"2ms\"]\nnetwork = [{ constant = { delay = \"9ms\" } }, \
                 { constant = { delay = \"8ms\" } }]\nwhere = 'network.constant.delay == 9ms'";
    assert_eq!(points(first, &[]).len(), 2);
}

#[test]
fn the_command_line_fixes_every_kind_of_key() {
    assert_eq!(points(CROSSED, &["run.a=7"]), ["a=7 b=3", "a=7 b=4"]);
    assert_eq!(points(CROSSED, &["run.b=9"]), ["a=1 b=9", "a=2 b=9"]);
    assert_eq!(points(CROSSED, &["sweep.'run.b'=[8]"]), ["a=1 b=8", "a=2 b=8"]);
    // One key of a zip: the others still go in step.
    assert_eq!(
        points(ZIPPED, &["run.a=7", "nodes.e=true"]),
        [
            "a=7 b=x c=5 d=v e=true",
            "a=7 b=x c=6 d=w e=true",
            "a=7 b=y c=5 d=v e=true",
            "a=7 b=y c=6 d=w e=true",
        ]
    );
    // All of them: one point.
    assert_eq!(
        points(ZIPPED, &["run.a=1", "run.b=x", "run.c=6", "run.d=w", "nodes.e=false"]),
        ["a=1 b=x c=6 d=w e=false"]
    );
    assert_eq!(
        points(ZIPPED, &["sweep.'run.a'=[3]", "sweep.zip=[]"]),
        ["e=true a=3", "e=false a=3"]
    );
}

#[test]
fn a_zip_whose_steps_are_no_longer_told_apart_is_refused() {
    let text = "[[sweep.zip]]\n\"run.a\" = [1, 2, 3]\n\"run.b\" = [4, 4, 5]\n";
    assert_eq!(points(text, &[]).len(), 3);
    let error = sweep(text, &["run.a=1"]).map(|_| ()).unwrap_err();
    assert!(
        error.to_string().contains("steps 1 and 2 are both run.b = 4"),
        "{error}"
    );
    assert!(
        error.helps().iter().any(|help| help.contains("leaves its zip")),
        "{error:?}"
    );
}

/// A sweep of groups of lists: how many axes go in step in each, and how many values they have.
fn written(groups: &[(usize, usize)]) -> String {
    let key = |group: usize, axis: usize| format!("\"run.g{group}x{axis}\"");
    let list = |group: usize, axis: usize, length: usize| {
        let values: Vec<String> = (0..length)
            .map(|value| (100 * group + 10 * axis + value).to_string())
            .collect();
        format!("{} = [{}]", key(group, axis), values.join(", "))
    };
    let groups = groups.iter().enumerate().map(|(group, (axes, length))| {
        let lists: Vec<String> = (0..*axes).map(|axis| list(group, axis, *length)).collect();
        lists.join(", ")
    });
    format!("sweep.zip = [{{ {} }}]\n", groups.collect::<Vec<_>>().join(" }, { "))
}

proptest! {
    #[test]
    fn points_are_all_combinations_in_order_and_zips_go_in_step(
        groups in prop::collection::vec((1_usize..4, 1_usize..5), 1..5),
        least in 0_usize..400,
    ) {
        let text = written(&groups);
        let all = sweep(&text, &[]).unwrap();
        let (places, _) = all.places().unwrap();
        prop_assert_eq!(places.len(), groups.iter().map(|(_, length)| length).product::<usize>());
        let mut earlier: Option<Vec<u32>> = None;
        let mut kept = Vec::new();
        for place in &places {
            let settings = all.settings(*place);
            let numbers: Vec<u32> = settings.iter().map(|(_, value)| value.parse().unwrap()).collect();
            // Axes that go in step have the same last digit.
            let mut rest = &numbers[..];
            let mut steps = Vec::new();
            for (axes, _) in &groups {
                let (own, others) = rest.split_at(*axes);
                prop_assert!(own.iter().all(|number| number % 10 == own[0] % 10));
                steps.push(own[0] % 10);
                rest = others;
            }
            prop_assert!(earlier.as_ref().is_none_or(|earlier| *earlier < steps), "the order of points");
            if numbers.iter().sum::<u32>() >= least as u32 {
                kept.push(settings);
            }
            earlier = Some(steps);
        }
        let sum: Vec<String> = all.axes().iter().map(|axis| axis.key.clone()).collect();
        let filtered = sweep(&format!("{text}sweep.where = '{} >= {least}'", sum.join(" + ")), &[]).unwrap();
        match filtered.places() {
            Ok((places, told)) => {
                let settings: Vec<_> = places.iter().map(|place| filtered.settings(*place)).collect();
                prop_assert_eq!(settings, kept);
                prop_assert_eq!(told.unwrap().combinations, all.places().unwrap().0.len());
            }
            Err(_) => prop_assert!(kept.is_empty()),
        }
    }
}

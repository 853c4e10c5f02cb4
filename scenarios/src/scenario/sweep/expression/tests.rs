use proptest::prelude::*;

use super::*;
use crate::units::{Quantity, Written};

/// The operands of these tests, by their keys.
fn operand(key: &str) -> Operand {
    let quantity = |text: &str| {
        let (number, unit, _) = Quantity::split(text).unwrap();
        Value::Number(unit.quantity(number))
    };
    let value = match key {
        "nodes.count" => Value::Number(Quantity::plain(100.0)),
        "run.duration" => quantity("10min"),
        "workload.lookups.rate" => quantity("6/min"),
        "access_links.up" => quantity("8Mbit/s"),
        "protocol.chord.lookup" => Value::Text("recursive".into()),
        "observe.node_load" => Value::Truth(true),
        "network" => Value::Other("a table"),
        _ => Value::Missing,
    };
    let label = match key {
        "network" => Some("cube".into()),
        "protocol.chord.lookup" => Some("forwarded".into()),
        "run.duration" => Some("10min".into()),
        _ => None,
    };
    Operand { value, label }
}

fn value(text: &str) -> Result<Value, Fault> {
    let expression = Expression::parse(text)?;
    expression.evaluate(&|key| operand(&expression.keys[key].0.to_string()))
}

/// What a key would be set to.
fn written(text: &str) -> String {
    match value(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")) {
        Value::Number(number) => match number.written().unwrap() {
            Written::Whole(number) => number.to_string(),
            Written::Number(number) => format!("{number:?}"),
            Written::Text(text) => text,
        },
        other => other.describe(),
    }
}

#[test]
fn operators_bind_as_in_print() {
    for (text, result) in [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("24 / 4 / 3", "2"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("2 ^ -1", "0.5"),
        ("2 * -3", "-6"),
        ("1 < 2 && 2 < 3 || 1 > 2", "true"),
        ("!(1 < 2) || 1 + 1 == 2", "true"),
        ("!true", "false"),
        ("1e3 + 1_000", "2000"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("0.1 + 0.2", "0.3"),
    ] {
        assert_eq!(written(text), result, "{text}");
    }
}

#[test]
fn units_go_along() {
    for (text, result) in [
        ("20 * 30s + 10min", "20min"),
        ("run.duration / 4", "150s"),
        ("run.duration / 1min", "10"),
        ("run.duration * workload.lookups.rate", "60"),
        ("workload.lookups.rate * 2", "12/min"),
        ("nodes.count / run.duration", "10/min"),
        ("access_links.up * 1s", "1MB"),
        ("10MB / 1Mbit/s", "80s"),
        ("100 m / 10s", "10m/s"),
        ("sqrt(9s * 4s)", "6s"),
        ("(3s) ^ 2 / 1s", "9s"),
        ("50 % * 3", "1.5"),
        ("1 / s", "1/s"),
        ("2 * min", "2min"),
        ("1.5s > 1400ms", "true"),
    ] {
        assert_eq!(written(text), result, "{text}");
    }
}

#[test]
fn functions_are_called() {
    for (text, result) in [
        ("min(3, 2, 4)", "2"),
        ("max(1min, 90s)", "90s"),
        ("floor(2.9) + ceil(2.1) + round(2.5)", "8"),
        ("log2(nodes.count * 10.24)", "10"),
        ("ln(1)", "0"),
        ("sqrt(16)", "4"),
        ("floor(workload.lookups.rate * 2min)", "12"),
        ("floor((0.1 + 0.7) * 10)", "8"),
        ("6 / min(2, 3)", "3"),
    ] {
        assert_eq!(written(text), result, "{text}");
    }
}

#[test]
fn values_are_known_by_their_names_too() {
    for text in [
        "network == \"cube\"",
        "network != 'plane'",
        "protocol.chord.lookup == \"forwarded\"",
        "protocol.chord.lookup == \"recursive\"",
        "\"recursive\" == protocol.chord.lookup",
        "run.duration == \"10min\"",
        "run.duration == 600s",
        "observe.node_load",
        "observe.node_load == true",
        // What is right of it is not looked at.
        "nodes.count > 1 || churn.sessions.up > 1s",
    ] {
        assert_eq!(written(text), "true", "{text}");
    }
}

#[test]
fn a_fault_is_told_where_it_is() {
    for (text, part, words) in [
        ("run.duration + 5m", "run.duration + 5m", "a time + a length"),
        ("1 + (2 < 3s)", "2 < 3s", "a plain number < a time"),
        ("nodes.count == 5s", "nodes.count == 5s", "a plain number == a time"),
        ("2 * network", "network", "expected a number, found a table"),
        (
            "nodes.count && true",
            "nodes.count",
            "expected a comparison, found a plain number",
        ),
        ("network == 3", "network == 3", "never equal"),
        ("5 / (2 - 2)", "2 - 2", "division by zero"),
        ("2 ^ 1s", "1s", "an exponent must be a plain number"),
        ("(1s) ^ 0.5", "0.5", "small whole power"),
        ("sqrt(2s)", "sqrt(2s)", "no unit"),
        ("sqrt(0 - 1)", "0 - 1", "square root of -1"),
        ("log2(0)", "0", "the logarithm of 0"),
        ("round(90s)", "90s", "what is rounded must be a plain number"),
        ("min(1, 1s)", "min(1, 1s)", "min of a plain number and a time"),
        (
            "churn.sessions.up > 1s",
            "churn.sessions.up",
            "has no value at this point",
        ),
        ("10 ^ 10 ^ 10", "10 ^ 10 ^ 10", "not a finite number"),
        ("5 parsecs", "parsecs", "there is no unit `parsecs`"),
        ("5 minn", "minn", "there is no unit `minn`"),
        ("1 = 2", "=", "`=` alone"),
        ("1 & 2", "&", "`&` alone"),
        ("1 ? 2", "?", "`?` has no meaning"),
        ("(1 + 2", "(", "never closed"),
        ("1 + 2)", ")", "closes nothing"),
        ("1 2", "2", "expected an operator, found a number"),
        ("1 +", "", "expected a value, found the end"),
        ("", "", "expected a value, found the end"),
        ("* 2", "*", "expected a value, found `*`"),
        ("1 < 2 < 3", "<", "cannot be chained"),
        ("lg(8)", "lg", "unknown function `lg`"),
        ("floor", "floor", "`floor` is a function"),
        ("floor(1, 2)", "floor(1, 2)", "takes one value, found 2"),
        ("nodes. > 3", ".", "a key is missing"),
        ("\"cube", "\"cube", "never closed"),
    ] {
        let fault = value(text).expect_err(text);
        assert!(
            fault.message.contains(words),
            "{text}: {words:?} is not in {}",
            fault.message
        );
        assert_eq!(&text[fault.at.clone()], part, "{text}: {}", fault.message);
    }
}

#[test]
fn keys_are_named_once_each() {
    let expression = Expression::parse("nodes.count + nodes.count * protocol.\"my own\".b.0").unwrap();
    let keys: Vec<String> = expression.keys.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(keys, ["nodes.count", "protocol.\"my own\".b.0"]);
    assert_eq!(expression.keys[0].1, 0..11);
}

#[test]
fn no_depth_exhausts_the_stack() {
    for text in [
        "(".repeat(900),
        "-".repeat(900),
        "!".repeat(900),
        "2^".repeat(400) + "2",
        "min(".repeat(200),
        "1+".repeat(5000),
    ] {
        assert!(value(&text).is_err(), "{text}");
    }
    assert_eq!(written(&("1+".repeat(400) + "1")), "401");
}

proptest! {
    #[test]
    fn no_text_makes_an_expression_panic(text in "\\PC{0,60}") {
        let _ = value(&text);
    }

    #[test]
    fn almost_expressions_never_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "1", "2.5", "3s", "10/min", "5 %", "nodes.count", "network", "\"cube\"", "(", ")", ",", "+", "-", "*", "/", "^",
                "==", "<", "&&", "||", "!", "min(", "sqrt(", "round(", "true", " ", "m", "s",
            ]),
            0..25,
        ),
    ) {
        if let Err(fault) = value(&parts.concat()) {
            prop_assert!(fault.at.end <= parts.concat().len());
            prop_assert!(!fault.message.is_empty());
        }
    }

    #[test]
    fn sums_and_products_are_those_of_numbers(a in -1000_i32..1000, b in 1_i32..1000, c in 1_i32..1000) {
        let expected = f64::from(a) + f64::from(b) * f64::from(c) - f64::from(a) / f64::from(b);
        let text = format!("{a} + {b} * {c} - {a} / {b}");
        let Ok(Value::Number(number)) = value(&text) else { panic!("{text}") };
        prop_assert_eq!(number.value, expected);
    }
}

//! Numbers with units, as sweeps of scenarios have them: `30s`, `2min`, `10/s`, `5 %`.

/// Units of one kind, each with how many of the first it is.
const KINDS: [&[(&str, f64)]; 3] = [
    &[
        ("s", 1.0),
        ("ms", 1e-3),
        ("us", 1e-6),
        ("\u{b5}s", 1e-6),
        ("ns", 1e-9),
        ("min", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ],
    &[
        ("/s", 1.0),
        ("/min", 1.0 / 60.0),
        ("/h", 1.0 / 3600.0),
        ("/d", 1.0 / 86_400.0),
    ],
    &[("", 1.0), ("%", 0.01)],
];

/// The number of a text with a unit, in another unit of the same kind: `2min` is 120 in `s`. None if the text is no such
/// thing, or its unit of another kind.
pub(crate) fn convert(text: &str, unit: &str) -> Option<f64> {
    let of = KINDS
        .into_iter()
        .find(|kind| kind.iter().any(|(name, _)| *name == unit))?;
    let size = |name: &str| of.iter().find(|(known, _)| *known == name).map(|(_, size)| *size);
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)))
        .unwrap_or(text.len());
    let (number, own) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    let converted = number * size(own.trim())? / size(unit)?;
    converted.is_finite().then_some(converted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_converted_to_the_unit_of_the_axis() {
        for (text, unit, expected) in [
            ("30s", "s", Some(30.0)),
            ("2min", "s", Some(120.0)),
            ("1.5h", "min", Some(90.0)),
            ("50 ms", "s", Some(0.05)),
            ("6/min", "/s", Some(0.1)),
            ("5 %", "", Some(0.05)),
            ("0.5", "%", Some(50.0)),
            ("30s", "ms", Some(30_000.0)),
            ("30s", "", None),
            ("30s", "nodes", None),
            ("iterative", "s", None),
            ("s", "s", None),
            ("1-2s", "s", None),
        ] {
            assert_eq!(convert(text, unit), expected, "{text} in {unit:?}");
        }
    }
}

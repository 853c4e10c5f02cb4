//! How numbers are written for a reader: in figures and in the table at the end of a run.

/// A number with `digits` significant digits at least, and never fewer than its whole part has: `4.889`, `0.0123`, `16384`.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if value.abs() >= 1e12 || value.abs() < 1e-6 {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    let places = (digits - 1).max(0) as usize;
    fixed(value, (digits - 1 - decade(value, places)).max(0) as usize)
}

/// The power of ten of the leading digit, after rounding to `places` digits behind it. Read off the decimal writing,
/// because a logarithm's floor is wrong by one where its last bit is.
pub(crate) fn decade(value: f64, places: usize) -> i32 {
    let text = format!("{value:.places$e}");
    text.split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0)
}

/// A number with a fixed number of decimals, without the sign of a zero.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if is_zero {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// The same as printed in a figure: thousands set apart from five digits on, and a true minus sign.
pub(crate) fn printed(value: f64, decimals: usize) -> String {
    let text = fixed(value.abs(), decimals);
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if whole.len() > 4 && index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "\u{2212}" } else { "" };
    format!("{sign}{grouped}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        assert_eq!(significant(4.889, 4), "4.889");
        assert_eq!(significant(0.012_343, 4), "0.01234");
        assert_eq!(significant(16_384.4, 4), "16384");
        assert_eq!(significant(0.0, 4), "0");
        assert_eq!(significant(2.5e-9, 4), "2.500e-9");
        assert_eq!(significant(-1000.0, 4), "-1000");
        assert_eq!(significant(9.999_96, 4), "10.00");
    }

    #[test]
    fn printed_numbers_have_thousands_and_a_minus() {
        assert_eq!(printed(16_384.0, 0), "16,384");
        assert_eq!(printed(1024.0, 0), "1024");
        assert_eq!(printed(1_234_567.5, 1), "1,234,567.5");
        assert_eq!(printed(-0.04, 1), "0.0");
        assert_eq!(printed(-2.0, 0), "\u{2212}2");
    }
}

//! The few transcendental functions that figures need, from the pure-Rust `libm`: std's differ in their last bits
//! between machines, and a coordinate that rounds the other way is another figure.

/// The logarithm to base 2.
pub(crate) fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// The logarithm to base 10.
pub(crate) fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// `base` to an integer power, as exact as a double can be where base 2 or 10 is meant.
pub(crate) fn integer_power(base: u32, exponent: i32) -> f64 {
    libm::pow(f64::from(base), f64::from(exponent))
}

/// 2 to the power of `x`.
pub(crate) fn exp2(x: f64) -> f64 {
    libm::exp2(x)
}

/// 10 to the power of `x`.
pub(crate) fn exp10(x: f64) -> f64 {
    libm::exp10(x)
}

/// The sine of an angle in radians.
pub(crate) fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// The cosine of an angle in radians.
pub(crate) fn cos(x: f64) -> f64 {
    libm::cos(x)
}

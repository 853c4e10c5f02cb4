//! The one way this project computes transcendental functions.
//!
//! `f64::ln` and its relatives call whatever mathematics library the platform has, and the last bits of the answer
//! differ between platforms and even between processors of one platform (with and without fused multiply-add). One such
//! bit moves an event by a nanosecond and changes the whole run. These wrappers call the pure-Rust [`libm`] crate, whose
//! release the workspace pins exactly: the same bits everywhere. Its `arch` feature, which another crate may switch on,
//! replaces only correctly rounded operations on processors with SSE2 or NEON, and so changes nothing.
//!
//! What IEEE 754 rounds exactly stays with the standard library and is allowed everywhere: `+ - * /`, `f64::sqrt`,
//! `floor`, `ceil`, `round`, `trunc`, `abs`, `min`, `max`, and conversions between numbers.

/// The natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `ln(1 + x)`, accurate also where `x` is close to zero.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// The logarithm to base 2.
#[inline]
pub fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// The logarithm to base 10.
#[inline]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// The exponential function.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `exp(x) - 1`, accurate also where `x` is close to zero.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `base` to the power of `exponent`.
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// The sine of an angle in radians.
#[inline]
pub fn sin(angle: f64) -> f64 {
    libm::sin(angle)
}

/// The cosine of an angle in radians.
#[inline]
pub fn cos(angle: f64) -> f64 {
    libm::cos(angle)
}

/// The tangent of an angle in radians.
#[inline]
pub fn tan(angle: f64) -> f64 {
    libm::tan(angle)
}

/// The angle in `[-pi/2, pi/2]` with this sine; undefined outside `[-1, 1]`.
#[inline]
pub fn asin(x: f64) -> f64 {
    libm::asin(x)
}

/// The angle in `[0, pi]` with this cosine; undefined outside `[-1, 1]`.
#[inline]
pub fn acos(x: f64) -> f64 {
    libm::acos(x)
}

/// The angle in `[-pi, pi]` of the point `(x, y)`.
#[inline]
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// The length of the vector `(x, y)`, without overflow on the way.
#[inline]
pub fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

/// The gamma function: `gamma(n + 1)` is `n!`. Infinite above 171.6.
#[inline]
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

/// The natural logarithm of the absolute value of the gamma function.
#[inline]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits of this release of libm. A change here is a change of every result: make it together with the golden
    /// fingerprints. The closest doubles to the true values differ from these by at most one unit in the last place
    /// (five for the gamma functions).
    #[test]
    fn bits_are_those_of_the_pinned_libm() {
        let golden: &[(&str, f64, u64)] = &[
            ("ln(10)", ln(10.0), 0),
            ("ln(0.3)", ln(0.3), 0),
            ("ln_1p(-0.7)", ln_1p(-0.7), 0),
            ("ln_1p(1e-9)", ln_1p(1e-9), 0),
            ("log2(10)", log2(10.0), 0),
            ("log10(2)", log10(2.0), 0),
            ("exp(1)", exp(1.0), 0),
            ("exp(-12.3)", exp(-12.3), 0),
            ("exp_m1(0.01)", exp_m1(0.01), 0),
            ("pow(2.3, 1.7)", pow(2.3, 1.7), 0),
            ("pow(1e-5, 0.61)", pow(1e-5, 0.61), 0),
            ("sin(1)", sin(1.0), 0),
            ("sin(1e5)", sin(1e5), 0),
            ("cos(1)", cos(1.0), 0),
            ("tan(1)", tan(1.0), 0),
            ("asin(0.7)", asin(0.7), 0),
            ("acos(0.7)", acos(0.7), 0),
            ("atan2(1, -3)", atan2(1.0, -3.0), 0),
            ("hypot(1.1, 2.3)", hypot(1.1, 2.3), 0),
            ("gamma(2.7)", gamma(2.7), 0),
            ("gamma(11.5)", gamma(11.5), 0),
            ("ln_gamma(0.3)", ln_gamma(0.3), 0),
        ];
        let changed: Vec<String> = golden
            .iter()
            .filter(|(_, value, bits)| value.to_bits() != *bits)
            .map(|(name, value, bits)| format!("{name}: {:#018x} instead of {bits:#018x}", value.to_bits()))
            .collect();
        assert!(changed.is_empty(), "{}", changed.join("\n"));
    }
}

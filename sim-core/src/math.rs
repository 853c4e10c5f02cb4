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

/// The complementary error function: twice the share of a normal distribution above `x sqrt(2)` standard deviations.
#[inline]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
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
    /// fingerprints. None of them is more than one unit in the last place off the double closest to the true value.
    #[test]
    fn bits_are_those_of_the_pinned_libm() {
        let golden: &[(&str, f64, u64)] = &[
            ("ln(10)", ln(10.0), 0x4002_6bb1_bbb5_5516),
            ("ln(0.3)", ln(0.3), 0xbff3_4378_fcbd_a721),
            ("ln_1p(-0.7)", ln_1p(-0.7), 0xbff3_4378_fcbd_a720),
            ("ln_1p(1e-9)", ln_1p(1e-9), 0x3e11_2e0b_e801_f1d9),
            ("log2(10)", log2(10.0), 0x400a_934f_0979_a371),
            ("log10(2)", log10(2.0), 0x3fd3_4413_509f_79ff),
            ("exp(1)", exp(1.0), 0x4005_bf0a_8b14_576a),
            ("exp(-12.3)", exp(-12.3), 0x3ed3_1765_fdaf_4f37),
            ("exp_m1(0.01)", exp_m1(0.01), 0x3f84_952e_9791_133f),
            ("pow(2.3, 1.7)", pow(2.3, 1.7), 0x4010_7b45_055d_7057),
            ("pow(1e-5, 0.61)", pow(1e-5, 0.61), 0x3f4d_345a_d0df_45f0),
            ("sin(1)", sin(1.0), 0x3fea_ed54_8f09_0cee),
            ("sin(1e5)", sin(1e5), 0x3fa2_4daa_9c52_7e96),
            ("cos(1)", cos(1.0), 0x3fe1_4a28_0fb5_068c),
            ("tan(1)", tan(1.0), 0x3ff8_eb24_5cbe_e3a6),
            ("asin(0.7)", asin(0.7), 0x3fe8_d00e_692a_fd95),
            ("acos(0.7)", acos(0.7), 0x3fe9_73e8_3f5d_5c9b),
            ("atan2(1, -3)", atan2(1.0, -3.0), 0x4006_8f09_5fdf_593c),
            ("hypot(1.1, 2.3)", hypot(1.1, 2.3), 0x4004_6565_5f12_2ff6),
            ("gamma(2.7)", gamma(2.7), 0x3ff8_b708_8168_5bbf),
            ("gamma(11.5)", gamma(11.5), 0x4166_b243_e2af_d199),
            ("erfc(0.7)", erfc(0.7), 0x3fd4_9ee7_bdd1_d374),
            ("erfc(5.3)", erfc(5.3), 0x3d32_9d3a_48c9_04da),
            ("ln_gamma(0.3)", ln_gamma(0.3), 0x3ff1_8863_7a6c_4196),
        ];
        let changed: Vec<String> = golden
            .iter()
            .filter(|(_, value, bits)| value.to_bits() != *bits)
            .map(|(name, value, bits)| format!("{name}: {:#018x} instead of {bits:#018x}", value.to_bits()))
            .collect();
        assert!(changed.is_empty(), "{}", changed.join("\n"));
    }
}

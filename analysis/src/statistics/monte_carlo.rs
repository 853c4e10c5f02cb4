//! Random numbers for tests of how often an interval covers and how often a test is mistaken: few, plain and fixed.

/// A stream of pseudo-random numbers: splitmix64 (Steele, Lea and Flood 2014).
pub(super) struct Stream(u64);

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        Stream(seed.wrapping_mul(0xa076_1d64_78bd_642f))
    }

    /// Uniform between 0 and 1, neither included.
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Normal with mean 0 and variance 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// A stationary series whose neighbours are correlated by `rho`: a first-order autoregression of variance 1.
    pub(super) fn autoregression(&mut self, length: usize, rho: f64) -> Vec<f64> {
        let mut value = self.normal();
        let mut series = Vec::with_capacity(length);
        for _ in 0..length {
            series.push(value);
            value = rho * value + (1.0 - rho * rho).sqrt() * self.normal();
        }
        series
    }
}

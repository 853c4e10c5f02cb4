//! Straight lines through points.

use super::mean;

/// The line `intercept + slope x` with the smallest sum of squared residuals.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Line {
    /// Where it crosses x = 0.
    pub intercept: f64,
    /// By how much it rises a unit of x.
    pub slope: f64,
    /// The sum of the squared residuals.
    pub residual: f64,
    /// The sum of the squared distances of the points from their mean.
    pub total: f64,
}

impl Line {
    /// The sum of squares that the line explains: over `total` it is the coefficient of determination.
    pub fn explained(&self) -> f64 {
        self.total - self.residual
    }
}

/// The line of least squares through points (x, y); none where they do not differ in x.
pub fn least_squares(points: &[(f64, f64)]) -> Option<Line> {
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let (x_mean, y_mean) = (mean(&x)?, mean(&y)?);
    let sum = |term: &dyn Fn(f64, f64) -> f64| points.iter().map(|(x, y)| term(*x, *y)).sum::<f64>();
    let spread = sum(&|x, _| (x - x_mean) * (x - x_mean));
    if spread <= 0.0 {
        return None;
    }
    let slope = sum(&|x, y| (x - x_mean) * (y - y_mean)) / spread;
    let intercept = y_mean - slope * x_mean;
    let residual = |x: f64, y: f64| y - y_mean - slope * (x - x_mean);
    Some(Line {
        intercept,
        slope,
        residual: sum(&|x, y| residual(x, y) * residual(x, y)),
        total: sum(&|_, y| (y - y_mean) * (y - y_mean)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anscombes_first_set_has_its_published_line() {
        // Anscombe 1973: y = 3.00 + 0.500 x, R^2 = 0.67 (regression 27.51, residual 13.76 of 41.27).
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let points: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        let line = least_squares(&points).unwrap();
        assert!(
            (line.intercept - 3.0).abs() < 5e-3 && (line.slope - 0.5).abs() < 5e-4,
            "{line:?}"
        );
        assert!(
            (line.explained() - 27.51).abs() < 5e-3 && (line.residual - 13.76).abs() < 5e-3,
            "{line:?}"
        );
        assert!((line.total - 41.27).abs() < 5e-3, "{line:?}");
    }

    #[test]
    fn points_above_each_other_have_no_line() {
        assert_eq!(least_squares(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(least_squares(&[]), None);
    }
}

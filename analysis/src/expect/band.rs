//! The band that a measured value must lie in.

use super::Expectation;
use crate::spec::Problem;

impl Expectation {
    /// The lowest and the highest mean allowed; on error the key at fault.
    pub(super) fn allowed(&self) -> Result<(f64, f64), (&'static str, Problem)> {
        let relative = self.within_relative.map(|percent| percent.0);
        let numbers = [
            ("published", self.published),
            ("within", self.within),
            ("within_relative", relative),
            ("at_least", self.at_least),
            ("at_most", self.at_most),
            ("between", self.between.map(|[low, _]| low)),
            ("between", self.between.map(|[_, high]| high)),
        ];
        for (key, number) in numbers {
            if let Some(number) = number.filter(|number| !number.is_finite()) {
                return Err((key, Problem::unexpected("a finite number", number.to_string())));
            }
        }
        match (self.within, relative, self.at_least, self.at_most, self.between) {
            (Some(reach), None, None, None, None) => self.around("within", reach),
            (None, Some(percent), None, None, None) => {
                let reach = self.published.map_or(0.0, f64::abs) * percent / 100.0;
                if self.published == Some(0.0) {
                    let expected = "an absolute `within` where the published value is 0";
                    return Err((
                        "within_relative",
                        Problem::unexpected(expected, format!("{percent} % of it")),
                    ));
                }
                self.around("within_relative", reach)
            }
            (None, None, Some(low), None, None) => Ok((low, f64::INFINITY)),
            (None, None, None, Some(high), None) => Ok((f64::NEG_INFINITY, high)),
            (None, None, None, None, Some([low, high])) if low <= high => Ok((low, high)),
            (None, None, None, None, Some([low, high])) => Err((
                "between",
                Problem::unexpected("the lower end first", format!("[{low}, {high}]")),
            )),
            _ => Err(("within", self.not_one_band())),
        }
    }

    /// The band around the published value.
    fn around(&self, key: &'static str, reach: f64) -> Result<(f64, f64), (&'static str, Problem)> {
        let Some(published) = self.published else {
            return Err((
                "published",
                Problem::unexpected(format!("the value that `{key}` lies around"), "none"),
            ));
        };
        if reach < 0.0 {
            return Err((key, Problem::unexpected("a band of 0 or more", reach.to_string())));
        }
        Ok((published - reach, published + reach))
    }

    fn not_one_band(&self) -> Problem {
        let bands = [
            ("within", self.within.is_some()),
            ("within_relative", self.within_relative.is_some()),
            ("at_least", self.at_least.is_some()),
            ("at_most", self.at_most.is_some()),
            ("between", self.between.is_some()),
        ];
        let given: Vec<&str> = bands.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
        Problem::NotOne {
            expected: bands.map(|(key, _)| key).join(", "),
            found: if given.is_empty() {
                "none".to_owned()
            } else {
                given.join(", ")
            },
        }
    }
}

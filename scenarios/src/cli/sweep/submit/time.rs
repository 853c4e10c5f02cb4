//! Time limits as Slurm writes them.

use std::str::FromStr;
use std::time::Duration;

/// A time limit as the manual of sbatch has it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
/// `days-hours:minutes`, `days-hours:minutes:seconds`, or `UNLIMITED`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::cli::sweep) struct TimeLimit {
    written: String,
    length: Option<Duration>,
}

impl TimeLimit {
    /// As it is written.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// How long that is; nothing if it is without limit.
    pub(super) fn length(&self) -> Option<Duration> {
        self.length
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let unlimited = ["unlimited", "infinite"].contains(&written.to_lowercase().as_str());
        let length = if unlimited {
            None
        } else {
            let seconds = seconds(written).filter(|seconds| *seconds > 0);
            Some(
                seconds
                    .ok_or("expected minutes, hours:minutes:seconds or days-hours, for example 30, 2:00:00, 1-12")?,
            )
        };
        Ok(TimeLimit {
            written: written.to_owned(),
            length: length.map(Duration::from_secs),
        })
    }
}

fn seconds(written: &str) -> Option<u64> {
    let (days, rest) = match written.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, written),
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match (days, parts.as_slice()) {
        (None, [minutes]) => (0, *minutes, 0),
        (None, [minutes, seconds]) => (0, *minutes, *seconds),
        (Some(_), [hours]) => (*hours, 0, 0),
        (Some(_), [hours, minutes]) => (*hours, *minutes, 0),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        _ => return None,
    };
    Some(((days.unwrap_or(0) * 24 + hours) * 60 + minutes) * 60 + seconds)
}

/// A number that no sum of such can make overflow.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| digits.parse::<u32>().ok().map(u64::from)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_manual_of_sbatch_has_them() {
        let length = |written: &str| {
            written
                .parse::<TimeLimit>()
                .unwrap()
                .length()
                .map(|length| length.as_secs())
        };
        for (written, seconds) in [
            ("30", 1800),
            ("30:15", 1815),
            ("2:00:01", 7201),
            ("1-12", 129_600),
            ("1-0:30", 88_200),
            ("2-01:02:03", 176_523),
        ] {
            assert_eq!(length(written), Some(seconds), "{written}");
        }
        assert_eq!(length("UNLIMITED"), None);
        for wrong in [
            "",
            "0",
            "2h",
            "-5",
            "1:2:3:4",
            "1-",
            "1-2:3:4:5",
            "+5",
            "5:",
            "99999999999",
        ] {
            let refused = wrong.parse::<TimeLimit>().unwrap_err();
            assert!(refused.contains("2:00:00"), "{wrong}: {refused}");
        }
    }
}

//! An axis: which values it spans, where each lies, and which ticks it bears.

use super::{Axis, Scale};
use crate::math::{exp2, exp10, integer_power, log2, log10};
use crate::number::{decade, printed};

/// The largest magnitude that is drawn.
const LARGEST: f64 = 1e100;

/// How much of its span an axis leaves free beyond the data, so that no marker lies on the frame.
const MARGIN: f64 = 0.04;

/// Whether an axis can show this value at all.
pub(super) fn drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// The values that an axis spans.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    scale: Scale,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Whether only whole numbers mean something here, such as counts of hops: ticks between them would not.
    pub(super) whole: bool,
}

/// One tick.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Tick {
    pub(super) value: f64,
    /// None at a tick between the labelled ones.
    pub(super) label: Option<TickLabel>,
    /// Whether it subdivides the ticks at round values.
    pub(super) minor: bool,
}

/// What stands at a tick.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum TickLabel {
    /// A number.
    Plain(String),
    /// A power, printed with a raised exponent.
    Power(u32, i32),
}

/// How much room labels have: the length of the axis, and the length that a label takes along it.
pub(super) struct Room<'a> {
    pub(super) length: f64,
    pub(super) extent: &'a dyn Fn(&TickLabel) -> f64,
}

impl Span {
    /// The span of an axis over these values: all of them, the range asked for, and a margin where the range leaves
    /// none. A linear axis whose values come near zero begins `from_zero`, if told to.
    pub(super) fn over(axis: &Axis, values: impl Iterator<Item = f64>, from_zero: bool) -> Span {
        let asked = axis.range.into_iter().flatten();
        let positive = |value: &f64| axis.scale == Scale::Linear || *value > 0.0;
        let ends = values.filter(positive).fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = ends.unwrap_or((1.0, 1.0));
        let near_zero = low > 0.0 && low <= 0.5 * high;
        let zero = axis.scale == Scale::Linear && from_zero && (low == 0.0 || near_zero);
        let mut span = Span {
            scale: axis.scale,
            low,
            high,
            whole: false,
        };
        if zero {
            span.low = 0.0;
        }
        let span = span.with_margin(zero);
        // The ends asked for count as they are; only data beyond them needs a margin.
        asked.fold(span, |span, end| span.reaching(end, low, high))
    }

    /// The same without a margin: for values that already include the room beyond the data.
    pub(super) fn flush(axis: &Axis, values: impl Iterator<Item = f64>) -> Span {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let asked = axis.range.into_iter().flatten();
        let span = Span::exactly(axis.scale, low, high);
        asked.fold(span, |span, end| span.reaching(end, low, high))
    }

    /// The span from one value to another and no further.
    pub(super) fn exactly(scale: Scale, low: f64, high: f64) -> Span {
        Span {
            scale,
            low,
            high,
            whole: false,
        }
    }

    /// Adds the margin, and room where all values are the same.
    fn with_margin(mut self, keep_low: bool) -> Span {
        let [low, high] = [self.low, self.high].map(|value| self.transformed(value));
        let flat = high - low <= 1e-9 * low.abs().max(high.abs());
        let margin = match (flat, self.scale) {
            (false, _) => (high - low) * MARGIN,
            (true, Scale::Linear) => {
                if low == 0.0 {
                    1.0
                } else {
                    low.abs() * 0.1
                }
            }
            (true, _) => 1.0,
        };
        self.high = self.restored(high + margin);
        if !keep_low {
            self.low = self.restored(low - margin);
        }
        self
    }

    /// The same with an end asked for, where it lies outside of the data.
    fn reaching(mut self, end: f64, data_low: f64, data_high: f64) -> Span {
        if end <= data_low {
            self.low = end;
        } else if end >= data_high {
            self.high = end;
        }
        self
    }

    fn transformed(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Log2 => log2(value),
            Scale::Log10 => log10(value),
        }
    }

    fn restored(&self, transformed: f64) -> f64 {
        match self.scale {
            Scale::Linear => transformed,
            Scale::Log2 => exp2(transformed),
            Scale::Log10 => exp10(transformed),
        }
    }

    /// Where a value lies, from 0 at the lower end to 1 at the upper; what has no logarithm lies at the lower end.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        if self.scale != Scale::Linear && value <= 0.0 {
            return 0.0;
        }
        let [low, high, value] = [self.low, self.high, value].map(|value| self.transformed(value));
        (value - low) / (high - low)
    }

    /// The ticks in ascending order, labelled as densely as the room allows.
    pub(super) fn ticks(&self, room: &Room<'_>) -> Vec<Tick> {
        let ticks = match self.scale {
            Scale::Linear => return self.linear_ticks(room),
            Scale::Log2 => self.power_ticks(2, room),
            Scale::Log10 => self.decade_ticks(room),
        };
        // An axis over no more than two powers is labelled like a linear one, unless it has other labels; and so is one with room for
        // a single power, which would not say how far it is to anywhere.
        let labelled = ticks.iter().filter(|tick| tick.label.is_some()).count();
        let powers = ticks.iter().filter(|tick| !tick.minor).count();
        if labelled >= 2 && labelled.max(powers) > 2 {
            ticks
        } else {
            self.linear_ticks(room)
        }
    }

    /// Ticks at 0, 1, 2 and so on that bear names, every so many of them that the names do not touch.
    pub(super) fn named_ticks(&self, names: &[String], room: &Room<'_>) -> Vec<Tick> {
        let tick = |(index, name): (usize, &String)| Tick {
            value: index as f64,
            label: Some(TickLabel::Plain(name.clone())),
            minor: false,
        };
        self.thinned(names.iter().enumerate().map(tick).collect(), room)
    }

    /// Ticks at the multiples of the smallest step of 1, 2 or 5 times a power of ten at which no two labels touch.
    fn linear_ticks(&self, room: &Room<'_>) -> Vec<Tick> {
        let first = decade(self.high - self.low, 0) - 2;
        let first = if self.whole { first.max(0) } else { first };
        let steps = (first..first + 5).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| (digit, exponent)));
        let mut last = Vec::new();
        for (digit, exponent) in steps {
            let ticks = self.multiples(digit, exponent);
            if ticks.len() < 2 && last.len() >= 2 {
                return self.thinned(last, room);
            }
            if self.fit(&ticks, room) {
                return ticks;
            }
            last = ticks;
        }
        self.thinned(last, room)
    }

    /// The multiples of digit times ten to the exponent that lie in the span.
    fn multiples(&self, digit: f64, exponent: i32) -> Vec<Tick> {
        let unit = integer_power(10, exponent.abs());
        // Dividing by a whole power of ten rounds once; multiplying by a fraction would show its error in the label.
        let value = |multiple: f64| {
            if exponent < 0 {
                multiple * digit / unit
            } else {
                multiple * digit * unit
            }
        };
        let step = value(1.0);
        let [from, to] = [(self.low / step - 1e-6).ceil(), (self.high / step + 1e-6).floor()];
        let label = |value: f64| {
            if (-6..=11).contains(&exponent) || value == 0.0 {
                printed(value, (-exponent).max(0) as usize)
            } else {
                let places = (decade(value, 15) - exponent).clamp(0, 15) as usize;
                format!("{value:.places$e}").replace('-', "\u{2212}")
            }
        };
        let count = if to >= from { (to - from) as u64 + 1 } else { 0 };
        let ticks = (0..count).map(|index| value(from + index as f64));
        ticks
            .map(|value| Tick {
                value,
                label: Some(TickLabel::Plain(label(value))),
                minor: false,
            })
            .collect()
    }

    /// Ticks at the powers of the base, every so many of them labelled that the labels do not touch.
    fn power_ticks(&self, base: u32, room: &Room<'_>) -> Vec<Tick> {
        let [from, to] = [self.low, self.high].map(|value| self.transformed(value));
        let exponents = (from - 1e-9).ceil() as i32..=(to + 1e-9).floor() as i32;
        let largest = integer_power(base, *exponents.end());
        let powers = |plain: bool| -> Vec<Tick> {
            let label = |exponent: i32| match plain {
                true => TickLabel::Plain(printed(integer_power(base, exponent), 0)),
                false => TickLabel::Power(base, exponent),
            };
            let tick = |exponent| Tick {
                value: integer_power(base, exponent),
                label: Some(label(exponent)),
                minor: false,
            };
            exponents.clone().map(tick).collect()
        };
        let mut ticks = powers(false);
        // Sizes such as 1024 are read more easily than 2 to the 10th, as long as at least every second one finds room.
        if base == 2 && *exponents.start() >= 0 && largest < 1e5 {
            let plain = powers(true);
            if self.fit(&every(2, plain.clone()), room) {
                ticks = plain;
            }
        }
        self.thinned(ticks, room)
    }

    /// Ticks of a base 10 axis: powers, and unlabelled ones between them; over a decade or two also 2 and 5 are labelled.
    fn decade_ticks(&self, room: &Room<'_>) -> Vec<Tick> {
        let powers = self.power_ticks(10, room);
        if powers.len() > 8 {
            return powers;
        }
        let [from, to] = [self.low, self.high].map(|value| decade(value, 15));
        let digits = (from..=to).flat_map(|exponent| (1..10).map(move |digit| (digit, exponent)));
        let scaled = |digit: i32, exponent: i32| match exponent {
            0.. => f64::from(digit) * integer_power(10, exponent),
            _ => f64::from(digit) / integer_power(10, -exponent),
        };
        let all = digits.map(|(digit, exponent)| (digit, exponent, scaled(digit, exponent)));
        let within: Vec<_> = all
            .filter(|(_, _, value)| (self.low..=self.high).contains(value))
            .collect();
        let few = powers.len() < 3 && (-4..=6).contains(&from) && to <= 6;
        let tick = |&(digit, exponent, value): &(i32, i32, f64)| {
            let plain = TickLabel::Plain(printed(value, (-exponent).max(0) as usize));
            let label = match (few, digit) {
                (true, 1 | 2 | 5) => Some(plain),
                (false, 1) => powers
                    .iter()
                    .find(|power| power.value == value)
                    .and_then(|power| power.label.clone()),
                _ => None,
            };
            Tick {
                value,
                minor: label.is_none() && digit != 1,
                label,
            }
        };
        let ticks: Vec<Tick> = within.iter().map(tick).collect();
        if few && !self.fit(&ticks, room) { powers } else { ticks }
    }

    /// The ticks with every so many of them labelled that no two labels touch.
    fn thinned(&self, ticks: Vec<Tick>, room: &Room<'_>) -> Vec<Tick> {
        let strides = 1..=ticks.len().max(1);
        let fitting = strides
            .map(|stride| every(stride, ticks.clone()))
            .find(|thinned| self.fit(thinned, room));
        fitting.unwrap_or(ticks)
    }

    /// Whether no two labels touch.
    fn fit(&self, ticks: &[Tick], room: &Room<'_>) -> bool {
        let labels = ticks
            .iter()
            .filter_map(|tick| tick.label.as_ref().map(|label| (tick.value, label)));
        let ends: Vec<(f64, f64)> = labels
            .map(|(value, label)| {
                let middle = self.fraction(value) * room.length;
                let half = (room.extent)(label) / 2.0;
                (middle - half, middle + half)
            })
            .collect();
        ends.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    }
}

/// The ticks with only every `stride`-th labelled.
fn every(stride: usize, mut ticks: Vec<Tick>) -> Vec<Tick> {
    for (index, tick) in ticks.iter_mut().enumerate() {
        if index % stride != 0 {
            tick.label = None;
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(scale: Scale, values: &[f64], range: Option<[f64; 2]>) -> Span {
        let axis = Axis {
            label: "x".into(),
            unit: String::new(),
            scale,
            range,
        };
        Span::over(&axis, values.iter().copied(), true)
    }

    /// Labels of an axis 2000 units long, each label as long as 50 units a character.
    fn labels(span: Span) -> Vec<String> {
        let extent = |label: &TickLabel| match label {
            TickLabel::Plain(text) => 50.0 * text.chars().count() as f64 + 50.0,
            TickLabel::Power(..) => 150.0,
        };
        let ticks = span.ticks(&Room {
            length: 2000.0,
            extent: &extent,
        });
        let text = |label| match label {
            TickLabel::Plain(text) => text,
            TickLabel::Power(base, exponent) => format!("{base}^{exponent}"),
        };
        ticks.into_iter().filter_map(|tick| tick.label.map(text)).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_begin_at_zero_near_zero() {
        let near = span(Scale::Linear, &[1.7, 6.9], None);
        assert_eq!(near.low, 0.0);
        assert_eq!(labels(near), ["0", "1", "2", "3", "4", "5", "6", "7"]);
        assert_eq!(
            labels(span(Scale::Linear, &[0.0, 100_000.0], None)).last().unwrap(),
            "100,000"
        );
        assert!(span(Scale::Linear, &[100.0, 101.0], None).low > 99.0);
        assert_eq!(labels(span(Scale::Linear, &[-3.0, 3.0], None))[0], "\u{2212}3");
    }

    #[test]
    fn powers_of_two_are_numbers_while_they_fit_and_powers_beyond() {
        let sizes = span(Scale::Log2, &[8.0, 16_384.0], None);
        assert_eq!(labels(sizes), ["8", "32", "128", "512", "2048", "8192"]);
        assert_eq!(
            labels(span(Scale::Log2, &[1.0, 1_048_576.0], None))[..3],
            ["2^0", "2^2", "2^4"]
        );
    }

    #[test]
    fn decades_have_unlabelled_ticks_between() {
        let span = span(Scale::Log10, &[1000.0, 100_000.0], None);
        assert_eq!(labels(span), ["10^3", "10^4", "10^5"]);
        let ticks = span.ticks(&Room {
            length: 2000.0,
            extent: &|_| 100.0,
        });
        assert_eq!(ticks.iter().filter(|tick| tick.minor).count(), 17);
    }

    #[test]
    fn over_two_decades_or_less_twos_and_fives_are_labelled_too() {
        assert_eq!(
            labels(span(Scale::Log10, &[4.0, 280.0], None)),
            ["5", "10", "20", "50", "100", "200"]
        );
        assert_eq!(labels(span(Scale::Log10, &[0.03, 0.3], None)), ["0.05", "0.1", "0.2"]);
    }

    #[test]
    fn a_log_axis_within_one_power_is_labelled_at_round_values() {
        let labels = labels(span(Scale::Log10, &[200.0, 700.0], None));
        assert!(labels.len() >= 3 && labels.contains(&"400".to_owned()), "{labels:?}");
    }

    #[test]
    fn an_axis_with_room_for_one_power_is_labelled_at_round_values() {
        let span = span(Scale::Log10, &[1e3, 1e5], None);
        // The ends of the axis have no room for the labels of powers, and so only the one in the middle finds some.
        let labels = |extent: &dyn Fn(&TickLabel) -> f64| {
            let ticks = span.ticks(&Room { length: 100.0, extent });
            ticks.iter().filter(|tick| tick.label.is_some()).count()
        };
        let wide_powers = |label: &TickLabel| match label {
            TickLabel::Power(..) => 60.0,
            TickLabel::Plain(_) => 30.0,
        };
        assert!(labels(&wide_powers) >= 2);
    }

    #[test]
    fn equal_values_still_span_something() {
        for (scale, value) in [
            (Scale::Linear, 1e-30),
            (Scale::Linear, -5.0),
            (Scale::Log2, 8.0),
            (Scale::Log10, 1e-9),
        ] {
            let span = span(scale, &[value], None);
            assert!(span.low < value && value < span.high, "{span:?}");
            assert!(!labels(span).is_empty(), "{span:?}");
        }
        let zero = span(Scale::Linear, &[0.0], None);
        assert_eq!((zero.low, zero.high), (0.0, 1.0));
    }

    #[test]
    fn a_range_widens_the_axis_and_never_hides_data() {
        let wide = span(Scale::Linear, &[2.0, 3.0], Some([0.0, 10.0]));
        assert_eq!((wide.low, wide.high), (0.0, 10.0));
        let narrow = span(Scale::Linear, &[2.0, 30.0], Some([0.0, 10.0]));
        assert!(narrow.low == 0.0 && narrow.high > 30.0, "{narrow:?}");
        let apart = span(Scale::Linear, &[2.0, 3.0], Some([5.0, 10.0]));
        assert!(apart.low < 2.0 && apart.high == 10.0, "{apart:?}");
    }

    #[test]
    fn every_magnitude_gets_a_few_ticks() {
        for exponent in -90..=90 {
            let value = integer_power(10, exponent);
            for (low, high) in [(value, 3.0 * value), (-value, value), (value, value * (1.0 + 1e-7))] {
                let ticks = labels(span(Scale::Linear, &[low, high], None));
                assert!((1..=40).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            }
        }
    }
}

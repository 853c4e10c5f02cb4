//! Where data has been drawn, so that a legend or a label can stay clear of it.

use super::canvas::Place;

/// A rectangle on the canvas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Area {
    /// The smallest that holds these places; nothing of no places.
    fn around(places: &[Place]) -> Option<Area> {
        let &(x, y) = places.first()?;
        let point = Area {
            left: x,
            top: y,
            right: x,
            bottom: y,
        };
        Some(places.iter().fold(point, |area, &(x, y)| Area {
            left: area.left.min(x),
            top: area.top.min(y),
            right: area.right.max(x),
            bottom: area.bottom.max(y),
        }))
    }

    /// The same with a margin on each side.
    pub(super) fn grown(self, margin: i32) -> Area {
        Area {
            left: self.left - margin,
            top: self.top - margin,
            right: self.right + margin,
            bottom: self.bottom + margin,
        }
    }

    /// Whether this one lies within the other.
    pub(super) fn within(self, other: Area) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }

    fn overlaps(self, other: Area) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// Whether a straight line from one place to another meets the area: the part of it within each pair of opposite
    /// sides is cut off in turn, and the line meets the area if something is left (Liang and Barsky 1984).
    fn meets(self, from: Place, to: Place) -> bool {
        let (mut first, mut last) = (0.0_f64, 1.0_f64);
        for (start, end, low, high) in [
            (from.0, to.0, self.left, self.right),
            (from.1, to.1, self.top, self.bottom),
        ] {
            let [start, length] = [f64::from(start), f64::from(end) - f64::from(start)];
            let [low, high] = [f64::from(low) - start, f64::from(high) - start];
            if length == 0.0 {
                if low > 0.0 || high < 0.0 {
                    return false;
                }
                continue;
            }
            let [one, other] = [low / length, high / length];
            first = first.max(one.min(other));
            last = last.min(one.max(other));
        }
        first <= last
    }
}

/// Lines and areas that data covers.
#[derive(Debug, Default)]
pub(super) struct Ink {
    lines: Vec<(Place, Place)>,
    areas: Vec<Area>,
}

impl Ink {
    /// Adds a line through these places.
    pub(super) fn add_line(&mut self, places: &[Place]) {
        self.lines.extend(places.windows(2).map(|pair| (pair[0], pair[1])));
    }

    /// Adds the smallest rectangle that holds these places.
    pub(super) fn add_area(&mut self, places: &[Place]) {
        self.areas.extend(Area::around(places));
    }

    /// Whether an area is free of data.
    pub(super) fn leaves(&self, area: Area) -> bool {
        !self.areas.iter().any(|other| area.overlaps(*other))
            && !self.lines.iter().any(|(from, to)| area.meets(*from, *to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_areas_are_found_where_they_are() {
        let area = Area {
            left: 100,
            top: 100,
            right: 200,
            bottom: 200,
        };
        let free = |from: Place, to: Place| {
            let mut ink = Ink::default();
            ink.add_line(&[from, to]);
            ink.leaves(area)
        };
        for (from, to) in [
            ((0, 0), (300, 300)),
            ((150, 0), (150, 300)),
            ((0, 150), (120, 150)),
            ((150, 150), (150, 150)),
        ] {
            assert!(!free(from, to) && !free(to, from), "{from:?} {to:?}");
        }
        for (from, to) in [
            ((0, 0), (300, 50)),
            ((0, 190), (110, 300)),
            ((150, 0), (150, 90)),
            ((201, 0), (201, 300)),
        ] {
            assert!(free(from, to) && free(to, from), "{from:?} {to:?}");
        }
        let mut ink = Ink::default();
        ink.add_area(&[(150, 250), (250, 190)]);
        assert!(!ink.leaves(area) && ink.leaves(area.grown(-20)));
    }
}

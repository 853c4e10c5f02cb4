//! Axes that go in step: one alone, or those of a zip.

use std::collections::BTreeSet;

use super::axis::AxisValues;
use crate::input::{InputError, Origin};

/// Axes with equally many values, of which a point has those at the same place.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) axes: Vec<AxisValues>,
    /// Where the zip is written, if it is one.
    pub(super) zip: Option<Origin>,
}

impl Group {
    /// How many values each of the axes has.
    pub(super) fn len(&self) -> usize {
        self.axes.first().map_or(0, |axis| axis.values.len())
    }

    /// Makes sure that all axes have equally many values, and that no two points are the same.
    pub(super) fn check(&self) -> Result<(), InputError> {
        for pair in self.axes.windows(2) {
            let [first, second] = pair else { continue };
            let (length, expected) = (second.values.len(), first.values.len());
            if length != expected {
                let (line, column) = first.origin.line_column();
                let message = format!(
                    "sweep.zip: `{}` has {expected} values ({}:{line}:{column}), `{}` has {length}",
                    first.path,
                    first.origin.source().name(),
                    second.path,
                );
                return Err(InputError::at(&second.origin, message)
                    .labelled(format!("expected {expected} values"))
                    .help("the lists of a zip go in step; those outside of it are crossed"));
            }
        }
        self.check_distinct()
    }

    /// Refuses values that are listed twice: their points could not be told apart in a table.
    fn check_distinct(&self) -> Result<(), InputError> {
        let mut seen = BTreeSet::new();
        let labels = |index: usize| -> Vec<&str> { self.axes.iter().map(|axis| &*axis.values[index].label).collect() };
        let Some(index) = (0..self.len()).find(|index| !seen.insert(labels(*index))) else {
            return Ok(());
        };
        let Some(last) = self.axes.last() else { return Ok(()) };
        if self.zip.is_none() {
            return Err(last.values[index].twice(&last.path.to_string()));
        }
        let first = (0..index)
            .find(|earlier| labels(*earlier) == labels(index))
            .unwrap_or(0);
        let same: Vec<String> = (self.axes.iter())
            .map(|axis| format!("{} = {}", axis.path, axis.values[index].label))
            .collect();
        let message = format!(
            "sweep.zip: steps {} and {} are both {}",
            first + 1,
            index + 1,
            same.join(", ")
        );
        Err(InputError::at(&last.values[index].written.origin, message)
            .labelled("the second time")
            .help("`replications` runs a point several times")
            .help("a key that is set on the command line leaves its zip: set those that went in step with it, too"))
    }
}

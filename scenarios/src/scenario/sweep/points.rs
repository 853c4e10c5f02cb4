//! The points of a sweep: which there are, and the document of each.

use super::axis::AxisValues;
use super::bound::{Derived, Formula, Source, derived_value, needed, order, sources};
use super::expression::{Operand, Value};
use super::group::Group;
use super::written::Sweeping;
use super::{Axis, COMBINATION_LIMIT, FIXED, POINT_LIMIT};
use crate::input::{Document, InputError};

/// A sweep and the scenario that it is of.
///
/// A point is its place among all combinations of values; its document is made when it is asked for. So a hundred thousand points
/// take no more memory than what they are run with.
pub(in crate::scenario) struct Sweep {
    /// The scenario without what is the same for all points and no run needs.
    base: Document,
    groups: Vec<Group>,
    derived: Vec<Derived>,
    derived_sources: Vec<Vec<Source>>,
    /// The derived keys, each after those that it needs.
    order: Vec<usize>,
    filter: Option<Filter>,
}

/// The place of a point among all combinations of values, the first axis varying slowest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::scenario) struct Place(usize);

struct Filter {
    formula: Formula,
    sources: Vec<Source>,
    /// The derived keys that it needs, each after those that it needs itself.
    needs: Vec<usize>,
}

/// What the filter of a sweep does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filtered {
    /// The filter as it is written.
    pub filter: String,
    /// How many points there would be without it.
    pub combinations: usize,
    /// The values of axes that no point has: a key, and a value by its name or as written.
    pub unused: Vec<(String, String)>,
}

impl Sweep {
    /// The sweep of a scenario, laid under the command line.
    ///
    /// # Errors
    /// [`InputError::Invalid`] at what `[sweep]` cannot say, such as an expression with a key that is not there.
    pub(in crate::scenario) fn read(document: &Document) -> Result<Self, InputError> {
        let Sweeping {
            groups,
            derived,
            filter,
        } = Sweeping::read(document)?;
        let of = |formula: &Formula| sources(formula, &groups, &derived, document);
        let derived_sources: Vec<Vec<Source>> = derived
            .iter()
            .map(|derived| of(&derived.formula))
            .collect::<Result<_, _>>()?;
        let order = order(&derived, &derived_sources)?;
        let filter = match filter {
            None => None,
            Some(formula) => {
                let sources = of(&formula)?;
                let mut wanted = vec![false; derived.len()];
                needed(Some(&sources))
                    .into_iter()
                    .for_each(|index| wanted[index] = true);
                for index in order
                    .iter()
                    .rev()
                    .filter(|index| wanted[**index])
                    .copied()
                    .collect::<Vec<_>>()
                {
                    needed(derived_sources.get(index))
                        .into_iter()
                        .for_each(|index| wanted[index] = true);
                }
                let needs = order.iter().copied().filter(|index| wanted[*index]).collect();
                Some(Filter {
                    formula,
                    sources,
                    needs,
                })
            }
        };
        let mut base = document.clone();
        for key in FIXED.into_iter().filter(|key| *key != "seed") {
            base.take(key);
        }
        Ok(Sweep {
            base,
            groups,
            derived,
            derived_sources,
            order,
            filter,
        })
    }

    /// The axes in the order of the file.
    pub(in crate::scenario) fn axes(&self) -> Vec<Axis> {
        let mut zips = 0;
        let mut axes = Vec::new();
        for group in &self.groups {
            zips += usize::from(group.zip.is_some());
            let zip = group.zip.as_ref().map(|_| zips);
            axes.extend(group.axes.iter().map(|axis| Axis {
                key: axis.path.to_string(),
                values: axis.values.iter().map(|value| value.label.to_string()).collect(),
                zip,
            }));
        }
        axes
    }

    /// The points that the filter leaves, in order.
    ///
    /// # Errors
    /// [`InputError::Invalid`] if there are none or too many, or where the filter has no value.
    pub(in crate::scenario) fn places(&self) -> Result<(Vec<Place>, Option<Filtered>), InputError> {
        let combinations = self.combinations()?;
        let Some(filter) = &self.filter else {
            return Ok(((0..combinations).map(Place).collect(), None));
        };
        let mut places = Vec::new();
        let mut used: Vec<Vec<bool>> = self.groups.iter().map(|group| vec![false; group.len()]).collect();
        for place in (0..combinations).map(Place) {
            let indices = self.indices(place);
            if !self.keeps(filter, &indices)? {
                continue;
            }
            if places.len() == POINT_LIMIT {
                let message = format!("the filter leaves more than {POINT_LIMIT} points: a sweep has at most so many");
                return Err(filter.error(&message).labelled("too many points"));
            }
            places.push(place);
            used.iter_mut()
                .zip(&indices)
                .for_each(|(used, index)| used[*index] = true);
        }
        if places.is_empty() {
            let message = format!("no point is left of {combinations}");
            return Err(filter.error(&message).labelled("is true at no point"));
        }
        let unused = self.groups.iter().zip(&used).flat_map(|(group, used)| {
            let missing = (0..group.len()).filter(|index| !used[*index]);
            missing.flat_map(|index| {
                let label = move |axis: &AxisValues| (axis.path.to_string(), axis.values[index].label.to_string());
                group.axes.iter().map(label)
            })
        });
        let filtered = Filtered {
            filter: filter.formula.node.inline(),
            combinations,
            unused: unused.collect(),
        };
        Ok((places, Some(filtered)))
    }

    /// How many combinations of values there are.
    fn combinations(&self) -> Result<usize, InputError> {
        let limit = match self.filter {
            Some(_) => COMBINATION_LIMIT,
            None => POINT_LIMIT,
        };
        let mut count = 1_usize;
        for group in &self.groups {
            count = count.saturating_mul(group.len());
            if let Some(axis) = group.axes.first().filter(|_| count > limit) {
                let message = match self.filter {
                    Some(_) => format!("this axis makes {count} combinations: a filter takes at most {limit}"),
                    None => format!("this axis makes {count} points: a sweep has at most {limit}"),
                };
                return Err(InputError::at(&axis.key_origin, message).labelled("too many points"));
            }
        }
        Ok(count)
    }

    /// The values that a place takes of each group, by their numbers.
    fn indices(&self, Place(mut place): Place) -> Vec<usize> {
        let mut indices = vec![0; self.groups.len()];
        for (index, group) in indices.iter_mut().zip(&self.groups).rev() {
            *index = place % group.len();
            place /= group.len();
        }
        indices
    }

    /// The swept keys and the values that a point has of them, in the order of the axes.
    pub(in crate::scenario) fn settings(&self, place: Place) -> Vec<(String, String)> {
        self.settings_at(&self.indices(place))
    }

    /// The place of the combination that has these values of the axes, by their names or as written, in the order of the axes.
    pub(in crate::scenario) fn place_of(&self, values: &[&str]) -> Option<Place> {
        let (mut place, mut left) = (0, values);
        for group in &self.groups {
            let own = left.split_off(..group.axes.len())?;
            let has = |index: &usize| {
                let mut axes = group.axes.iter().zip(own);
                axes.all(|(axis, value)| *axis.values[*index].label == **value)
            };
            place = place * group.len() + (0..group.len()).find(has)?;
        }
        left.is_empty().then_some(Place(place))
    }

    fn settings_at(&self, indices: &[usize]) -> Vec<(String, String)> {
        let groups = self.groups.iter().zip(indices);
        let axes = groups.flat_map(|(group, index)| group.axes.iter().map(|axis| (axis, *index)));
        axes.map(|(axis, index)| (axis.path.to_string(), axis.values[index].label.to_string()))
            .collect()
    }

    /// What sets a point apart, for messages.
    fn label(&self, indices: &[usize]) -> String {
        let settings = self.settings_at(indices).into_iter();
        let settings: Vec<String> = settings.map(|(key, value)| format!("{key} = {value}")).collect();
        settings.join(", ")
    }

    fn keeps(&self, filter: &Filter, indices: &[usize]) -> Result<bool, InputError> {
        let mut values = vec![None; self.derived.len()];
        for index in &filter.needs {
            values[*index] = Some(self.derive(*index, indices, &values)?);
        }
        match self.evaluate(&filter.formula, &filter.sources, indices, &values)? {
            Value::Truth(truth) => Ok(truth),
            other => {
                let message = format!("expected a condition, found {}", other.describe());
                Err(filter
                    .error(&message)
                    .labelled("expected something true or false")
                    .help("for example: where = \"nodes.count >= 100\""))
            }
        }
    }

    fn derive(&self, index: usize, indices: &[usize], values: &[Option<Value>]) -> Result<Value, InputError> {
        self.evaluate(
            &self.derived[index].formula,
            &self.derived_sources[index],
            indices,
            values,
        )
    }

    fn evaluate(
        &self,
        formula: &Formula,
        sources: &[Source],
        indices: &[usize],
        values: &[Option<Value>],
    ) -> Result<Value, InputError> {
        let operand = |key: usize| match &sources[key] {
            Source::Constant(operand) => operand.clone(),
            Source::Group(group, operands) => operands[indices[*group]].clone(),
            Source::Derived(index) => values[*index].clone().map_or(Value::Missing.into(), Operand::from),
        };
        formula.evaluate(&operand, &|| self.label(indices))
    }

    /// The document of a point: what the scenario says, with the values of the axes and those derived from them.
    ///
    /// # Errors
    /// [`InputError::Invalid`] where a key cannot be set, or an expression has no value that a key takes.
    pub(in crate::scenario) fn document(&self, place: Place) -> Result<Document, InputError> {
        self.laid_over(self.base.clone(), place)
    }

    /// The same over the whole scenario.
    ///
    /// # Errors
    /// As [`Sweep::document`].
    pub(in crate::scenario) fn laid_over(&self, mut document: Document, place: Place) -> Result<Document, InputError> {
        let indices = self.indices(place);
        for (group, index) in self.groups.iter().zip(&indices) {
            for axis in &group.axes {
                document.set(&axis.path, axis.value(*index), &axis.key_origins())?;
            }
        }
        if self.derived.is_empty() {
            return Ok(document);
        }
        let label = self.label(&indices);
        let mut values = vec![None; self.derived.len()];
        for index in &self.order {
            let value = self.derive(*index, &indices, &values)?;
            let derived = &self.derived[*index];
            let node = derived_value(derived, &value, &label)?;
            let key_origins = vec![derived.key_origin.clone(); derived.path.segments().len()];
            document.set(&derived.path, node, &key_origins)?;
            values[*index] = Some(value);
        }
        Ok(document)
    }
}

impl Filter {
    fn error(&self, message: &str) -> InputError {
        let Formula { title, node, .. } = &self.formula;
        InputError::at(&node.origin, format!("{title}: {message}"))
    }
}

#[cfg(test)]
mod tests;

//! The table `[sweep]` as it is written.

use super::axis::{AxisValues, collect, is_from_command_line};
use super::bound::{Derived, Formula, collect_derived};
use super::group::Group;
use crate::input::{Document, Entry, InputError, Node, Origin, Table, Value};

/// What the table `[sweep]` says.
#[derive(Default)]
pub(super) struct Sweeping {
    /// In the order of the file.
    pub(super) groups: Vec<Group>,
    pub(super) derived: Vec<Derived>,
    pub(super) filter: Option<Formula>,
}

impl Sweeping {
    /// Reads the table, if there is one.
    ///
    /// # Errors
    /// [`InputError::Invalid`] at what it cannot say.
    pub(super) fn read(document: &Document) -> Result<Self, InputError> {
        let mut sweeping = Sweeping::default();
        let Some(sweep) = document.get("sweep") else {
            return Ok(sweeping);
        };
        let Value::Table(table) = &sweep.value else {
            return Err(document.error_at("sweep", format!("expected a table of lists, found {}", sweep.kind())));
        };
        for entry in table.entries() {
            match entry.key.as_str() {
                "zip" => sweeping.read_zips(&entry.node)?,
                "derived" => sweeping.read_derived(&entry.node)?,
                "where" => sweeping.filter = Some(Formula::read("sweep.where".to_owned(), &entry.node)?),
                _ => {
                    let mut axes = Vec::new();
                    collect("", entry, &mut axes)?;
                    for axis in axes {
                        sweeping.add(vec![axis], None)?;
                    }
                }
            }
        }
        sweeping.check_derived()?;
        sweeping.groups.iter().try_for_each(Group::check)?;
        Ok(sweeping)
    }

    fn read_zips(&mut self, node: &Node) -> Result<(), InputError> {
        let refused = |node: &Node, message: &str| {
            Err(InputError::at(&node.origin, format!("sweep.zip: {message}"))
                .labelled("expected lists that go in step")
                .help("a zip is written [[sweep.zip]], with keys and lists of equal lengths below"))
        };
        let Value::Array(zips) = &node.value else {
            return refused(node, &format!("expected a list of tables, found {}", node.kind()));
        };
        for zip in zips {
            let Some(table) = zip.as_table() else {
                return refused(zip, &format!("expected a table of lists, found {}", zip.kind()));
            };
            let mut axes = Vec::new();
            for entry in table.entries() {
                collect("", entry, &mut axes)?;
            }
            if axes.is_empty() {
                return refused(zip, "there is no list in this zip");
            }
            self.add(axes, Some(zip.origin.clone()))?;
        }
        Ok(())
    }

    fn read_derived(&mut self, node: &Node) -> Result<(), InputError> {
        let Some(table) = node.as_table() else {
            let message = format!("sweep.derived: expected a table of expressions, found {}", node.kind());
            return Err(InputError::at(&node.origin, message)
                .labelled("not a table")
                .help("for example: derived = { \"run.duration\" = \"20 * protocol.chord.stabilize_period\" }"));
        };
        let mut all = Vec::new();
        for entry in table.entries() {
            collect_derived("", entry, &mut all)?;
        }
        for derived in all {
            let is_same = |other: &Derived| other.path.to_string() == derived.path.to_string();
            match self.derived.iter_mut().find(|other| is_same(other)) {
                None => self.derived.push(derived),
                Some(earlier) if is_from_command_line(&derived.key_origin) => *earlier = derived,
                Some(_) => return Err(twice(&derived.path.to_string(), &derived.key_origin, "derived")),
            }
        }
        Ok(())
    }

    /// Adds axes that go in step. One of the command line replaces one of the file; otherwise a key can be swept once.
    fn add(&mut self, axes: Vec<AxisValues>, zip: Option<Origin>) -> Result<(), InputError> {
        for index in 0..axes.len() {
            let axis = &axes[index];
            let key = axis.path.to_string();
            if axes[..index].iter().any(|other| other.path.to_string() == key) {
                return Err(twice(&key, &axis.key_origin, "swept"));
            }
            let is_it = |other: &AxisValues| other.path.to_string() == key;
            let Some(position) = self.groups.iter().position(|group| group.axes.iter().any(is_it)) else {
                continue;
            };
            let group = &mut self.groups[position];
            if !axis.is_of_command_line() {
                return Err(twice(&key, &axis.key_origin, "swept"));
            }
            // In the place of the other, where both stand alone.
            if zip.is_none() && group.zip.is_none() {
                group.axes = axes;
                return Ok(());
            }
            group.axes.retain(|other| !is_it(other));
            if group.axes.is_empty() {
                self.groups.remove(position);
            }
        }
        self.groups.push(Group { axes, zip });
        Ok(())
    }

    /// A key is swept or derived, not both; what the command line says of it holds.
    fn check_derived(&mut self) -> Result<(), InputError> {
        let mut kept = Vec::new();
        for derived in std::mem::take(&mut self.derived) {
            let key = derived.path.to_string();
            let axes = self.groups.iter().flat_map(|group| &group.axes);
            let swept = axes.into_iter().find(|axis| axis.path.to_string() == key);
            match swept.map(AxisValues::is_of_command_line) {
                None => kept.push(derived),
                Some(true) => {}
                Some(false) if is_from_command_line(&derived.key_origin) => {
                    self.groups
                        .iter_mut()
                        .for_each(|group| group.axes.retain(|axis| axis.path.to_string() != key));
                    self.groups.retain(|group| !group.axes.is_empty());
                    kept.push(derived);
                }
                Some(false) => {
                    let message = format!("`{key}` is swept and derived");
                    return Err(InputError::at(&derived.key_origin, message)
                        .labelled("this key has a list of values")
                        .help("take one of the two away"));
                }
            }
        }
        self.derived = kept;
        Ok(())
    }

    /// What is left of the sweep when keys have the values that the command line gives them.
    pub(super) fn laid_under(self, document: &Document) -> Result<Self, InputError> {
        let set = |key: &str| document.get(key).filter(|value| is_from_command_line(&value.origin));
        let mut groups = Vec::new();
        for mut group in self.groups {
            let mut left = Vec::new();
            for axis in group.axes {
                match set(&axis.path.to_string()).filter(|_| !axis.is_of_command_line()) {
                    None => left.push(axis),
                    Some(value) => groups.push(Group {
                        axes: vec![axis.fixed(value)?],
                        zip: None,
                    }),
                }
            }
            group.axes = left;
            if !group.axes.is_empty() {
                group.check()?;
                groups.push(group);
            }
        }
        let mut derived = self.derived;
        derived.retain(|derived| is_from_command_line(&derived.key_origin) || set(&derived.path.to_string()).is_none());
        Ok(Sweeping {
            groups,
            derived,
            ..self
        })
    }

    /// The table that says this, with lists in place of ranges. Zips stand together.
    pub(super) fn table(&self) -> Value {
        let filter = self
            .filter
            .iter()
            .map(|filter| entry("where", filter.node.value.clone(), &filter.node.origin));
        let mut entries: Vec<Entry> = filter.collect();
        let zips = self
            .groups
            .iter()
            .filter_map(|group| Some((group, group.zip.as_ref()?)));
        let zips = zips.map(|(group, origin)| Node {
            value: Value::Table(Table::new(group.axes.iter().map(AxisValues::entry).collect())),
            origin: origin.clone(),
        });
        let zips: Vec<Node> = zips.collect();
        for group in &self.groups {
            match &group.zip {
                None => entries.extend(group.axes.iter().map(AxisValues::entry)),
                Some(origin) if entries.iter().all(|entry| entry.key != "zip") => {
                    entries.push(entry("zip", Value::Array(zips.clone()), origin));
                }
                Some(_) => {}
            }
        }
        let derived = self.derived.iter().map(|derived| Entry {
            key: derived.path.to_string(),
            key_origin: derived.key_origin.clone(),
            node: derived.formula.node.clone(),
        });
        let derived: Vec<Entry> = derived.collect();
        if let Some(first) = derived.first() {
            let origin = first.key_origin.clone();
            entries.push(entry("derived", Value::Table(Table::new(derived)), &origin));
        }
        Value::Table(Table::new(entries))
    }
}

fn entry(key: &str, value: Value, origin: &Origin) -> Entry {
    Entry {
        key: key.to_owned(),
        key_origin: origin.clone(),
        node: Node {
            value,
            origin: origin.clone(),
        },
    }
}

fn twice(key: &str, origin: &Origin, done: &str) -> InputError {
    InputError::at(origin, format!("`{key}` is {done} twice")).labelled("the second time")
}

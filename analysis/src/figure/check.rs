//! What can be told of a figure before the run: whether its tables and columns will be there, and its numbers be drawn.

use super::axis::drawable;
use super::kind::Kind;
use super::{Axis, Columns, Figure, HullOf, Interval, Published, Scale, Scatter, points};
use crate::cloud::key_columns;
use crate::spec::{Checker, Problem, Schema, SpecError};
use crate::table::REPLICATION;

impl Figure {
    /// Checks the figure against the tables that a run will write.
    ///
    /// # Errors
    /// Unknown tables and columns, no kind or several, names that are no file names, axes that are missing or have no use,
    /// ranges and points that cannot be drawn.
    pub fn check(&self, schema: &Schema) -> Result<(), SpecError> {
        let checker = Checker {
            section: "figure",
            name: &self.name,
        };
        let file_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_file_name = self.name.bytes().all(file_name) && !self.name.starts_with('.') && !self.name.is_empty();
        checker.require(
            is_file_name,
            "name",
            "a file name of letters, digits, `-`, `_` and `.`",
            &self.name,
        )?;
        let table = checker.table(schema, &self.table)?;
        let kind = self.kind().map_err(|problem| checker.error("lines", problem))?;
        let nodes = match kind {
            Kind::Network(network) => Some(&network.nodes),
            Kind::Ring(ring) => Some(&ring.nodes),
            _ => None,
        };
        match nodes {
            None => {
                checker.conditions(&self.table, table, &self.conditions)?;
                checker.columns(&self.table, table, pairs(&keyed(kind, &link_columns(kind))))?;
            }
            Some(nodes) => self.check_graph(&checker, schema, kind, nodes)?,
        }
        if let Kind::Scatter(columns) = kind {
            check_cloud(&checker, &self.table, table, columns)?;
        }
        if let Kind::Lines(columns) | Kind::Bars(columns) = kind {
            check_relative(&checker, &self.table, table, kind.key(), columns)?;
        }
        self.check_axes(&checker, kind)?;
        if let Kind::Bars(columns) = kind {
            checker.require(
                columns.interval == Interval::Bars,
                "bars.interval",
                "`bars`: a band belongs to lines",
                "band",
            )?;
        }
        self.published
            .iter()
            .try_for_each(|published| self.check_published(&checker, published))
    }

    /// Checks the tables of nodes and of links. A condition needs its column in one of them.
    fn check_graph(
        &self,
        checker: &Checker<'_>,
        schema: &Schema,
        kind: Kind<'_>,
        nodes: &str,
    ) -> Result<(), SpecError> {
        let links = checker.table(schema, &self.table)?;
        let key = format!("{}.nodes", kind.key());
        let of_nodes = schema.columns(nodes).map_err(|problem| checker.error(&key, problem))?;
        let both: Vec<String> = [links, of_nodes].concat();
        checker.conditions(&format!("{}` or `{nodes}", self.table), &both, &self.conditions)?;
        checker.columns(&self.table, links, pairs(&keyed(kind, &link_columns(kind))))?;
        checker.columns(nodes, of_nodes, pairs(&keyed(kind, &node_columns(kind))))
    }

    /// Every axis that the kind has needs a label, and every other would be a mistake.
    fn check_axes(&self, checker: &Checker<'_>, kind: Kind<'_>) -> Result<(), SpecError> {
        let plain = !kind.is_graph();
        let labelled = |axis: &Axis| !axis.label.trim().is_empty();
        // A network may have both axes or none.
        let optional = matches!(kind, Kind::Network(_)) && !labelled(&self.x) && !labelled(&self.y);
        let needs = plain || (matches!(kind, Kind::Network(_)) && !optional);
        let needs_value = matches!(kind, Kind::HeatMap(_));
        for (key, axis, needed) in [
            ("x", &self.x, needs),
            ("y", &self.y, needs),
            ("value", &self.value, needs_value),
        ] {
            if needed {
                check_axis(checker, key, axis)?;
            } else {
                let expected = format!("no such axis of a figure of kind `{}`", kind.key());
                checker.require(axis.is_none(), key, &expected, "one")?;
            }
        }
        if let Kind::Network(_) = kind {
            let linear = self.x.scale == Scale::Linear && self.y.scale == Scale::Linear;
            checker.require(linear, "x.scale", "linear axes in a picture of places", "another scale")?;
        }
        let bare = self.published.is_empty() || (plain && !needs_value);
        let expected = format!("no published points in a figure of kind `{}`", kind.key());
        checker.require(bare, "published", &expected, "some")
    }

    fn check_published(&self, checker: &Checker<'_>, published: &Published) -> Result<(), SpecError> {
        let cited = !published.label.trim().is_empty();
        checker.require(cited, "published.label", "the citation of the points", "nothing")?;
        checker.require(
            !published.points.is_empty(),
            "published.points",
            "at least one point",
            "none",
        )?;
        points::check_published(published, self.x.scale, self.y.scale).map_err(|error| {
            checker.error(
                "published.points",
                Problem::unexpected("drawable points", error.to_string()),
            )
        })
    }
}

/// Ratios need rows to compare with, a replication at a time, and the quantiles of a ratio are none of the table's.
fn check_relative(
    checker: &Checker<'_>,
    name: &str,
    table: &[String],
    kind: &str,
    columns: &Columns,
) -> Result<(), SpecError> {
    let key = format!("{kind}.relative_to");
    for other in columns.relative_to.iter() {
        checker.require(!other.is_empty(), &key, "the rows to compare with", "none")?;
        checker.columns(name, table, [(key.as_str(), REPLICATION)])?;
        let wanted = other.keys().map(|column| (key.as_str(), column.as_str()));
        checker.columns(name, table, wanted)?;
    }
    let bare = columns.relative_to.is_empty() || columns.quantiles.is_none();
    let expected = "none with `relative_to`, which makes a ratio of means";
    checker.require(bare, &format!("{kind}.quantiles"), expected, "some")
}

/// A cloud needs replications, before which stands what names its points; and series and hulls need these names.
fn check_cloud(checker: &Checker<'_>, name: &str, table: &[String], columns: &Scatter) -> Result<(), SpecError> {
    checker.columns(name, table, [("scatter", REPLICATION)])?;
    let named = |column: &String| key_columns(table).contains(column);
    let expected = "a swept key or `nodes`, which name a point";
    let found = columns.series.as_deref().unwrap_or_default();
    checker.require(
        columns.series.as_ref().is_none_or(named),
        "scatter.series",
        expected,
        found,
    )?;
    let by_series = columns.hull.is_some_and(|hull| hull.of != HullOf::All);
    let possible = !by_series || columns.series.is_some();
    checker.require(
        possible,
        "scatter.hull.of",
        "`all` without a `series`",
        "hulls of series",
    )
}

fn check_axis(checker: &Checker<'_>, key: &str, axis: &Axis) -> Result<(), SpecError> {
    checker.require(
        !axis.label.trim().is_empty(),
        &format!("{key}.label"),
        "what the axis shows",
        "nothing",
    )?;
    let Some([low, high]) = axis.range else { return Ok(()) };
    let key = format!("{key}.range");
    let found = format!("[{low}, {high}]");
    let drawable = low < high && [low, high].iter().all(|end| drawable(*end));
    checker.require(drawable, &key, "the lower end first, and both up to 1e100", &found)?;
    checker.require(
        axis.scale == Scale::Linear || low > 0.0,
        &key,
        "positive ends on a logarithmic axis",
        &found,
    )
}

/// A key of the kind with the column that it names.
type Keyed<'a> = (&'static str, &'a str);

/// The columns of the figure's own table.
fn link_columns(kind: Kind<'_>) -> Vec<Keyed<'_>> {
    fn more<'a>(key: &'static str, column: Option<&'a String>) -> impl Iterator<Item = Keyed<'a>> {
        column.into_iter().map(move |column| (key, column.as_str()))
    }
    match kind {
        Kind::Lines(columns) | Kind::Bars(columns) => {
            let ranges = columns.quantiles.iter().flatten();
            [("x", columns.x.as_str()), ("y", columns.y.as_str())]
                .into_iter()
                .chain(more("series", columns.series.as_ref()))
                .chain(ranges.map(|column| ("quantiles", column.as_str())))
                .collect()
        }
        Kind::Pmf(columns) => std::iter::once(("x", columns.x.as_str()))
            .chain(more("y", columns.y.as_ref()))
            .chain(more("series", columns.series.as_ref()))
            .collect(),
        Kind::Cdf(columns) | Kind::Ccdf(columns) => std::iter::once(("x", columns.x.as_str()))
            .chain(more("y", columns.y.as_ref()))
            .chain(more("series", columns.series.as_ref()))
            .collect(),
        Kind::Scatter(columns) => [("x", columns.x.as_str()), ("y", &columns.y)]
            .into_iter()
            .chain(more("series", columns.series.as_ref()))
            .collect(),
        Kind::HeatMap(columns) => vec![("x", &columns.x), ("y", &columns.y), ("value", &columns.value)],
        Kind::Network(columns) => [("from", columns.from.as_str()), ("to", &columns.to)]
            .into_iter()
            .chain(more("kind", columns.kind.as_ref()))
            .collect(),
        Kind::Ring(columns) => [("from", columns.from.as_str()), ("to", &columns.to)]
            .into_iter()
            .chain(more("kind", columns.kind.as_ref()))
            .collect(),
    }
}

/// The columns of the table of nodes.
fn node_columns(kind: Kind<'_>) -> Vec<Keyed<'_>> {
    let (places, state, label) = match kind {
        Kind::Network(columns) => (
            vec![("node", &columns.node), ("x", &columns.x), ("y", &columns.y)],
            &columns.state,
            &columns.label,
        ),
        Kind::Ring(columns) => (
            vec![("node", &columns.node), ("turn", &columns.turn)],
            &columns.state,
            &columns.label,
        ),
        _ => return Vec::new(),
    };
    let optional = [("state", state), ("label", label)].into_iter();
    let optional = optional.filter_map(|(key, column)| column.as_ref().map(|column| (key, column)));
    places
        .into_iter()
        .chain(optional)
        .map(|(key, column)| (key, column.as_str()))
        .collect()
}

/// The same with the keys dotted: `lines.x`.
fn keyed<'a>(kind: Kind<'_>, columns: &[Keyed<'a>]) -> Vec<(String, &'a str)> {
    columns
        .iter()
        .map(|(key, column)| (format!("{}.{key}", kind.key()), *column))
        .collect()
}

fn pairs<'a>(columns: &'a [(String, &'a str)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    columns.iter().map(|(key, column)| (key.as_str(), *column))
}

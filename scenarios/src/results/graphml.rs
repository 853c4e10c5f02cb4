//! Snapshots as GraphML, which network tools read: Gephi, NetworkX, igraph, yEd.

use std::io;

use analysis::{Cell, Row, Table, TableError};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::scenario::{Points, Scenario};

/// The table with a row a node, and that with a row a link; see `run::tables`.
const NODES: &str = "snapshot_nodes";
const LINKS: &str = "snapshot_links";
/// The first column of the table of nodes, and of that of links, that tells of one and not of its snapshot.
const NODE: &str = "node";
const FROM: &str = "from";

/// How the files of snapshots are named: by as much as tells the snapshots of a scenario apart, whichever of them are there.
pub struct SnapshotNames<'a> {
    /// The points, where there are several.
    points: Option<&'a Points>,
    /// Whether more than one run can have them.
    several_runs: bool,
}

impl<'a> SnapshotNames<'a> {
    /// The names of a scenario's snapshots.
    pub fn of(scenario: &'a Scenario) -> Self {
        SnapshotNames {
            points: (scenario.points.count() > 1).then_some(&scenario.points),
            several_runs: scenario.runs() > 1,
        }
    }

    /// The name of a file, from what names the snapshot in the tables: what sets its point apart, how many nodes there are, the
    /// replication, and the time.
    fn name(&self, key: &[Cell]) -> String {
        let mut name = String::from("snapshots/");
        if let [settings @ .., _, replication, time] = key {
            let settings: Vec<String> = settings.iter().map(Cell::to_string).collect();
            let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
            if let Some(point) = self.points.and_then(|points| points.position(&settings)) {
                name.push_str(&format!("point-{}-", point + 1));
            }
            if self.several_runs {
                name.push_str(&format!("replication-{replication}-"));
            }
            name.push_str(&format!("at-{time}s.graphml"));
        }
        name
    }
}

/// The snapshots in the tables of results: a file each, its name within the results and its contents. There are none if the
/// scenario took none.
///
/// # Errors
/// None for tables that a run wrote; a [`TableError`] would be a mistake in this module.
pub fn snapshots(tables: &[(String, Table)], names: &SnapshotNames<'_>) -> Result<Vec<(String, Vec<u8>)>, TableError> {
    let find = |name: &str| tables.iter().find(|(table, _)| table == name).map(|(_, table)| table);
    let (Some(nodes), Some(links)) = (find(NODES), find(LINKS)) else {
        return Ok(Vec::new());
    };
    let (nodes, links) = (Part::new(nodes, NODE)?, Part::new(links, FROM)?);
    let keys = nodes.keys();
    Ok(keys
        .iter()
        .map(|key| (names.name(key), graph(key, &nodes, &links)))
        .collect())
}

/// A table and the number of its columns that name the snapshot.
struct Part<'a> {
    table: &'a Table,
    key: usize,
}

impl<'a> Part<'a> {
    fn new(table: &'a Table, first: &str) -> Result<Self, TableError> {
        Ok(Part {
            key: table.column_index(first)?,
            table,
        })
    }

    /// What names the snapshots, each once: rows of one follow each other.
    fn keys(&self) -> Vec<&'a [Cell]> {
        let mut keys: Vec<&[Cell]> = self.table.rows().map(|row| &row[..self.key]).collect();
        keys.dedup();
        keys
    }

    /// The rows of one snapshot, without what names it.
    fn rows(&self, key: &'a [Cell]) -> impl Iterator<Item = Row<'a>> {
        let columns = self.key;
        let of_snapshot = self.table.rows().filter(move |row| row[..columns] == *key);
        of_snapshot.map(move |row| &row[columns..])
    }

    /// The columns of the rows.
    fn columns(&self) -> &'a [String] {
        &self.table.columns()[self.key..]
    }
}

/// One snapshot.
fn graph<'a>(key: &'a [Cell], nodes: &Part<'a>, links: &Part<'a>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = write(&mut bytes, key, nodes, links);
    bytes
}

fn write<'a>(bytes: &mut Vec<u8>, key: &'a [Cell], nodes: &Part<'a>, links: &Part<'a>) -> io::Result<()> {
    let names = &nodes.table.columns()[..nodes.key];
    // What names a node or a link is an attribute of its element; the other columns are data.
    let (node_data, link_data) = (&nodes.columns()[1..], &links.columns()[2..]);
    let mut writer = Writer::new_with_indent(&mut *bytes, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("graphml")
        .with_attribute(("xmlns", "http://graphml.graphdrawing.org/xmlns"))
        .write_inner_content(|writer| {
            for (name, value) in names.iter().zip(key) {
                declare(writer, "graph", name, value.number().is_some())?;
            }
            for (column, name) in node_data.iter().enumerate() {
                let mut values = nodes
                    .rows(key)
                    .map(|row| &row[column + 1])
                    .filter(|cell| !cell.is_empty());
                let number = values.all(|cell| cell.number().is_some());
                declare(writer, "node", name, number)?;
            }
            for name in link_data {
                declare(writer, "edge", name, false)?;
            }
            writer
                .create_element("graph")
                .with_attribute(("edgedefault", "directed"))
                .write_inner_content(|writer| {
                    for (name, value) in names.iter().zip(key) {
                        datum(writer, "graph", name, value)?;
                    }
                    for row in nodes.rows(key) {
                        let id = row[0].to_string();
                        writer
                            .create_element("node")
                            .with_attribute(("id", id.as_str()))
                            .write_inner_content(|writer| data(writer, "node", node_data, &row[1..]))?;
                    }
                    for row in links.rows(key) {
                        let (from, to) = (row[0].to_string(), row[1].to_string());
                        writer
                            .create_element("edge")
                            .with_attributes([("source", from.as_str()), ("target", to.as_str())])
                            .write_inner_content(|writer| data(writer, "edge", link_data, &row[2..]))?;
                    }
                    Ok(())
                })?;
            Ok(())
        })?;
    bytes.push(b'\n');
    Ok(())
}

/// Says that graphs, nodes or edges have data of this name, and whether they are numbers.
fn declare<W: io::Write>(writer: &mut Writer<W>, of: &str, name: &str, number: bool) -> io::Result<()> {
    let kind = if number { "double" } else { "string" };
    let id = format!("{of}.{name}");
    writer
        .create_element("key")
        .with_attributes([
            ("id", id.as_str()),
            ("for", of),
            ("attr.name", name),
            ("attr.type", kind),
        ])
        .write_empty()?;
    Ok(())
}

fn data<W: io::Write>(writer: &mut Writer<W>, of: &str, names: &[String], values: &[Cell]) -> io::Result<()> {
    let mut pairs = names.iter().zip(values);
    pairs.try_for_each(|(name, value)| datum(writer, of, name, value))
}

/// One value; nothing for an empty cell.
fn datum<W: io::Write>(writer: &mut Writer<W>, of: &str, name: &str, value: &Cell) -> io::Result<()> {
    if value.is_empty() {
        return Ok(());
    }
    let key = format!("{of}.{name}");
    writer
        .create_element("data")
        .with_attribute(("key", key.as_str()))
        .write_text_content(BytesText::new(&value.to_string()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(|text| Cell::from(*text)).collect()
    }

    fn tables(runs: &[&str]) -> Vec<(String, Table)> {
        let mut nodes = Table::new(&["nodes", "replication", "time_s", "node", "id", "x", "state"]);
        let mut links = Table::new(&["nodes", "replication", "time_s", "from", "to", "kind"]);
        for run in runs {
            for time in ["60", "90.5"] {
                nodes
                    .push_row(cells(&["2", run, time, "0", "a<b", "", "member"]))
                    .unwrap();
                nodes
                    .push_row(cells(&["2", run, time, "1", "c", "1.5", "joining"]))
                    .unwrap();
                links.push_row(cells(&["2", run, time, "0", "1", "successor"])).unwrap();
            }
        }
        vec![(NODES.to_owned(), nodes), (LINKS.to_owned(), links)]
    }

    fn names(several_runs: bool) -> SnapshotNames<'static> {
        SnapshotNames {
            points: None,
            several_runs,
        }
    }

    #[test]
    fn each_snapshot_is_a_graph_that_a_parser_understands() {
        let files = snapshots(&tables(&["0"]), &names(false)).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["snapshots/at-60s.graphml", "snapshots/at-90.5s.graphml"]);
        let text = std::str::from_utf8(&files[0].1).unwrap();
        let document = roxmltree::Document::parse(text).unwrap();
        let elements = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
        assert_eq!((elements("node").count(), elements("edge").count()), (2, 1));
        let first = elements("node").next().unwrap();
        let data: Vec<_> = first
            .children()
            .filter_map(|node| Some((node.attribute("key")?, node.text()?)))
            .collect();
        assert_eq!(
            data,
            [("node.id", "a<b"), ("node.state", "member")],
            "an empty cell is no data"
        );
        let edge = elements("edge").next().unwrap();
        assert_eq!(
            (edge.attribute("source"), edge.attribute("target")),
            (Some("0"), Some("1"))
        );
        let place = elements("key")
            .find(|key| key.attribute("id") == Some("node.x"))
            .unwrap();
        assert_eq!(place.attribute("attr.type"), Some("double"));
    }

    #[test]
    fn several_runs_are_told_apart_by_name() {
        let files = snapshots(&tables(&["0", "1"]), &names(true)).unwrap();
        assert_eq!(files[3].0, "snapshots/replication-1-at-90.5s.graphml");
        assert!(snapshots(&[], &names(true)).unwrap().is_empty());
    }
}

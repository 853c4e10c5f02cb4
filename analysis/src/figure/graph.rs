//! Nodes and links of a picture: read from their tables, and drawn where the kind of picture puts them.

use std::collections::{BTreeMap, BTreeSet};

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Font, Pen, Place};
use super::frame::Frame;
use super::ink::{Area, Ink};
use super::legend::Sample;
use super::points::nothing;
use super::style::{BLACK, Look, Shape, WHITE, look};
use super::text::width;
use super::{DrawReason, Figure};
use crate::cell::{Cell, Conditions};
use crate::number::printed;
use crate::table::Table;

/// The size of what is written beside nodes: 6 points.
const LABEL_SIZE: f64 = 60.0;

/// Which columns of two tables are nodes and links.
pub(super) struct GraphColumns<'a> {
    pub(super) nodes: &'a str,
    pub(super) node: &'a str,
    /// The coordinates: one on a ring, two on a plane.
    pub(super) places: Vec<&'a str>,
    pub(super) state: Option<&'a str>,
    pub(super) label: Option<&'a str>,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) kind: Option<&'a str>,
}

/// Nodes that have a place, and the links between them.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    links: Vec<Link>,
    /// What nodes are told apart by, in order of appearance.
    states: Vec<Cell>,
    /// What links are told apart by, in order of appearance.
    kinds: Vec<Cell>,
    /// Nodes that have no place.
    unplaced: usize,
    /// Links of which an end is not drawn.
    loose: usize,
}

/// A node at its place.
pub(super) struct Node {
    name: Cell,
    /// The coordinates.
    pub(super) place: Vec<f64>,
    state: Cell,
    label: Cell,
}

/// A link between two nodes, by their numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    kind: Cell,
    from: usize,
    to: usize,
}

impl Graph {
    /// Reads the nodes and links that the figure chooses.
    pub(super) fn read(
        figure: &Figure,
        columns: &GraphColumns<'_>,
        nodes: &Table,
        links: &Table,
    ) -> Result<Graph, DrawReason> {
        let nodes = chosen(nodes, &figure.conditions)?;
        let links = chosen(links, &figure.conditions)?;
        let mut graph = Graph {
            nodes: Vec::new(),
            links: Vec::new(),
            states: Vec::new(),
            kinds: Vec::new(),
            unplaced: 0,
            loose: 0,
        };
        let numbers = graph.add_nodes(columns, &nodes)?;
        if graph.nodes.is_empty() {
            return Err(DrawReason::Empty {
                table: columns.nodes.to_owned(),
                column: columns.places[0].to_owned(),
                conditions: crate::spec::where_clause(&figure.conditions),
            });
        }
        for column in [columns.from, columns.to] {
            links.column_index(column).map_err(|_| nothing(figure, column))?;
        }
        graph.add_links(columns, &links, &numbers)?;
        Ok(graph)
    }

    /// Adds the nodes that have places; tells the number of each by its name.
    fn add_nodes(&mut self, columns: &GraphColumns<'_>, table: &Table) -> Result<BTreeMap<Cell, usize>, DrawReason> {
        let places: Result<Vec<_>, _> = columns.places.iter().map(|column| table.numbers(column)).collect();
        let places = places?;
        let states = optional(table, columns.state)?;
        let labels = optional(table, columns.label)?;
        let (mut seen, mut numbers) = (BTreeSet::new(), BTreeMap::new());
        for (row, name) in table.column(columns.node)?.enumerate() {
            if !seen.insert(name.clone()) {
                return Err(DrawReason::RepeatedNode {
                    node: name.to_string(),
                    table: columns.nodes.to_owned(),
                });
            }
            let place: Option<Vec<f64>> = places.iter().map(|column| column[row]).collect();
            let Some(place) = place else {
                self.unplaced += 1;
                continue;
            };
            numbers.insert(name.clone(), self.nodes.len());
            self.nodes.push(Node {
                name: name.clone(),
                place,
                state: states[row].clone(),
                label: labels[row].clone(),
            });
        }
        for node in &self.nodes {
            if columns.state.is_some() && !self.states.contains(&node.state) {
                self.states.push(node.state.clone());
            }
        }
        Ok(numbers)
    }

    /// Adds the links, each once: a line looks the same from both ends.
    fn add_links(
        &mut self,
        columns: &GraphColumns<'_>,
        table: &Table,
        numbers: &BTreeMap<Cell, usize>,
    ) -> Result<(), DrawReason> {
        let kinds = optional(table, columns.kind)?;
        let ends = table.column(columns.from)?.zip(table.column(columns.to)?);
        let mut links = BTreeSet::new();
        for ((from, to), kind) in ends.zip(&kinds) {
            let (Some(&from), Some(&to)) = (numbers.get(from), numbers.get(to)) else {
                self.loose += 1;
                continue;
            };
            if columns.kind.is_some() && !self.kinds.contains(kind) {
                self.kinds.push(kind.clone());
            }
            if from != to {
                links.insert(Link {
                    kind: kind.clone(),
                    from: from.min(to),
                    to: from.max(to),
                });
            }
        }
        self.links = links.into_iter().collect();
        Ok(())
    }

    /// Draws links, nodes and labels, the nodes at these places. Tells how many labels found no room.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        frame: &Frame,
        places: &[Place],
    ) -> Result<Option<String>, DrawReason> {
        let (mut lines, mut dots) = (Ink::default(), Ink::default());
        // The kind with the fewest links lies on top; of two with as many, the one in dashes.
        let mut kinds: Vec<usize> = (0..self.kinds.len().max(1)).collect();
        kinds.sort_by_key(|&kind| std::cmp::Reverse(self.links_of(kind).count()));
        for kind in kinds {
            for link in self.links_of(kind) {
                let ends = [places[link.from], places[link.to]];
                canvas.dashed(&ends, self.dashes(kind), self.pen(kind))?;
                lines.add_line(&ends);
            }
        }
        let radius = self.radius();
        for (node, &(x, y)) in self.nodes.iter().zip(places) {
            let look = self.node_look(node);
            canvas.marker((x, y), look.shape, radius, look.color)?;
            dots.add_area(&[(x - radius, y - radius), (x + radius, y + radius)]);
        }
        let without = self.draw_labels(canvas, frame, places, &lines, dots)?;
        Ok((without > 0).then(|| format!("{} left out for lack of room.", quantity(without, "label"))))
    }

    /// Writes beside each node what belongs to it, where neither a node nor another label stands, and if possible no link.
    /// Tells how many found no room.
    fn draw_labels(
        &self,
        canvas: &mut Canvas<'_>,
        frame: &Frame,
        places: &[Place],
        lines: &Ink,
        mut taken: Ink,
    ) -> Result<usize, DrawReason> {
        let font = Font {
            size: LABEL_SIZE,
            color: BLACK,
            align: HPos::Left,
            turned: false,
        };
        let mut without = 0;
        for (node, &at) in self.nodes.iter().zip(places).filter(|(node, _)| !node.label.is_empty()) {
            let text = node.label.to_string();
            let areas = self.beside(at, width(&text, LABEL_SIZE).ceil() as i32);
            let free = |area: &&Area| area.within(frame.area()) && taken.leaves(**area);
            let clear = |area: &&Area| free(area) && lines.leaves(**area);
            let Some(&area) = areas.iter().find(clear).or_else(|| areas.iter().find(free)) else {
                without += 1;
                continue;
            };
            let corners = [(area.left, area.top), (area.right, area.bottom)];
            taken.add_area(&corners);
            canvas.shade(corners[0], corners[1], WHITE, 0.7)?;
            canvas.text(&text, (area.left, i32::midpoint(area.top, area.bottom)), font)?;
        }
        Ok(without)
    }

    /// Where a label of this length could stand around a node.
    fn beside(&self, (x, y): Place, length: i32) -> Vec<Area> {
        let reach = self.radius() * 13 / 10 + 8;
        let height = LABEL_SIZE as i32;
        let (right, left, middle) = (x + reach, x - reach - length, x - length / 2);
        let (above, below) = (y - reach - height / 2, y + reach + height / 2);
        let corners = [(right, y), (left, y), (middle, above), (middle, below)];
        let near = reach / 2;
        let diagonal = [
            (right - near, above),
            (left + near, above),
            (right - near, below),
            (left + near, below),
        ];
        let area = |(left, middle): Place| Area {
            left,
            top: middle - height / 2,
            right: left + length,
            bottom: middle + height / 2,
        };
        corners.into_iter().chain(diagonal).map(area).collect()
    }

    fn links_of(&self, kind: usize) -> impl Iterator<Item = &Link> {
        let kind = self.kinds.get(kind);
        self.links
            .iter()
            .filter(move |link| kind.is_none_or(|kind| link.kind == *kind))
    }

    /// The more links there are, the thinner and fainter each is.
    fn pen(&self, kind: usize) -> Pen {
        let (width, opacity) = match self.links_of(kind).count() {
            0..=120 => (8, 0.85),
            121..=600 => (5, 0.6),
            601..=3000 => (4, 0.35),
            _ => (3, 0.2),
        };
        let color = if self.kinds.is_empty() {
            RGBColor(90, 90, 90)
        } else {
            look(kind).color
        };
        Pen { color, width, opacity }
    }

    /// Dashes show what lies below where two kinds join the same nodes. They would only blur where there are many.
    fn dashes(&self, kind: usize) -> &'static [f64] {
        match self.links_of(kind).count() {
            0..=150 => look(kind).dashes,
            _ => &[],
        }
    }

    fn radius(&self) -> i32 {
        match self.nodes.len() {
            0..=40 => 22,
            41..=200 => 15,
            201..=1000 => 9,
            _ => 6,
        }
    }

    /// Nodes are black dots, unless something tells them apart.
    fn node_look(&self, node: &Node) -> Look {
        let state = self.states.iter().position(|state| *state == node.state).unwrap_or(0);
        self.state_look(state)
    }

    fn state_look(&self, state: usize) -> Look {
        match state {
            0 => Look {
                color: BLACK,
                shape: Shape::Circle,
                ..look(0)
            },
            // Links have the first colours; the shapes tell states apart if colours run out.
            _ => Look {
                shape: look(state).shape,
                ..look(self.kinds.len() + state - 1)
            },
        }
    }

    /// An entry a kind of link and a state, with their numbers.
    pub(super) fn legend_entries(&self) -> Vec<(Sample, String)> {
        let kinds = self.kinds.iter().enumerate().map(|(number, kind)| {
            // A faint line by itself would not be seen.
            let pen = Pen {
                opacity: 1.0,
                width: self.pen(number).width.max(6),
                ..self.pen(number)
            };
            (
                Sample::Link(pen, self.dashes(number)),
                counted(kind, self.links_of(number).count()),
            )
        });
        let states = self.states.iter().enumerate().map(|(number, state)| {
            let count = self.nodes.iter().filter(|node| node.state == *state).count();
            (Sample::Marker(self.state_look(number)), counted(state, count))
        });
        kinds.chain(states).collect()
    }

    /// How many nodes and links there are, and what is left out.
    pub(super) fn caption(&self) -> String {
        let places = self
            .nodes
            .iter()
            .map(|node| node.place.iter().map(|at| at.to_bits()).collect());
        let places = places.collect::<BTreeSet<Vec<u64>>>().len();
        // Dots that hide each other would be taken for one.
        let together = match places < self.nodes.len() {
            true => format!(" at {}", quantity(places, "place")),
            false => String::new(),
        };
        let mut parts = vec![format!(
            "{}{together}, {}",
            quantity(self.nodes.len(), "node"),
            quantity(self.links.len(), "link")
        )];
        if self.unplaced > 0 {
            parts.push(format!("{} without a place left out", quantity(self.unplaced, "node")));
        }
        if self.loose > 0 {
            parts.push(format!(
                "{} to what is not shown left out",
                quantity(self.loose, "link")
            ));
        }
        format!("{}.", parts.join("; "))
    }

    /// A row a node and a link.
    pub(super) fn data(&self) -> Result<Table, DrawReason> {
        let mut table = Table::new(&["element", "name", "kind", "x", "y", "to", "to_x", "to_y"]);
        let y = |node: &Node| Cell::from(node.place.get(1).copied());
        for node in &self.nodes {
            let own = [node.name.clone(), node.state.clone(), node.place[0].into(), y(node)];
            let row = std::iter::once(Cell::from("node")).chain(own);
            table.push_row(row.chain(std::iter::repeat_n(Cell::Empty, 3)))?;
        }
        for link in &self.links {
            let [from, to] = [link.from, link.to].map(|number| &self.nodes[number]);
            table.push_row([
                "link".into(),
                from.name.clone(),
                link.kind.clone(),
                from.place[0].into(),
                y(from),
                to.name.clone(),
                to.place[0].into(),
                y(to),
            ])?;
        }
        Ok(table)
    }
}

/// A number of things: `1 node`, `2 nodes`.
fn quantity(number: usize, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", printed(number as f64, 0))
}

fn counted(name: &Cell, count: usize) -> String {
    match name {
        Cell::Empty => format!("other ({})", printed(count as f64, 0)),
        name => format!("{name} ({})", printed(count as f64, 0)),
    }
}

/// The rows in which every condition holds whose column the table has.
fn chosen(table: &Table, conditions: &Conditions) -> Result<Table, DrawReason> {
    let own = conditions.iter().filter(|(column, _)| table.columns().contains(column));
    Ok(table.select(&own.map(|(column, value)| (column.clone(), value.clone())).collect())?)
}

/// The values of a column, or as many empty ones.
fn optional(table: &Table, column: Option<&str>) -> Result<Vec<Cell>, DrawReason> {
    Ok(match column {
        Some(column) => table.column(column)?.cloned().collect(),
        None => vec![Cell::Empty; table.len()],
    })
}

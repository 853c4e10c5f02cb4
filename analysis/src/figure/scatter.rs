//! Clouds: a marker for each point of a sweep, and the convex hulls of the best of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Span;
use super::canvas::{Canvas, Pen};
use super::frame::Frame;
use super::legend::Sample;
use super::marks;
use super::page::{Names, Page};
use super::points::{check_published, drawable_points, label, nothing};
use super::style::{BLACK, LINE_WIDTH, Look, MARKER, SHADE, look};
use super::{DrawReason, Drawing, Figure};
use crate::cell::Cell;
use crate::cloud::{Better, Cloud};
use crate::statistics::Summary;
use crate::table::{Table, TableError};

/// The radius of the markers of points that lie on no hull that is drawn, where hulls are.
const OFF_HULL: i32 = 14;

/// Columns of a cloud: each point of the sweep at the means of two metrics over its replications, without intervals, which are in
/// the data. With `hull` the points are joined that no other is at least as good as in both metrics, and neither is a mixture of two
/// others: what is best at each cost (Li et al. 2005). Hulls are those of the values, whatever the scales of the axes.
///
/// ```toml
/// [figure.scatter]
/// x = "bytes_per_node_s"
/// y = "latency_p50_ms"
/// series = "protocol.chord.finger_base"
/// hull = { of = "both" }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scatter {
    /// The metric of the horizontal axis.
    pub x: String,
    /// The metric of the vertical axis.
    pub y: String,
    /// The swept key (or `nodes`) that tells the series apart; one series where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What the legend calls a single series, `measured` where it is left out; of several, what stands before their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Which convex hulls are drawn; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hull: Option<Hull>,
}

/// Convex hulls of the best points. What is left out is less, less, and the hull of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hull {
    /// Which values of x are the better ones.
    pub x: Better,
    /// Which values of y are the better ones.
    pub y: Better,
    /// What the hulls are of.
    pub of: HullOf,
}

/// What hulls are of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HullOf {
    /// One of all points.
    #[default]
    All,
    /// One of each series.
    Series,
    /// One of each series, and one of all points.
    Both,
}

/// The points of one series.
struct Group {
    label: String,
    points: Vec<usize>,
    hull: Vec<usize>,
}

/// What is drawn.
struct Picture {
    cloud: Cloud,
    groups: Vec<Group>,
    hull: Vec<usize>,
    hulls: Option<Hull>,
}

/// Draws a cloud.
pub(super) fn draw(figure: &Figure, columns: &Scatter, table: &Table) -> Result<Drawing, DrawReason> {
    let rows = table.select(&figure.conditions)?;
    let picture = Picture::new(figure, columns, Cloud::new(&rows, &columns.x, &columns.y)?)?;
    let cloud = &picture.cloud;
    let published = || figure.published.iter().flat_map(|set| &set.points);
    let across = cloud.points.iter().map(|point| point.x.mean);
    let up = cloud.points.iter().map(|point| point.y.mean);
    let page = Page {
        figure,
        x: Span::over(&figure.x, across.chain(published().map(|point| point.x)), true),
        y: Span::over(&figure.y, up.chain(published().map(|point| point.y)), true),
        names: Names::default(),
        axes: true,
        proportion: None,
        colors: None,
        entries: picture.legend_entries(figure, columns),
        caption: picture.caption(),
    };
    let svg = page.draw(|canvas, frame| {
        marks::published_ranges(canvas, frame, figure)?;
        picture.draw(canvas, frame)?;
        marks::published_points(canvas, frame, figure)?;
        Ok(None)
    })?;
    Ok(Drawing {
        svg,
        data: picture.data(figure)?,
    })
}

impl Picture {
    fn new(figure: &Figure, columns: &Scatter, cloud: Cloud) -> Result<Picture, DrawReason> {
        if cloud.points.is_empty() {
            return Err(nothing(figure, &columns.y));
        }
        let better = columns.hull.map_or_else(Default::default, |hull| (hull.x, hull.y));
        let wants = |of: &[HullOf]| columns.hull.is_some_and(|hull| of.contains(&hull.of));
        let mut groups = grouped(columns, &cloud)?;
        for group in &mut groups {
            let places = group.points.iter().map(|at| &cloud.points[*at]);
            let places = places.map(|point| (point.x.mean, point.y.mean));
            drawable_points(&group.label, places, figure.x.scale, figure.y.scale)?;
            if wants(&[HullOf::Series, HullOf::Both]) {
                group.hull = cloud.hull(&group.points, better);
            }
        }
        for set in &figure.published {
            check_published(set, figure.x.scale, figure.y.scale)?;
        }
        let all: Vec<usize> = (0..cloud.points.len()).collect();
        let hull = match wants(&[HullOf::All, HullOf::Both]) {
            true => cloud.hull(&all, better),
            false => Vec::new(),
        };
        Ok(Picture {
            cloud,
            groups,
            hull,
            hulls: columns.hull,
        })
    }

    /// The hull of all, markers of what lies on no hull, the hulls of series, then the corners.
    fn draw(&self, canvas: &mut Canvas<'_>, frame: &Frame) -> Result<(), DrawReason> {
        let place = |at: usize| {
            let point = &self.cloud.points[at];
            frame.place(point.x.mean, point.y.mean)
        };
        let line = |corners: &[usize]| corners.iter().map(|at| place(*at)).collect::<Vec<_>>();
        canvas.line(&line(&self.hull), self.overall())?;
        for (group, look) in self.looks() {
            let mut off = group.points.iter().filter(|at| !self.is_corner(group, **at));
            off.try_for_each(|at| canvas.hollow_marker(place(*at), look.shape, OFF_HULL, Pen::new(look.color, 5)))?;
        }
        for (group, look) in self.looks() {
            canvas.dashed(&line(&group.hull), look.dashes, Pen::new(look.color, LINE_WIDTH))?;
        }
        for (group, look) in self.looks() {
            let mut on = group.points.iter().filter(|at| self.is_corner(group, **at));
            on.try_for_each(|at| canvas.marker(place(*at), look.shape, MARKER, look.color))?;
        }
        Ok(())
    }

    fn looks(&self) -> impl Iterator<Item = (&Group, Look)> {
        self.groups.iter().zip((0..).map(look))
    }

    /// The pen of the hull of all: where those of series lie upon it, a broad one that is seen on both sides of theirs.
    fn overall(&self) -> Pen {
        match self.groups.iter().all(|group| group.hull.is_empty()) {
            true => Pen::new(BLACK, LINE_WIDTH),
            false => Pen::new(SHADE, 4 * LINE_WIDTH),
        }
    }

    /// Whether a point of a group is the corner of a hull that is drawn; without hulls all are marked as if they were.
    fn is_corner(&self, group: &Group, at: usize) -> bool {
        self.hulls.is_none() || self.hull.contains(&at) || group.hull.contains(&at)
    }

    fn legend_entries(&self, figure: &Figure, columns: &Scatter) -> Vec<(Sample, String)> {
        let alone = self.groups.len() == 1 && self.hulls.is_none() && figure.published.is_empty();
        if alone && columns.label.is_none() {
            return Vec::new();
        }
        let sample = |group: &Group, look: Look| match group.hull.is_empty() {
            true => Sample::Marker(look),
            false => Sample::Line {
                look,
                marker: true,
                band: false,
            },
        };
        let measured = self
            .looks()
            .map(|(group, look)| (sample(group, look), group.label.clone()));
        let name = if self.groups.len() > 1 {
            "hull of all"
        } else {
            "convex hull"
        };
        let hull = (!self.hull.is_empty()).then(|| (Sample::Link(self.overall(), &[]), name.to_owned()));
        let published = figure.published.iter().enumerate().map(|(number, set)| {
            let ranges = set.points.iter().any(|point| point.range.is_some());
            (Sample::Published { set: number, ranges }, set.label.clone())
        });
        measured.chain(hull).chain(published).collect()
    }

    /// What a marker and a line mean.
    fn caption(&self) -> String {
        let runs = || self.cloud.points.iter().map(|point| point.y.n);
        let (fewest, most) = (runs().min().unwrap_or(0), runs().max().unwrap_or(0));
        let points = self.cloud.points.len();
        let mut parts = vec![match (fewest, most) {
            (_, 1) => format!("Measured: {points} points of a sweep, one run each"),
            (fewest, most) if fewest == most => format!("Measured: {points} points of a sweep, means of {most} runs"),
            (fewest, most) => format!("Measured: {points} points of a sweep, means of {fewest} to {most} runs"),
        }];
        if let Some(hull) = self.hulls {
            let side = match (hull.y, hull.x) {
                (Better::Less, Better::Less) => "lower left",
                (Better::Less, Better::More) => "lower right",
                (Better::More, Better::Less) => "upper left",
                (Better::More, Better::More) => "upper right",
            };
            parts.push(format!("lines and filled markers: {side} convex hull"));
        }
        if self.cloud.missing > 0 {
            parts.push(format!("{} points without a value left out", self.cloud.missing));
        }
        format!("{}.", parts.join("; "))
    }

    /// A row a point, with what names it and where on the hulls it lies.
    fn data(&self, figure: &Figure) -> Result<Table, TableError> {
        let keys = self.cloud.columns.iter().map(String::as_str);
        let own = [
            "x",
            "x_low",
            "x_high",
            "y",
            "y_low",
            "y_high",
            "n",
            "hull",
            "series_hull",
            "source",
        ];
        let header: Vec<&str> = std::iter::once("series").chain(keys).chain(own).collect();
        let mut table = Table::new(&header);
        for group in &self.groups {
            for at in &group.points {
                let point = &self.cloud.points[*at];
                let row = std::iter::once(Cell::from(group.label.as_str())).chain(point.key.iter().cloned());
                let corners = [&self.hull, &group.hull].map(|hull| turn(hull, *at));
                let rest = values(point.x)
                    .into_iter()
                    .chain(values(point.y))
                    .chain([point.y.n.into()]);
                table.push_row(row.chain(rest).chain(corners).chain(["measured".into()]))?;
            }
        }
        for set in &figure.published {
            for point in &set.points {
                let range = |end: Option<f64>| end.map_or(Cell::Empty, Cell::from);
                let row = std::iter::once(Cell::from(set.label.as_str()));
                let keys = self.cloud.columns.iter().map(|_| Cell::Empty);
                let x = [point.x.into(), Cell::Empty, Cell::Empty];
                let y = [
                    point.y.into(),
                    range(point.range.map(|(low, _)| low)),
                    range(point.range.map(|(_, high)| high)),
                ];
                let rest = [Cell::Empty, Cell::Empty, Cell::Empty, "published".into()];
                table.push_row(row.chain(keys).chain(x).chain(y).chain(rest))?;
            }
        }
        Ok(table)
    }
}

/// The series, in order of their points' appearance.
fn grouped(columns: &Scatter, cloud: &Cloud) -> Result<Vec<Group>, DrawReason> {
    let name = columns.label.as_deref();
    let group = |label: String, points: Vec<usize>| Group {
        label,
        points,
        hull: Vec::new(),
    };
    let Some(column) = &columns.series else {
        let all = (0..cloud.points.len()).collect();
        return Ok(vec![group(name.unwrap_or("measured").to_owned(), all)]);
    };
    let Some(place) = cloud.columns.iter().position(|own| own == column) else {
        return Err(DrawReason::Table(TableError::UnknownColumn {
            column: column.clone(),
            columns: cloud.columns.clone(),
        }));
    };
    let mut groups: Vec<(&Cell, Vec<usize>)> = Vec::new();
    for (at, point) in cloud.points.iter().enumerate() {
        let value = &point.key[place];
        match groups.iter_mut().find(|(own, _)| *own == value) {
            Some((_, points)) => points.push(at),
            None => groups.push((value, vec![at])),
        }
    }
    let named = |(value, points)| group(label(column, name, value), points);
    Ok(groups.into_iter().map(named).collect())
}

/// A mean with the ends of its 95 % interval.
fn values(summary: Summary) -> [Cell; 3] {
    let interval = summary.interval();
    [
        summary.mean.into(),
        interval.map(|(low, _)| low).into(),
        interval.map(|(_, high)| high).into(),
    ]
}

/// Which corner of a hull a point is, counted from 1; nothing if it is none.
fn turn(hull: &[usize], at: usize) -> Cell {
    hull.iter()
        .position(|corner| *corner == at)
        .map_or(Cell::Empty, |turn| (turn + 1).into())
}

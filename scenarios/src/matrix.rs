//! Files of measured latencies between hosts.
//!
//! Two formats: the square matrix of text that most data sets use, one row a sending host, cells parted by blanks, tabs or
//! commas; and the list of p2psim's King data, `node i` lines followed by `i,j latency` lines.
//!
//! A measurement that failed is a *gap*: a zero off the diagonal, a negative number, `nan` or an empty cell. The diagonal
//! itself is ignored. Round-trip times are halved.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

use crate::digest::sha256;
use crate::input::{InputError, Origin, Source, read_limited};

/// The most hosts that a matrix may have: 3.2 GB of delays.
const HOST_LIMIT: usize = 20_000;

/// The largest file that is read, in bytes.
const FILE_LIMIT: u64 = 4 << 30;

/// The longest latency that is believed, in seconds; beyond it the unit is wrong, or the file.
const LONGEST_SECONDS: f64 = 100.0;

/// How the file is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// As many rows as columns of numbers.
    #[default]
    Square,
    /// `node i` lines, then `i,j latency` lines: p2psim's King data.
    King,
}

/// The unit of the numbers in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Microseconds: p2psim's King data.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

/// What was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measures {
    /// The time there and back; half of it is taken for one way.
    #[default]
    Rtt,
    /// The time from the row's host to the column's.
    OneWay,
}

/// What to do about pairs without a measurement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gaps {
    /// Take the measurement of the opposite direction; without one, the median of the sending host's measurements;
    /// without any, the median of all.
    #[default]
    Median,
    /// Refuse a file that has gaps.
    Refuse,
}

/// How to read a file of latencies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// How the file is laid out.
    pub format: Format,
    /// The unit of its numbers.
    pub unit: Unit,
    /// What was measured.
    pub measures: Measures,
    /// What to do about gaps.
    pub gaps: Gaps,
}

/// How many pairs had no measurement, by what stands in for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Filled {
    /// Filled from the opposite direction.
    pub transposed: usize,
    /// Filled with the median of the sending host's measurements.
    pub row_median: usize,
    /// Filled with the median of all measurements.
    pub matrix_median: usize,
}

impl Filled {
    /// All pairs without a measurement.
    pub fn total(&self) -> usize {
        self.transposed + self.row_median + self.matrix_median
    }
}

/// The delays between all pairs of hosts.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// The number of hosts.
    pub hosts: usize,
    /// One-way delays, row by row; zero on the diagonal and nowhere else.
    pub delays: Vec<SimDuration>,
    /// What was done about gaps.
    pub filled: Filled,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Measurements {
    /// Reads a file.
    ///
    /// # Errors
    /// [`InputError::Missing`] with advice on how to get a file, [`InputError::Invalid`] pointing at what is malformed.
    pub fn read(path: &Path, reading: Reading) -> Result<Self, InputError> {
        let bytes = read_limited(path, FILE_LIMIT).map_err(|error| match error {
            InputError::Missing { .. } => with_advice(error),
            other => other,
        })?;
        Measurements::parse(&Source::decode(path, bytes)?, reading)
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// [`InputError::Invalid`] pointing at what is malformed.
    pub fn parse(source: &Arc<Source>, reading: Reading) -> Result<Self, InputError> {
        let parser = Parser { source, reading };
        let (hosts, cells) = match reading.format {
            Format::Square => parser.square()?,
            Format::King => parser.king()?,
        };
        let (delays, filled) = fill(hosts, &cells);
        if delays.is_empty() {
            return Err(parser.error(0..source.text().len().min(1), "the file has no measurement at all"));
        }
        Ok(Measurements {
            hosts,
            delays,
            filled,
            sha256: sha256(source.text().as_bytes()),
        })
    }
}

/// How a user gets a matrix.
fn with_advice(error: InputError) -> InputError {
    error
        .help(
            "measured latencies are not part of this project: get planetlab490_slice01.txt of the NetLatency-Data \
             collection (Zhu et al., IEEE/ACM ToN 25(2), 2017; round-trip times in ms), or the King matrix of p2psim \
             (Gummadi et al., IMW 2002; format = \"king\")",
        )
        .help("name the file on the command line: --set network.matrix.file=PATH")
}

struct Parser<'a> {
    source: &'a Arc<Source>,
    reading: Reading,
}

/// The measurements row by row; none where there is a gap.
type Cells = Vec<Option<SimDuration>>;

impl Parser<'_> {
    fn error(&self, span: std::ops::Range<usize>, message: impl Into<String>) -> InputError {
        InputError::at(&Origin::new(self.source.clone(), span), message)
    }

    /// The lines that say something, each with the byte at which it starts. `#` starts a comment line.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.source.text();
        // Spreadsheets put a byte order mark in front of UTF-8.
        let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
        text[start..].split_inclusive('\n').filter_map(move |line| {
            let at = start;
            start += line.len();
            let line = line.trim_end();
            (!line.trim_start().is_empty() && !line.trim_start().starts_with('#')).then_some((at, line))
        })
    }

    fn square(&self) -> Result<(usize, Cells), InputError> {
        let Some((_, first)) = self.lines().next() else {
            return Err(self
                .error(0..0, "the file is empty")
                .help("expected as many rows as columns of numbers"));
        };
        let hosts = fields(first).count();
        self.check_hosts(hosts)?;
        let mut cells = Vec::with_capacity(hosts * hosts);
        for (row, (start, line)) in self.lines().enumerate() {
            if row == hosts {
                let message = format!("row {} is one too many: the first row has {hosts} cells", row + 1);
                return Err(self
                    .error(start..start + line.len().min(40), message)
                    .labelled("not square"));
            }
            for (column, (at, text)) in fields(line).enumerate() {
                let span = start + at..start + at + text.len();
                if column == hosts {
                    let message = format!("row {} has more cells than the first row's {hosts}", row + 1);
                    return Err(self.error(span, message).labelled("one too many"));
                }
                let latency = self.latency(text, span)?;
                cells.push(latency.filter(|_| row != column));
            }
            let width = cells.len() - row * hosts;
            if width < hosts {
                let end = start + line.len();
                let message = format!("row {} has {width} cells, the first row has {hosts}", row + 1);
                return Err(self
                    .error(end..end, message)
                    .labelled("the row ends here")
                    .help(TRUNCATED));
            }
        }
        let rows = cells.len() / hosts;
        if rows < hosts {
            let end = self.source.text().trim_end().len();
            let message = format!("the matrix has {rows} rows but {hosts} columns");
            return Err(self
                .error(end..end, message)
                .labelled("the file ends here")
                .help(TRUNCATED));
        }
        self.refuse_gaps(hosts, &cells)?;
        Ok((hosts, cells))
    }

    fn check_hosts(&self, hosts: usize) -> Result<(), InputError> {
        match hosts {
            2..=HOST_LIMIT => Ok(()),
            _ => Err(self
                .error(0..1, format!("{hosts} hosts: a matrix has between 2 and {HOST_LIMIT}"))
                .help("expected as many rows as columns of numbers parted by blanks, tabs or commas")),
        }
    }

    /// The latency in a cell; none for a gap.
    fn latency(&self, text: &str, span: std::ops::Range<usize>) -> Result<Option<SimDuration>, InputError> {
        if text.is_empty() {
            return Ok(None);
        }
        let Ok(number) = text.parse::<f64>() else {
            return Err(self.error(span, "this is not a number").labelled("expected a latency"));
        };
        if number.is_nan() || number <= 0.0 {
            return Ok(None);
        }
        let per_second = match self.reading.unit {
            Unit::Us => 1e6,
            Unit::Ms => 1e3,
            Unit::S => 1.0,
        };
        if number / per_second > LONGEST_SECONDS {
            let seconds = number / per_second;
            return Err(self
                .error(
                    span,
                    format!("a latency of {seconds} s is beyond belief: the limit is {LONGEST_SECONDS} s"),
                )
                .labelled("too long")
                .help("is `network.matrix.unit` right? It is \"us\", \"ms\" or \"s\""));
        }
        let ways = match self.reading.measures {
            Measures::Rtt => 2.0,
            Measures::OneWay => 1.0,
        };
        let delay = SimDuration::from_secs_f64(number / per_second / ways);
        Ok(Some(delay.max(SimDuration::NANOSECOND)))
    }

    fn king(&self) -> Result<(usize, Cells), InputError> {
        let nodes = self.king_nodes()?;
        let hosts = nodes.len();
        let mut cells: Cells = vec![None; hosts * hosts];
        let mut listed = vec![false; hosts * hosts];
        for (start, line) in self.lines().skip(hosts) {
            let whole = start..start + line.len();
            let malformed = || {
                self.error(whole.clone(), "expected `i,j latency`, two nodes and a number")
                    .labelled("not a latency line")
                    .help(TRUNCATED)
            };
            let (pair, latency) = line.trim().split_once(char::is_whitespace).ok_or_else(malformed)?;
            let (from, to) = pair.split_once(',').ok_or_else(malformed)?;
            let index = |name: &str| {
                nodes.get(name).copied().ok_or_else(|| {
                    self.error(whole.clone(), format!("no `node {name}` line names this node"))
                        .labelled("a latency of an unknown node")
                })
            };
            let (row, column) = (index(from)?, index(to)?);
            let cell = row * hosts + column;
            if std::mem::replace(&mut listed[cell], true) {
                return Err(self
                    .error(whole, format!("the pair {pair} is listed twice"))
                    .labelled("the second time"));
            }
            let latency = latency.trim();
            let end = start + line.len();
            cells[cell] = self
                .latency(latency, end - latency.len()..end)?
                .filter(|_| row != column);
        }
        self.refuse_gaps_of_list(hosts, &cells)?;
        Ok((hosts, cells))
    }

    /// The nodes that a King list names before its latencies, numbered from zero whatever it calls them.
    fn king_nodes(&self) -> Result<BTreeMap<&str, usize>, InputError> {
        let mut nodes = BTreeMap::new();
        for (start, line) in self.lines() {
            let Some(rest) = line.trim_start().strip_prefix("node") else {
                break;
            };
            let span = start..start + line.len();
            let name = rest
                .split_whitespace()
                .next()
                .filter(|_| rest.starts_with(char::is_whitespace));
            let Some(name) = name else {
                return Err(self
                    .error(span, "expected `node i`")
                    .labelled("a node without its number"));
            };
            let next = nodes.len();
            if nodes.insert(name, next).is_some() {
                return Err(self
                    .error(span, format!("node {name} is listed twice"))
                    .labelled("the second time"));
            }
        }
        if nodes.is_empty() {
            return Err(self
                .error(0..1, "expected `node i` lines, then `i,j latency` lines")
                .help("a square matrix is read with network.matrix.format = \"square\""));
        }
        self.check_hosts(nodes.len())?;
        Ok(nodes)
    }

    /// With `gaps = "refuse"`, the complaint about the first gap of a square matrix, at its cell.
    fn refuse_gaps(&self, hosts: usize, cells: &Cells) -> Result<(), InputError> {
        let Some(gap) = self.refused_gap(hosts, cells) else {
            return Ok(());
        };
        let place = self.lines().nth(gap / hosts).and_then(|(start, line)| {
            fields(line)
                .nth(gap % hosts)
                .map(|(at, text)| start + at..start + at + text.len().max(1))
        });
        Err(self
            .error(place.unwrap_or(0..0), "this pair of hosts has no measurement")
            .labelled("a gap")
            .help(FILL))
    }

    /// With `gaps = "refuse"`, the complaint about the first gap of a list.
    fn refuse_gaps_of_list(&self, hosts: usize, cells: &Cells) -> Result<(), InputError> {
        let Some(gap) = self.refused_gap(hosts, cells) else {
            return Ok(());
        };
        let (from, to) = (gap / hosts + 1, gap % hosts + 1);
        let end = self.source.text().trim_end().len();
        let message = format!("there is no measurement from the list's node number {from} to number {to}");
        Err(self.error(end..end, message).labelled("searched up to here").help(FILL))
    }

    fn refused_gap(&self, hosts: usize, cells: &Cells) -> Option<usize> {
        match self.reading.gaps {
            Gaps::Median => None,
            Gaps::Refuse => (0..cells.len()).find(|&cell| cells[cell].is_none() && cell / hosts != cell % hosts),
        }
    }
}

const TRUNCATED: &str = "the file may be truncated: compare its size with the original's";
const FILL: &str = "gaps = \"median\" fills gaps from the opposite direction or the median";

/// The cells of a row with the byte at which each starts. With commas, an empty cell counts; one behind the last
/// comma does not.
fn fields(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let commas = line.contains(',');
    let whole = line.strip_suffix(',').unwrap_or(line);
    let separator = move |c: char| if commas { c == ',' } else { c.is_whitespace() };
    whole
        .split(separator)
        .map(move |cell| (cell.as_ptr() as usize - line.as_ptr() as usize, cell))
        .map(|(at, cell)| (at + cell.len() - cell.trim_start().len(), cell.trim()))
        .filter(move |(_, cell)| commas || !cell.is_empty())
}

/// The delays without gaps; empty if there is no measurement to fill them from.
fn fill(hosts: usize, cells: &Cells) -> (Vec<SimDuration>, Filled) {
    let mut filled = Filled::default();
    let Some(overall) = median(cells.iter().flatten().copied().collect()) else {
        return (Vec::new(), filled);
    };
    let mut delays = Vec::with_capacity(cells.len());
    for (from, row) in cells.chunks(hosts).enumerate() {
        let row_median = median(row.iter().flatten().copied().collect());
        for (to, measured) in row.iter().enumerate() {
            delays.push(match (measured, cells[to * hosts + from], row_median) {
                _ if from == to => SimDuration::ZERO,
                (Some(delay), _, _) => *delay,
                (None, Some(opposite), _) => {
                    filled.transposed += 1;
                    opposite
                }
                (None, None, Some(median)) => {
                    filled.row_median += 1;
                    median
                }
                (None, None, None) => {
                    filled.matrix_median += 1;
                    overall
                }
            });
        }
    }
    (delays, filled)
}

/// The lower median.
fn median(mut delays: Vec<SimDuration>) -> Option<SimDuration> {
    let middle = delays.len().checked_sub(1)? / 2;
    Some(*delays.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests;

//! From the runs of a study to tables: few at a time, so that memory does not depend on how many there are.

mod files;

use std::path::{Path, PathBuf};

use analysis::TableError;
use rayon::prelude::*;
use thiserror::Error;

use super::store::{Broken, State, StoreError};
use super::study::Study;
use crate::input::shell_path;
use crate::results::{ParquetError, ResultsError, ResultsFolder};
use crate::run::{Layouts, OfPoint, Part, RunRecord};
use files::{Runs, Tables};

/// Why there is nothing merged.
#[derive(Debug, Error)]
pub enum MergeError {
    /// Runs are missing.
    #[error(
        "runs outstanding: {outstanding} of {runs}{}; `peerscope sweep resume {}` runs them, and --partial merges what there is",
        damage(*damaged), shell_path(folder)
    )]
    Incomplete {
        /// How many.
        outstanding: u64,
        /// How many of these were there, but not as they had been written, and are removed.
        damaged: u64,
        /// How many there are in all.
        runs: u64,
        /// The folder of the study.
        folder: PathBuf,
    },
    /// Runs that were there have gone.
    #[error("{}: runs were removed or changed while they were merged; merge again", folder.display())]
    Changed {
        /// The folder of the study.
        folder: PathBuf,
    },
    /// The results cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A run cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table cannot be written.
    #[error("{}: {error}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        error: TableError,
    },
    /// A table cannot be written as Parquet.
    #[error("{}: {error}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ParquetError,
    },
    /// It was to stop.
    #[error("stopped before all was merged; what was merged before is as it was")]
    Stopped,
    /// The manifest cannot be written.
    #[error("the manifest cannot be written: {0}")]
    Manifest(#[from] toml::ser::Error),
}

fn damage(runs: u64) -> String {
    match runs {
        0 => String::new(),
        runs => format!(" ({runs} of them not as they had been written)"),
    }
}

/// What was merged.
#[derive(Debug)]
pub struct Merged {
    /// The folder of results.
    pub results: PathBuf,
    /// How many runs are in it.
    pub runs: u64,
    /// How many runs broke, and are not in it.
    pub broken: u64,
    /// The first of them.
    pub first_broken: Vec<Broken>,
    /// Runs that are outstanding, and are not in it.
    pub outstanding: u64,
    /// Those of them that were there, but not as they had been written.
    pub damaged: u64,
    /// What is worth knowing of the results, each once: the first of it.
    pub warnings: Vec<String>,
    /// How much more there was of that.
    pub more_warnings: u64,
}

/// How many warnings and broken runs are told one by one: more than these say the same of other points.
const TOLD: usize = 10;

impl Merged {
    fn count(&mut self, found: &Found) {
        self.runs += found.finished.len() as u64;
        self.outstanding += found.outstanding;
        self.damaged += found.damaged;
        self.broken += found.broken.len() as u64;
        let room = TOLD.saturating_sub(self.first_broken.len());
        self.first_broken.extend(found.broken.iter().take(room).cloned());
    }

    fn warn(&mut self, warnings: Vec<String>) {
        for warning in warnings {
            if self.warnings.contains(&warning) {
                continue;
            }
            if self.warnings.len() < TOLD {
                self.warnings.push(warning);
            } else {
                self.more_warnings += 1;
            }
        }
    }
}

/// Merges the runs of a study into an ordinary folder of results: the tables that `peerscope run` would have written, byte by byte.
/// Few runs are in memory at a time: each is read as often as it is needed.
///
/// Runs whose files are damaged are discarded, and outstanding from then on. With `partial`, points are merged from as many
/// replications as there are. It ends early once `stopping` says so.
///
/// # Errors
/// [`MergeError`]. Earlier results are as before.
pub fn merge(
    study: &Study,
    target: &Path,
    force: bool,
    partial: bool,
    stopping: &(dyn Fn() -> bool + Sync),
) -> Result<Merged, MergeError> {
    let go_on = || if stopping() { Err(MergeError::Stopped) } else { Ok(()) };
    let folder = ResultsFolder::begin(target, force)?;
    let mut merged = Merged {
        results: target.to_owned(),
        runs: 0,
        broken: 0,
        first_broken: Vec::new(),
        outstanding: 0,
        damaged: 0,
        warnings: Vec::new(),
        more_warnings: 0,
    };
    let layouts = Layouts::of(&study.scenario);
    let mut tables = Tables::new(&folder, &study.scenario);
    let mut runs = Runs::new(&folder)?;
    let points = study.scenario.points.count();
    for first in (0..points).step_by(POINTS_AT_A_TIME) {
        let indices = first..points.min(first + POINTS_AT_A_TIME);
        let found = indices.into_par_iter().map(|point| {
            go_on()?;
            Found::of(study, point)
        });
        let found = found.collect::<Result<Vec<Found>, MergeError>>()?;
        found.iter().for_each(|found| merged.count(found));
        // Once something is known to be missing, the rest is read only in order to find all that is.
        if merged.outstanding > 0 && !partial {
            continue;
        }
        let surveyed = found.into_par_iter().map(|found| {
            go_on()?;
            found.survey(study, &layouts)
        });
        let surveyed = surveyed.collect::<Result<Vec<Surveyed<'_>>, MergeError>>()?;
        if let Some(point) = surveyed.first().filter(|_| first == 0) {
            // Each table has its columns, also where no run ended well.
            tables.add(&point.part(study, &[])?)?;
        }
        let parts: Vec<(&Surveyed<'_>, &[u32])> = surveyed.iter().flat_map(Surveyed::parts).collect();
        for parts in parts.chunks(PARTS_AT_A_TIME) {
            go_on()?;
            let made: Result<Vec<Part>, MergeError> = (parts.par_iter())
                .map(|(point, replications)| point.part(study, replications))
                .collect();
            for part in made? {
                tables.add(&part)?;
                runs.add(study, &part.records)?;
            }
        }
        surveyed.iter().for_each(|point| merged.warn(point.of_point.warnings()));
    }
    if merged.outstanding > 0 && !partial {
        return Err(MergeError::Incomplete {
            outstanding: merged.outstanding,
            damaged: merged.damaged,
            runs: study.runs(),
            folder: study.folder.clone(),
        });
    }
    let tables = tables.finish(&go_on)?;
    runs.finish(study, tables)?;
    folder.write("scenario.toml", study.scenario.resolved().as_bytes())?;
    go_on()?;
    folder.finish()?;
    Ok(merged)
}

/// How many points are looked at at a time: enough for the cores to share.
const POINTS_AT_A_TIME: usize = 64;
/// How many parts of them are in memory at a time.
const PARTS_AT_A_TIME: usize = 64;
/// How many runs a part has at most.
const RUNS_A_PART: usize = 4;

/// What lies in the folder of the runs of one point.
struct Found {
    /// The index of the point.
    point: usize,
    /// The replications that ended well.
    finished: Vec<u32>,
    broken: Vec<Broken>,
    outstanding: u64,
    damaged: u64,
}

impl Found {
    /// Looks for the runs of a point; damaged ones are discarded.
    fn of(study: &Study, point: usize) -> Result<Self, MergeError> {
        let mut found = Found {
            point,
            finished: Vec::new(),
            broken: Vec::new(),
            outstanding: 0,
            damaged: 0,
        };
        for replication in 0..study.plan.replications {
            let key = study.key(point, replication);
            found.damaged += u64::from(study.store.discard_damaged(&key)?);
            match study.store.state(&key)? {
                State::Outstanding => found.outstanding += 1,
                State::Broken(broken) => found.broken.push(broken),
                State::Finished => found.finished.push(replication),
            }
        }
        Ok(found)
    }

    /// Looks at all of the runs that ended well.
    fn survey<'a>(self, study: &Study, layouts: &'a Layouts<'a>) -> Result<Surveyed<'a>, MergeError> {
        let Some(point) = study.scenario.points.get(self.point) else {
            unreachable!("runs of point {} are planned", self.point)
        };
        let of_point = OfPoint::survey(layouts, point, |see| {
            read(study, self.point, &self.finished).try_for_each(|record| {
                see(record?);
                Ok::<(), MergeError>(())
            })
        })?;
        Ok(Surveyed { found: self, of_point })
    }
}

/// A point of which all runs have been looked at.
struct Surveyed<'a> {
    found: Found,
    of_point: OfPoint<'a>,
}

impl Surveyed<'_> {
    /// Its replications in parts that fit into memory together.
    fn parts(&self) -> impl Iterator<Item = (&Self, &[u32])> {
        let parts = self.found.finished.chunks(RUNS_A_PART);
        parts.map(move |replications| (self, replications))
    }

    /// The tables of one part.
    fn part(&self, study: &Study, replications: &[u32]) -> Result<Part, MergeError> {
        let records = read(study, self.found.point, replications).collect::<Result<_, MergeError>>()?;
        Ok(self.of_point.part(records))
    }
}

/// These replications of a point, one after the other.
fn read<'a>(
    study: &'a Study,
    point: usize,
    replications: &'a [u32],
) -> impl Iterator<Item = Result<RunRecord, MergeError>> {
    replications.iter().map(move |replication| {
        let record = study.store.read(&study.key(point, *replication))?;
        let record = record.ok_or_else(|| MergeError::Changed {
            folder: study.folder.clone(),
        })?;
        Ok(record.at(point))
    })
}

//! From the runs of a study to tables: point by point, so that memory does not depend on how many there are.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::plan::Study;
use super::store::{Broken, State, StoreError};
use crate::digest::hexadecimal;
use crate::results::{
    Manifest, ParquetError, ResultsError, ResultsFolder, SnapshotNames, TableFile, snapshots, write_parquet,
};
use crate::run::{Layouts, OfPoint, RunRecord};
use crate::scenario::Scenario;

/// Why there is nothing merged.
#[derive(Debug, Error)]
pub enum MergeError {
    /// Runs are missing.
    #[error(
        "runs outstanding: {outstanding} of {runs}{}; `peerscope sweep resume {}` runs them, and --partial merges what there is",
        damage(*damaged), folder.display()
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
    /// The results cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A run cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table cannot be written.
    #[error("a table cannot be written: {0}")]
    Table(#[from] analysis::TableError),
    /// A table cannot be written as Parquet.
    #[error("{}: {error}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ParquetError,
    },
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
    fn count(&mut self, runs: &OfRuns) {
        self.runs += runs.records.len() as u64;
        self.outstanding += runs.outstanding;
        self.damaged += runs.damaged;
        self.broken += runs.broken.len() as u64;
        let room = TOLD.saturating_sub(self.first_broken.len());
        self.first_broken.extend(runs.broken.iter().take(room).cloned());
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
/// Few points are in memory at a time.
///
/// Runs whose files are damaged are discarded, and outstanding from then on. With `partial`, points are merged from as many
/// replications as there are.
///
/// # Errors
/// [`MergeError`]. Earlier results are as before.
pub fn merge(study: &Study, target: &Path, force: bool, partial: bool) -> Result<Merged, MergeError> {
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
    let points = &study.scenario.points;
    // Each table has its columns, also where no run ended well.
    if let Some(point) = points.get(0) {
        tables.add(&OfPoint::new(&layouts, &point, Vec::new()))?;
    }
    let at_a_time = (RUNS_AT_A_TIME / study.plan.replications.max(1) as usize).max(1);
    for first in (0..points.count()).step_by(at_a_time) {
        let indices = first..points.count().min(first + at_a_time);
        let read: Result<Vec<OfRuns>, MergeError> = (indices.into_par_iter())
            .map(|point| OfRuns::read(study, point))
            .collect();
        let read = read?;
        read.iter().for_each(|runs| merged.count(runs));
        // Once something is known to be missing, the rest is read only in order to find all that is.
        if merged.outstanding > 0 && !partial {
            continue;
        }
        let ended = read.into_par_iter().filter(|runs| !runs.records.is_empty());
        let made: Vec<OfPoint> = ended
            .filter_map(|runs| Some(OfPoint::new(&layouts, &points.get(runs.point)?, runs.records)))
            .collect();
        for of_point in made {
            tables.add(&of_point)?;
            runs.add(study, &of_point.output.records)?;
            merged.warn(of_point.output.warnings);
        }
    }
    if merged.outstanding > 0 && !partial {
        return Err(MergeError::Incomplete {
            outstanding: merged.outstanding,
            damaged: merged.damaged,
            runs: study.runs(),
            folder: study.folder.clone(),
        });
    }
    let tables = tables.finish()?;
    runs.finish(study, tables)?;
    folder.write("scenario.toml", study.scenario.resolved().as_bytes())?;
    folder.finish()?;
    Ok(merged)
}

/// How many runs are in memory at a time, where no point has more: enough for the cores to share.
const RUNS_AT_A_TIME: usize = 64;

/// What lies in the folder of the runs of one point.
struct OfRuns {
    /// The index of the point.
    point: usize,
    /// Those that ended well, by replication.
    records: Vec<RunRecord>,
    broken: Vec<Broken>,
    outstanding: u64,
    damaged: u64,
}

impl OfRuns {
    /// Reads the runs of a point; damaged ones are discarded.
    fn read(study: &Study, point: usize) -> Result<Self, MergeError> {
        let mut runs = OfRuns {
            point,
            records: Vec::new(),
            broken: Vec::new(),
            outstanding: 0,
            damaged: 0,
        };
        for replication in 0..study.plan.replications {
            let key = study.key(point, replication);
            match study.store.state(&key) {
                State::Outstanding => runs.outstanding += 1,
                State::Broken => runs.broken.extend(study.store.broken(&key)),
                State::Finished => match study.store.read(&key)? {
                    Some(record) => runs.records.push(record.at(point)),
                    None => {
                        study.store.discard(&key)?;
                        runs.outstanding += 1;
                        runs.damaged += 1;
                    }
                },
            }
        }
        Ok(runs)
    }
}

/// The table with all that has one value a run, which is beside those that `peerscope run` writes, and no part of the manifest.
const OF_RUNS: &str = "runs";

/// The tables as they grow.
struct Tables<'a> {
    folder: &'a ResultsFolder,
    snapshots: SnapshotNames<'a>,
    open: Vec<(TableFile, HashedFile)>,
}

impl<'a> Tables<'a> {
    fn new(folder: &'a ResultsFolder, scenario: &'a Scenario) -> Self {
        Tables {
            folder,
            snapshots: SnapshotNames::of(scenario),
            open: Vec::new(),
        }
    }

    /// Adds the rows of a point. All points have the same tables, in the same order.
    fn add(&mut self, point: &OfPoint) -> Result<(), MergeError> {
        let tables = &point.output.tables;
        let named = tables.iter().map(|(name, table)| (name.as_str(), table));
        for (place, (name, table)) in named.chain([(OF_RUNS, &point.runs)]).enumerate() {
            if self.open.len() == place {
                let mut file = HashedFile::create(self.folder, &format!("{name}.csv"))?;
                table.write_csv_header(&mut file)?;
                let written = TableFile {
                    name: name.to_owned(),
                    rows: 0,
                    sha256: String::new(),
                };
                self.open.push((written, file));
            }
            let (written, file) = &mut self.open[place];
            table.write_csv_rows(file)?;
            written.rows += table.len();
        }
        for (name, contents) in snapshots(tables, &self.snapshots)? {
            self.folder.write(&name, &contents)?;
        }
        Ok(())
    }

    /// Completes the tables, and writes each as Parquet, too. Tells those that the manifest has.
    fn finish(self) -> Result<Vec<TableFile>, MergeError> {
        let finish = |(written, file): (TableFile, HashedFile)| {
            let sha256 = file.finish()?;
            let name = format!("{}.parquet", written.name);
            let table = self.folder.unseen(&format!("{}.csv", written.name));
            write_parquet(&table, self.folder.create(&name)?).map_err(|error| MergeError::Parquet {
                path: self.folder.target().join(name),
                error,
            })?;
            Ok(TableFile { sha256, ..written })
        };
        let finished = self.open.into_iter().map(finish);
        let mut finished = finished.collect::<Result<Vec<TableFile>, MergeError>>()?;
        finished.retain(|table| table.name != OF_RUNS);
        Ok(finished)
    }
}

/// What the manifest tells of each run, as it grows: behind the rest of it in the end.
struct Runs<'a> {
    folder: &'a ResultsFolder,
    lines: HashedFile,
    events: u64,
}

/// The name of the lines until they are part of the manifest.
const RUNS: &str = "manifest.runs";

impl<'a> Runs<'a> {
    fn new(folder: &'a ResultsFolder) -> Result<Self, MergeError> {
        Ok(Runs {
            folder,
            lines: HashedFile::create(folder, RUNS)?,
            events: 0,
        })
    }

    fn add(&mut self, study: &Study, records: &[RunRecord]) -> Result<(), MergeError> {
        for record in records {
            self.events += record.events;
            let line = Manifest::run(&study.scenario, record)?;
            self.lines.put(line.as_bytes())?;
        }
        Ok(())
    }

    fn finish(self, study: &Study, tables: Vec<TableFile>) -> Result<(), MergeError> {
        let Runs { folder, lines, events } = self;
        lines.finish()?;
        let manifest = Manifest {
            events,
            ..Manifest::new(&study.scenario, &[], tables)
        };
        folder.complete("manifest.toml", manifest.to_toml()?.as_bytes(), RUNS)?;
        Ok(())
    }
}

/// A file of the results, and the digest of what has been written to it.
struct HashedFile {
    file: BufWriter<File>,
    digest: Sha256,
    path: PathBuf,
}

impl HashedFile {
    fn create(folder: &ResultsFolder, name: &str) -> Result<Self, ResultsError> {
        Ok(HashedFile {
            file: BufWriter::new(folder.create(name)?),
            digest: Sha256::new(),
            path: folder.target().join(name),
        })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ResultsError> {
        self.write_all(bytes).map_err(|error| ResultsError::Io {
            path: self.path.clone(),
            error,
        })
    }

    /// Makes sure that the file is on the disk, and tells its digest in hexadecimal.
    fn finish(self) -> Result<String, ResultsError> {
        let HashedFile { file, digest, path } = self;
        let synced = file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all());
        synced.map_err(|error| ResultsError::Io { path, error })?;
        Ok(hexadecimal(&digest.finalize()))
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

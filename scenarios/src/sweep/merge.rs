//! From the runs of a study to tables: few at a time, so that memory does not depend on how many there are.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::store::{Broken, State, StoreError};
use super::study::Study;
use crate::digest::hexadecimal;
use crate::results::{
    Manifest, ParquetError, ResultsError, ResultsFolder, SnapshotNames, TableFile, snapshots, write_parquet,
};
use crate::run::{Layouts, OfPoint, Part, RunRecord};
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
    let points = study.scenario.points.count();
    for first in (0..points).step_by(POINTS_AT_A_TIME) {
        let indices = first..points.min(first + POINTS_AT_A_TIME);
        let found: Result<Vec<Found>, MergeError> =
            (indices.into_par_iter()).map(|point| Found::of(study, point)).collect();
        let found = found?;
        found.iter().for_each(|found| merged.count(found));
        // Once something is known to be missing, the rest is read only in order to find all that is.
        if merged.outstanding > 0 && !partial {
            continue;
        }
        let surveyed: Result<Vec<Surveyed<'_>>, MergeError> = (found.into_par_iter())
            .map(|found| found.survey(study, &layouts))
            .collect();
        let surveyed = surveyed?;
        if let Some(point) = surveyed.first().filter(|_| first == 0) {
            // Each table has its columns, also where no run ended well.
            tables.add(&point.part(study, &[])?)?;
        }
        let parts: Vec<(&Surveyed<'_>, &[u32])> = surveyed.iter().flat_map(Surveyed::parts).collect();
        for parts in parts.chunks(PARTS_AT_A_TIME) {
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
    let tables = tables.finish()?;
    runs.finish(study, tables)?;
    folder.write("scenario.toml", study.scenario.resolved().as_bytes())?;
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

    /// Adds the rows of a part. All parts have the same tables, in the same order.
    fn add(&mut self, part: &Part) -> Result<(), MergeError> {
        let tables = &part.tables;
        let named = tables.iter().map(|(name, table)| (name.as_str(), table));
        for (place, (name, table)) in named.chain([(OF_RUNS, &part.runs)]).enumerate() {
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

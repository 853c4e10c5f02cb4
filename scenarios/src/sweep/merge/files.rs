//! The files of merged results, as they grow.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use analysis::TableError;
use sha2::{Digest, Sha256};

use super::MergeError;
use crate::digest::hexadecimal;
use crate::results::{Manifest, ResultsError, ResultsFolder, SnapshotNames, TableFile, snapshots, write_parquet};
use crate::run::{Part, RunRecord};
use crate::scenario::Scenario;
use crate::sweep::study::Study;

/// The table with all that has one value a run, which is beside those that `peerscope run` writes, and no part of the manifest.
const OF_RUNS: &str = "runs";

/// The tables as they grow.
pub(super) struct Tables<'a> {
    folder: &'a ResultsFolder,
    snapshots: SnapshotNames<'a>,
    open: Vec<(TableFile, HashedFile)>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(folder: &'a ResultsFolder, scenario: &'a Scenario) -> Self {
        Tables {
            folder,
            snapshots: SnapshotNames::of(scenario),
            open: Vec::new(),
        }
    }

    /// Adds the rows of a part. All parts have the same tables, in the same order.
    pub(super) fn add(&mut self, part: &Part) -> Result<(), MergeError> {
        let tables = &part.tables;
        let named = tables.iter().map(|(name, table)| (name.as_str(), table));
        for (place, (name, table)) in named.chain([(OF_RUNS, &part.runs)]).enumerate() {
            if self.open.len() == place {
                let mut file = HashedFile::create(self.folder, &format!("{name}.csv"))?;
                file.add(|file| table.write_csv_header(file))?;
                let written = TableFile {
                    name: name.to_owned(),
                    rows: 0,
                    sha256: String::new(),
                };
                self.open.push((written, file));
            }
            let (written, file) = &mut self.open[place];
            file.add(|file| table.write_csv_rows(file))?;
            written.rows += table.len();
        }
        let snapshots = snapshots(tables, &self.snapshots).map_err(|error| MergeError::Table {
            path: self.folder.target().to_owned(),
            error,
        })?;
        for (name, contents) in snapshots {
            self.folder.write(&name, &contents)?;
        }
        Ok(())
    }

    /// Completes the tables, and writes each as Parquet, too, as long as it is to go on. Tells those that the manifest has.
    pub(super) fn finish(self, go_on: &dyn Fn() -> Result<(), MergeError>) -> Result<Vec<TableFile>, MergeError> {
        let finish = |(written, file): (TableFile, HashedFile)| {
            go_on()?;
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
pub(super) struct Runs<'a> {
    folder: &'a ResultsFolder,
    lines: HashedFile,
    events: u64,
}

/// The name of the lines until they are part of the manifest.
const RUNS: &str = "manifest.runs";

impl<'a> Runs<'a> {
    pub(super) fn new(folder: &'a ResultsFolder) -> Result<Self, MergeError> {
        Ok(Runs {
            folder,
            lines: HashedFile::create(folder, RUNS)?,
            events: 0,
        })
    }

    pub(super) fn add(&mut self, study: &Study, records: &[RunRecord]) -> Result<(), MergeError> {
        for record in records {
            self.events += record.events;
            let line = Manifest::run(&study.scenario, record)?;
            self.lines.put(line.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn finish(self, study: &Study, tables: Vec<TableFile>) -> Result<(), MergeError> {
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

    /// Adds what is written of a table.
    fn add(&mut self, write: impl FnOnce(&mut Self) -> Result<(), TableError>) -> Result<(), MergeError> {
        write(self).map_err(|error| MergeError::Table {
            path: self.path.clone(),
            error,
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

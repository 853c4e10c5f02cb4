//! The files that a scenario names and the graphs that it has generated: each is made once, however many points of a sweep use
//! it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sim_core::churn::SessionTrace;
use sim_core::link_layer::{Leg, Place};
use sim_core::mobility::{Area, Scripted};
use sim_core::network::LatencyMatrix;
use sim_core::random::StreamKey;

use super::{InputFile, MeasuredNetwork};
use crate::churn_trace::{Format, Recorded};
use crate::input::{Document, InputError, Node, SourceKind};
use crate::lookup_trace::LookupTrace;
use crate::matrix::{self, Measurements};
use crate::movement::{ContactFormat, ContactTrace, MovementFormat, Movements};
use crate::topology::generate::{GenerateError, Generated, Model};
use crate::topology::{self, Topology};

/// What was read or made so far, each by what it was made from.
struct Made<How, What>(Mutex<Vec<(How, What)>>);

impl<How, What> Default for Made<How, What> {
    fn default() -> Self {
        Made(Mutex::new(Vec::new()))
    }
}

impl<How: PartialEq, What: Clone> Made<How, What> {
    /// What comes of `how`, made now if that has not been done. Whoever wants the same meanwhile waits for it.
    fn get<E>(&self, how: How, make: impl FnOnce(&How) -> Result<What, E>) -> Result<What, E> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, what)) = made.iter().find(|(known, _)| *known == how) {
            return Ok(what.clone());
        }
        let what = make(&how)?;
        made.push((how, what.clone()));
        Ok(what)
    }

    /// Something of each, in the order in which they were made.
    fn each<T>(&self, of: impl Fn(&What) -> T) -> Vec<T> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().map(|(_, what)| of(what)).collect()
    }
}

/// Files that were read, by path and how: which, and what is in them.
type Read<How, What> = Made<(PathBuf, How), (InputFile, Arc<What>)>;

/// The files read and the graphs generated so far.
#[derive(Default)]
pub(super) struct ScenarioFiles {
    matrices: Made<(PathBuf, matrix::Reading), MeasuredNetwork>,
    topologies: Read<topology::Reading, Topology>,
    lookups: Read<(), LookupTrace>,
    sessions: Read<Format, SessionTrace>,
    movements: Read<(Option<MovementFormat>, Option<Area>), [Scripted]>,
    contacts: Read<(Option<ContactFormat>, Range<u32>), ContactTrace>,
    generated: Made<(Model, StreamKey), Arc<Generated>>,
}

impl ScenarioFiles {
    /// The matrix in the file that the scenario names.
    pub(super) fn matrix(
        &self,
        file: &Path,
        reading: matrix::Reading,
        document: &Document,
    ) -> Result<MeasuredNetwork, InputError> {
        let key = "network.matrix.file";
        self.matrices.get((located(file, key, document), reading), |(path, _)| {
            let measurements = Measurements::read(path, reading).map_err(|error| named(error, key, document))?;
            let Measurements {
                hosts,
                delays,
                filled,
                sha256,
            } = measurements;
            let matrix = LatencyMatrix::new(hosts, delays).map_err(<InputError as serde::de::Error>::custom)?;
            Ok(MeasuredNetwork {
                matrix: Arc::new(matrix),
                filled,
                input: input(path, sha256),
            })
        })
    }

    /// The topology in the file that the scenario names.
    pub(super) fn topology(
        &self,
        file: &Path,
        reading: topology::Reading,
        document: &Document,
    ) -> Result<(InputFile, Arc<Topology>), InputError> {
        let key = "network.topology.file";
        self.topologies
            .get((located(file, key, document), reading), |(path, _)| {
                let topology = Topology::read(path, reading).map_err(|error| named(error, key, document))?;
                Ok((input(path, topology.sha256.clone()), Arc::new(topology)))
            })
    }

    /// The trace of lookups in the file that the scenario names.
    pub(super) fn lookup_trace(&self, file: &Path, document: &Document) -> Result<Arc<LookupTrace>, InputError> {
        let key = "workload.lookups.trace";
        let (_, trace) = self.lookups.get((located(file, key, document), ()), |(path, ())| {
            let trace = LookupTrace::read(path).map_err(|error| named(error, key, document))?;
            Ok::<_, InputError>((input(path, trace.sha256.clone()), Arc::new(trace)))
        })?;
        Ok(trace)
    }

    /// The measured sessions in the file that the scenario names.
    pub(super) fn sessions(
        &self,
        file: &Path,
        format: Format,
        document: &Document,
    ) -> Result<(InputFile, Arc<SessionTrace>), InputError> {
        let key = "churn.trace.file";
        self.sessions.get((located(file, key, document), format), |(path, _)| {
            let Recorded { sessions, sha256 } =
                Recorded::read(path, format).map_err(|error| named(error, key, document))?;
            Ok((input(path, sha256), sessions))
        })
    }

    /// The paths of all nodes in the file of movements that the scenario names.
    pub(super) fn movements(
        &self,
        file: &Path,
        format: Option<MovementFormat>,
        area: Option<Area>,
        document: &Document,
    ) -> Result<(InputFile, Arc<[Scripted]>), InputError> {
        let key = "network.radio.mobility.trace.file";
        let how = (located(file, key, document), (format, area));
        self.movements.get(how, |(path, _)| {
            let Movements { legs, sha256 } =
                Movements::read(path, format, area).map_err(|error| named(error, key, document))?;
            let script = |legs: Vec<Leg>| {
                let first = legs.first().map_or_else(Place::default, |leg| leg.from);
                Scripted::new(first, legs).map_err(|(_, error)| document.error_at(key, error.to_string()))
            };
            let paths: Arc<[Scripted]> = legs.into_iter().map(script).collect::<Result<_, _>>()?;
            Ok((input(path, sha256), paths))
        })
    }

    /// The contacts of nodes with these numbers in the file that the scenario names.
    pub(super) fn contacts(
        &self,
        file: &Path,
        format: Option<ContactFormat>,
        numbers: Range<u32>,
        document: &Document,
    ) -> Result<(InputFile, Arc<ContactTrace>), InputError> {
        let key = "network.contacts.file";
        let how = (located(file, key, document), (format, numbers));
        self.contacts.get(how, |(path, (format, numbers))| {
            let trace =
                ContactTrace::read(path, *format, numbers.clone()).map_err(|error| named(error, key, document))?;
            Ok((input(path, trace.sha256.clone()), Arc::new(trace)))
        })
    }

    /// The graph of a model with these streams.
    pub(super) fn generated(&self, model: &Model, streams: StreamKey) -> Result<Arc<Generated>, GenerateError> {
        self.generated.get((model.clone(), streams), |(model, streams)| {
            Ok(Arc::new(model.generate(*streams)?))
        })
    }

    /// The files read, in order and each once.
    pub(super) fn inputs(&self) -> Vec<InputFile> {
        let mut inputs = self.matrices.each(|measured| measured.input.clone());
        inputs.extend(files(&self.topologies));
        inputs.extend(files(&self.lookups));
        inputs.extend(files(&self.sessions));
        inputs.extend(files(&self.movements));
        inputs.extend(files(&self.contacts));
        let mut each_once: Vec<InputFile> = Vec::new();
        for input in inputs {
            if !each_once.contains(&input) {
                each_once.push(input);
            }
        }
        each_once
    }
}

fn input(path: &Path, sha256: String) -> InputFile {
    InputFile {
        path: path.to_owned(),
        sha256,
    }
}

fn files<How: PartialEq, What: ?Sized>(read: &Read<How, What>) -> Vec<InputFile> {
    read.each(|(input, _)| input.clone())
}

/// A missing file is missed where it was named, if that was in a file.
pub(in crate::scenario) fn named(error: InputError, key: &str, document: &Document) -> InputError {
    match (&error, document.get(key)) {
        (InputError::Missing { .. }, Some(node)) if matches!(node.origin.source().kind(), SourceKind::File(_)) => {
            let (line, column) = node.origin.line_column();
            let place = format!("{}:{line}:{column}", node.origin.source().name());
            error.help(format!(
                "the file is named at {place}; a path in a scenario file is relative to that file"
            ))
        }
        _ => error,
    }
}

/// A path named in a scenario file is relative to that file, one named on the command line to the current folder.
pub(in crate::scenario) fn located(file: &Path, key: &str, document: &Document) -> PathBuf {
    match document.get(key).map(|node: &Node| node.origin.source().kind()) {
        Some(SourceKind::File(scenario)) => scenario.parent().unwrap_or(Path::new("")).join(file),
        _ => file.to_owned(),
    }
}

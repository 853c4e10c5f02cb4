//! The files that a scenario names and the graphs that it has generated: each is made once, however many points of a sweep use
//! it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Files that were read: how, which, and what is in them.
type Known<How, What> = Vec<(How, InputFile, Arc<What>)>;

/// The files read and the graphs generated so far.
#[derive(Default)]
pub(super) struct ScenarioFiles {
    matrices: Vec<(matrix::Reading, MeasuredNetwork)>,
    topologies: Vec<(topology::Reading, InputFile, Arc<Topology>)>,
    lookups: Vec<(InputFile, Arc<LookupTrace>)>,
    sessions: Vec<(Format, InputFile, Arc<SessionTrace>)>,
    movements: Known<(Option<MovementFormat>, Option<Area>), [Scripted]>,
    contacts: Known<(Option<ContactFormat>, Range<u32>), ContactTrace>,
    generated: Vec<(Model, StreamKey, Arc<Generated>)>,
}

impl ScenarioFiles {
    /// The matrix in the file that the scenario names.
    pub(super) fn matrix(
        &mut self,
        file: &Path,
        reading: matrix::Reading,
        document: &Document,
    ) -> Result<MeasuredNetwork, InputError> {
        let key = "network.matrix.file";
        let file = located(file, key, document);
        let read = |(how, found): &&(matrix::Reading, MeasuredNetwork)| found.input.path == file && *how == reading;
        if let Some((_, found)) = self.matrices.iter().find(read) {
            return Ok(found.clone());
        }
        let measurements = Measurements::read(&file, reading).map_err(|error| named(error, key, document))?;
        let Measurements {
            hosts,
            delays,
            filled,
            sha256,
        } = measurements;
        let matrix = LatencyMatrix::new(hosts, delays).map_err(<InputError as serde::de::Error>::custom)?;
        let measured = MeasuredNetwork {
            matrix: Arc::new(matrix),
            filled,
            input: InputFile { path: file, sha256 },
        };
        self.matrices.push((reading, measured.clone()));
        Ok(measured)
    }

    /// The topology in the file that the scenario names.
    pub(super) fn topology(
        &mut self,
        file: &Path,
        reading: topology::Reading,
        document: &Document,
    ) -> Result<(Arc<Topology>, InputFile), InputError> {
        let key = "network.topology.file";
        let path = located(file, key, document);
        let known = self
            .topologies
            .iter()
            .find(|(how, input, _)| input.path == path && *how == reading);
        if let Some((_, input, topology)) = known {
            return Ok((topology.clone(), input.clone()));
        }
        let topology = Topology::read(&path, reading).map_err(|error| named(error, key, document))?;
        let input = InputFile {
            path,
            sha256: topology.sha256.clone(),
        };
        let topology = Arc::new(topology);
        self.topologies.push((reading, input.clone(), topology.clone()));
        Ok((topology, input))
    }

    /// The trace of lookups in the file that the scenario names.
    pub(super) fn lookup_trace(&mut self, file: &Path, document: &Document) -> Result<Arc<LookupTrace>, InputError> {
        let key = "workload.lookups.trace";
        let path = located(file, key, document);
        if let Some((_, trace)) = self.lookups.iter().find(|(input, _)| input.path == path) {
            return Ok(trace.clone());
        }
        let trace = Arc::new(LookupTrace::read(&path).map_err(|error| named(error, key, document))?);
        let sha256 = trace.sha256.clone();
        self.lookups.push((InputFile { path, sha256 }, trace.clone()));
        Ok(trace)
    }

    /// The measured sessions in the file that the scenario names.
    pub(super) fn sessions(
        &mut self,
        file: &Path,
        format: Format,
        document: &Document,
    ) -> Result<(InputFile, Arc<SessionTrace>), InputError> {
        let key = "churn.trace.file";
        let path = located(file, key, document);
        let known = self
            .sessions
            .iter()
            .find(|(how, input, _)| *how == format && input.path == path);
        if let Some((_, input, trace)) = known {
            return Ok((input.clone(), trace.clone()));
        }
        let Recorded { sessions, sha256 } =
            Recorded::read(&path, format).map_err(|error| named(error, key, document))?;
        let input = InputFile { path, sha256 };
        self.sessions.push((format, input.clone(), sessions.clone()));
        Ok((input, sessions))
    }

    /// The paths of all nodes in the file of movements that the scenario names.
    pub(super) fn movements(
        &mut self,
        file: &Path,
        format: Option<MovementFormat>,
        area: Option<Area>,
        document: &Document,
    ) -> Result<(InputFile, Arc<[Scripted]>), InputError> {
        let (key, how) = ("network.radio.mobility.trace.file", (format, area));
        let path = located(file, key, document);
        let same = |(known, input, _): &&(_, InputFile, _)| *known == how && input.path == path;
        if let Some((_, input, paths)) = self.movements.iter().find(same) {
            return Ok((input.clone(), paths.clone()));
        }
        let Movements { legs, sha256 } =
            Movements::read(&path, format, area).map_err(|error| named(error, key, document))?;
        let script = |legs: Vec<Leg>| {
            let first = legs.first().map_or_else(Place::default, |leg| leg.from);
            Scripted::new(first, legs).map_err(|(_, error)| document.error_at(key, error.to_string()))
        };
        let paths: Arc<[Scripted]> = legs.into_iter().map(script).collect::<Result<_, _>>()?;
        let input = InputFile { path, sha256 };
        self.movements.push((how, input.clone(), paths.clone()));
        Ok((input, paths))
    }

    /// The contacts of nodes with these numbers in the file that the scenario names.
    pub(super) fn contacts(
        &mut self,
        file: &Path,
        format: Option<ContactFormat>,
        numbers: Range<u32>,
        document: &Document,
    ) -> Result<(InputFile, Arc<ContactTrace>), InputError> {
        let (key, how) = ("network.contacts.file", (format, numbers.clone()));
        let path = located(file, key, document);
        let same = |(known, input, _): &&(_, InputFile, _)| *known == how && input.path == path;
        if let Some((_, input, trace)) = self.contacts.iter().find(same) {
            return Ok((input.clone(), trace.clone()));
        }
        let trace = ContactTrace::read(&path, format, numbers).map_err(|error| named(error, key, document))?;
        let sha256 = trace.sha256.clone();
        let (input, trace) = (InputFile { path, sha256 }, Arc::new(trace));
        self.contacts.push((how, input.clone(), trace.clone()));
        Ok((input, trace))
    }

    /// The graph of a model with these streams.
    pub(super) fn generated(&mut self, model: &Model, streams: StreamKey) -> Result<Arc<Generated>, GenerateError> {
        let known = self
            .generated
            .iter()
            .find(|known| (&known.0, known.1) == (model, streams));
        if let Some((_, _, graph)) = known {
            return Ok(graph.clone());
        }
        let graph = Arc::new(model.generate(streams)?);
        self.generated.push((model.clone(), streams, graph.clone()));
        Ok(graph)
    }

    /// The files read, in order and each once.
    pub(super) fn inputs(&self) -> Vec<InputFile> {
        let matrices = self.matrices.iter().map(|(_, measured)| &measured.input);
        let topologies = self.topologies.iter().map(|(_, input, _)| input);
        let lookups = self.lookups.iter().map(|(input, _)| input);
        let sessions = self.sessions.iter().map(|(_, input, _)| input);
        let movements = self.movements.iter().map(|(_, input, _)| input);
        let contacts = self.contacts.iter().map(|(_, input, _)| input);
        let mut inputs: Vec<InputFile> = Vec::new();
        let named = matrices.chain(topologies).chain(lookups).chain(sessions);
        for input in named.chain(movements).chain(contacts) {
            if !inputs.contains(input) {
                inputs.push(input.clone());
            }
        }
        inputs
    }
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

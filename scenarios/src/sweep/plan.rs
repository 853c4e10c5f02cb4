//! The plan of a study: what is run, and with what. Made once and never changed.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::program::Program;
use crate::input::{Document, InputError, shell_path, shell_word};
use crate::results::{Input, ResultsError};
use crate::scenario::{Overrides, Scenario, decisive};

/// The file of the plan in the folder of a study.
pub(super) const PLAN: &str = "plan.toml";
/// The scenario as it was planned, to tell what has been changed since.
pub(super) const SCENARIO: &str = "scenario.toml";

/// How many of the keys that have other values are told.
const TOLD: usize = 3;

/// Why there is no plan to go by.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The folder has another plan.
    #[error(
        "{}: another study is planned here ({differs}); give another folder with --output, or plan this one in its place with \
         --replace: runs that it has in common with the other one are kept", folder.display()
    )]
    Taken {
        /// The folder.
        folder: PathBuf,
        /// What is different.
        differs: String,
    },
    /// There is something in the folder that is no study.
    #[error("{}: this is no folder of a study (it has no {PLAN}); give one of its own with --output", folder.display())]
    NoStudy {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no plan.
    #[error("{}: there is no {PLAN}; `peerscope sweep plan FILE --output {}` makes one", folder.display(), shell_path(folder))]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The plan cannot be read.
    #[error("{}: {reason}; it is not what `peerscope sweep plan` wrote", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The plan may not be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The scenario is not where it was.
    #[error(
        "{}: the scenario that is planned is not there any more\n  put it back, or plan it from where it is now with --output and \
         --replace: the runs are kept", file.display()
    )]
    Moved {
        /// Where it was.
        file: PathBuf,
    },
    /// The scenario is not what was planned.
    #[error(
        "the plan does not fit the scenario any more: {differs}\n  put back {} as it was, or plan anew: `{command}` keeps the \
         runs of points that are the same", file.display()
    )]
    OtherScenario {
        /// The file that is another one.
        file: PathBuf,
        /// What is different.
        differs: String,
        /// The command that plans it anew.
        command: String,
    },
    /// The program is not the one that it was planned with.
    #[error(
        "the plan was made with another peerscope: {differs}\n  go on with that one, or plan anew in another folder (--output): what \
         this one runs may come out differently"
    )]
    OtherProgram {
        /// What is different.
        differs: String,
    },
    /// The number of replications depends on what runs measure.
    #[error(
        "a study is planned with a fixed number of replications, and `replications` asks for a precision; give --replications N"
    )]
    Precision,
    /// The scenario itself cannot be read.
    #[error("{0}")]
    Scenario(Box<InputError>),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] ResultsError),
    /// The plan cannot be put into words.
    #[error("the plan cannot be written: {0}")]
    Form(#[from] toml::ser::Error),
}

impl From<InputError> for PlanError {
    fn from(error: InputError) -> Self {
        PlanError::Scenario(Box::new(error))
    }
}

/// What is run, and with what: the file `plan.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The name of the scenario.
    pub scenario: String,
    /// Where its file lies.
    pub file: PathBuf,
    /// Whether the table `[full]` is laid over the others.
    pub full: bool,
    /// What the command line sets, each `key=value`.
    pub set: Vec<String>,
    /// The seed that the command line gives, in place of the scenario's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_seed: Option<u64>,
    /// The number of replications that it gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_replications: Option<u32>,
    /// The seed of all randomness.
    pub seed: u64,
    /// How often each point is run.
    pub replications: u32,
    /// How many points there are.
    pub points: usize,
    /// The SHA-256 of the keys of all points in order, in hexadecimal.
    pub points_sha256: String,
    /// The files that runs depend on beside the scenario.
    pub inputs: Vec<Input>,
    /// The program that it was made with.
    pub made_with: Program,
}

impl Plan {
    /// The plan of a scenario under what the command line lays over it, with so many points.
    pub(super) fn of(scenario: &Scenario, file: &Path, overrides: &Overrides, points_sha256: String) -> Self {
        Plan {
            scenario: scenario.name.clone(),
            file: fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()),
            full: overrides.full,
            set: overrides.settings.clone(),
            set_seed: overrides.seed,
            set_replications: overrides.replications,
            seed: scenario.seed,
            replications: scenario.replications,
            points: scenario.points.count(),
            points_sha256,
            inputs: inputs(scenario),
            made_with: Program::this().clone(),
        }
    }

    /// The plan in the folder of a study.
    pub(super) fn read(folder: &Path) -> Result<Self, PlanError> {
        let path = folder.join(PLAN);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(PlanError::Missing {
                    folder: folder.to_owned(),
                });
            }
            Err(error) => return Err(PlanError::Unreadable { path, error }),
            Ok(bytes) => String::from_utf8(bytes).map_err(|error| error.to_string()),
        };
        text.and_then(|text| toml::from_str(&text).map_err(|error| error.message().to_owned()))
            .map_err(|reason| PlanError::Damaged { path, reason })
    }

    /// What the command line laid over the scenario when it was planned.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            full: self.full,
            settings: self.set.clone(),
            seed: self.set_seed,
            replications: self.set_replications,
        }
    }

    /// Why the scenario, as it is now, is not what was planned in the folder.
    ///
    /// # Errors
    /// [`PlanError::OtherScenario`].
    pub(super) fn fits(&self, folder: &Path, scenario: &Scenario, points_sha256: &str) -> Result<(), PlanError> {
        let other = |file: &Path, differs: String| {
            Err(PlanError::OtherScenario {
                file: file.to_owned(),
                differs,
                command: self.command(folder),
            })
        };
        let planned = (self.seed, self.replications, self.points_sha256.as_str());
        if planned == (scenario.seed, scenario.replications, points_sha256) {
            return Ok(());
        }
        let files = scenario.inputs.iter().skip(1).zip(inputs(scenario));
        let changed = files.zip(&self.inputs).find(|((_, is), was)| is != *was);
        if let Some(((input, is), was)) = changed
            && is.file == was.file
        {
            return other(&input.path, format!("{} is another file now", is.file));
        }
        other(&self.file, self.differing(folder, scenario))
    }

    /// Which values of the scenario are others than in the plan, in words.
    fn differing(&self, folder: &Path, scenario: &Scenario) -> String {
        let is = scenario.decisive();
        let was = Document::read(&folder.join(SCENARIO)).map(|document| decisive(&document));
        let was = was.unwrap_or_default();
        let keys = is.keys().chain(was.keys().filter(|key| !is.contains_key(*key)));
        let value = |value: Option<&String>| value.map_or_else(|| "not there".to_owned(), Clone::clone);
        let differing = keys.filter(|key| is.get(*key) != was.get(*key));
        let mut told: Vec<String> = differing
            .map(|key| format!("{key} is {} and was {}", value(is.get(key)), value(was.get(key))))
            .collect();
        if was.is_empty() || told.is_empty() {
            return format!(
                "{} points were planned, others than its {}",
                self.points,
                scenario.points.count()
            );
        }
        if told.len() > TOLD {
            let more = told.len() - TOLD;
            told.truncate(TOLD);
            told.push(format!("{more} more"));
        }
        told.join("; ")
    }

    /// The command that plans the study anew.
    fn command(&self, folder: &Path) -> String {
        let mut words = vec!["peerscope sweep plan".to_owned(), shell_path(&self.file)];
        words.extend(self.full.then(|| "--full".to_owned()));
        words.extend(self.set.iter().map(|setting| format!("--set {}", shell_word(setting))));
        words.extend(self.set_seed.map(|seed| format!("--seed {seed}")));
        words.extend(self.set_replications.map(|number| format!("--replications {number}")));
        words.push(format!("--output {} --replace", shell_path(folder)));
        words.join(" ")
    }

    /// The first thing that sets a plan apart from a new one by the same program, in words.
    pub(super) fn differs(&self, new: &Plan) -> String {
        if self.scenario != new.scenario {
            format!("of the scenario {}", self.scenario)
        } else if self.seed != new.seed {
            format!("with the seed {}", self.seed)
        } else if self.replications != new.replications {
            format!("with {} replications", self.replications)
        } else if self.points_sha256 != new.points_sha256 {
            format!("with other points, {} in all", self.points)
        } else if self.file != new.file {
            format!("of {}", self.file.display())
        } else {
            "with another command line".to_owned()
        }
    }
}

/// The files that runs of a scenario depend on beside its own, which is the first.
fn inputs(scenario: &Scenario) -> Vec<Input> {
    let inputs = scenario.inputs.iter().skip(1);
    let named = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    inputs
        .map(|input| Input {
            file: named(&input.path),
            sha256: input.sha256.clone(),
        })
        .collect()
}

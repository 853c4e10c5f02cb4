//! The plan of a study: what is run, and with what. Made once and never changed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sim_core::random::StreamKey;
use thiserror::Error;

use super::store::{RunKey, Store};
use crate::digest::sha256;
use crate::input::InputError;
use crate::registry::Registry;
use crate::results::{Maker, ResultsError, replace_file};
use crate::run::{Failure, Job, Pace, RunRecord, run_one, work};
use crate::scenario::{Overrides, Point, Scenario};

/// The file of the plan in the folder of a study.
const PLAN: &str = "plan.toml";
/// The file with a row a point: its number, its key, and what sets it apart.
const POINTS: &str = "points.csv";

/// How many letters of the digest of a point are its key: enough that two of a billion points hardly ever agree.
const KEY_LETTERS: usize = 24;

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
    #[error("{}: there is no {PLAN}; `peerscope sweep plan FILE --output {}` makes one", folder.display(), folder.display())]
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
    /// The scenario is not what was planned.
    #[error(
        "the plan does not fit the scenario any more: {differs}\n  put back {} as it was, or plan anew: `peerscope sweep plan {} \
         --output {} --replace` keeps the runs of points that are the same", scenario.display(), scenario.display(), folder.display()
    )]
    OtherScenario {
        /// The folder.
        folder: PathBuf,
        /// The scenario file.
        scenario: PathBuf,
        /// What is different.
        differs: String,
    },
    /// The program is not the one that it was planned with.
    #[error(
        "the plan was made with another peerscope: {differs}\n  go on with that one, or plan anew in another folder: what this one \
         runs may come out differently"
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
    /// The seed of all randomness.
    pub seed: u64,
    /// How often each point is run.
    pub replications: u32,
    /// How many points there are.
    pub points: usize,
    /// The SHA-256 of the keys of all points in order, in hexadecimal.
    pub points_sha256: String,
    /// The program that it was made with.
    pub made_with: Maker,
}

/// What a plan has of a point.
struct PlannedPoint {
    /// A digest of what it decides.
    key: String,
    /// How much work each of its runs is.
    work: u64,
}

/// One run of a study.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Planned {
    /// The index of its point.
    pub point: usize,
    /// Which replication, from zero.
    pub replication: u32,
    /// How much work it is: nodes times seconds.
    pub work: u64,
}

/// A study: its folder, its plan, and the scenario that it is of.
pub struct Study {
    /// The folder.
    pub folder: PathBuf,
    /// The plan.
    pub plan: Plan,
    /// The scenario, as it is planned.
    pub scenario: Scenario,
    /// What is known of each of the scenario's points without making it.
    points: Vec<PlannedPoint>,
    /// Its runs.
    pub store: Store,
}

impl Study {
    /// Plans a study of a scenario in `folder`, which is made. A plan that is there already is used if it is the same.
    ///
    /// # Errors
    /// [`PlanError`]. What is there is then as before.
    pub fn plan(
        folder: &Path,
        file: &Path,
        overrides: &Overrides,
        replace: bool,
        registry: &Registry,
    ) -> Result<Self, PlanError> {
        let scenario = Scenario::load(file, overrides, registry)?;
        if scenario.precision.is_some() {
            return Err(PlanError::Precision);
        }
        let points = planned(&scenario);
        let plan = Plan {
            scenario: scenario.name.clone(),
            file: fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()),
            full: overrides.full,
            set: overrides.settings.clone(),
            seed: scenario.seed,
            replications: scenario.replications,
            points: points.len(),
            points_sha256: digest(&points),
            made_with: Maker::this(),
        };
        match read(folder) {
            Err(PlanError::Missing { .. }) if occupied(folder) => {
                return Err(PlanError::NoStudy {
                    folder: folder.to_owned(),
                });
            }
            Err(PlanError::Missing { .. }) => {}
            Err(error) if !replace => return Err(error),
            Err(_) => {}
            Ok(earlier) if earlier == plan => {}
            Ok(earlier) if !replace || earlier.made_with != plan.made_with => {
                return Err(PlanError::Taken {
                    folder: folder.to_owned(),
                    differs: differs(&earlier, &plan),
                });
            }
            Ok(_) => {}
        }
        replace_file(&folder.join(POINTS), points_csv(&scenario, &points).as_bytes())?;
        // The plan last: where it is, the rest is, too.
        replace_file(&folder.join(PLAN), toml::to_string(&plan)?.as_bytes())?;
        Ok(Study::of(folder, plan, scenario, points))
    }

    /// The study in a folder, if its scenario and this program are still those that it was planned with.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn open(folder: &Path, registry: &Registry) -> Result<Self, PlanError> {
        let plan = read(folder)?;
        if let Some(differs) = plan.made_with.differs(&Maker::this()) {
            return Err(PlanError::OtherProgram { differs });
        }
        let scenario = Scenario::load(&plan.file, &plan.overrides(), registry)?;
        let points = planned(&scenario);
        if plan.points_sha256 != digest(&points) {
            return Err(PlanError::OtherScenario {
                folder: folder.to_owned(),
                scenario: plan.file.clone(),
                differs: differing_points(folder, &points),
            });
        }
        Ok(Study::of(folder, plan, scenario, points))
    }

    fn of(folder: &Path, plan: Plan, scenario: Scenario, points: Vec<PlannedPoint>) -> Self {
        Study {
            folder: folder.to_owned(),
            store: Store::of(folder),
            plan,
            scenario,
            points,
        }
    }

    /// The key of a run of a point.
    pub fn key(&self, point: usize, replication: u32) -> RunKey {
        RunKey {
            point: self.points[point].key.clone(),
            replication,
        }
    }

    /// All runs, point by point, the replications of each one after the other.
    pub fn planned(&self) -> impl Iterator<Item = Planned> {
        let replications = 0..self.plan.replications;
        self.points
            .iter()
            .enumerate()
            .flat_map(move |(point, PlannedPoint { work, .. })| {
                replications.clone().map(move |replication| Planned {
                    point,
                    replication,
                    work: *work,
                })
            })
    }

    /// Simulates a run.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) fn simulate(&self, run: Planned, registry: &Registry, pace: &dyn Pace) -> Result<RunRecord, Failure> {
        let Some(point) = self.scenario.points.get(run.point) else {
            unreachable!("a run of point {} is planned", run.point)
        };
        let job = Job {
            point: &point,
            replication: run.replication,
            streams: StreamKey::root(self.plan.seed, run.replication),
        };
        run_one(&job, registry, pace)
    }

    /// How many runs there are.
    pub fn runs(&self) -> u64 {
        self.scenario.runs()
    }
}

impl Plan {
    /// What the command line laid over the scenario when it was planned.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            full: self.full,
            settings: self.set.clone(),
            seed: Some(self.seed),
            replications: Some(self.replications),
        }
    }
}

/// What a plan has of all points. The key of each is a digest of what it decides, of the input files and of the seed.
fn planned(scenario: &Scenario) -> Vec<PlannedPoint> {
    // The scenario itself is the first of the inputs: of it, what a point decides is all that counts.
    let inputs = scenario.inputs.iter().skip(1).map(|input| input.sha256.as_str());
    let common = inputs
        .chain([scenario.seed.to_string().as_str()])
        .fold(String::new(), |text, part| text + part + "\n");
    let planned = |point: Point| {
        let mut key = sha256(format!("{common}{}", point.values()).as_bytes());
        key.truncate(KEY_LETTERS);
        PlannedPoint {
            key,
            work: work(&point),
        }
    };
    scenario.points.iter().map(planned).collect()
}

/// The digest of the keys of all points.
fn digest(points: &[PlannedPoint]) -> String {
    let keys: Vec<&str> = points.iter().map(|point| point.key.as_str()).collect();
    sha256(keys.join("\n").as_bytes())
}

fn read(folder: &Path) -> Result<Plan, PlanError> {
    let path = folder.join(PLAN);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => PlanError::Missing {
            folder: folder.to_owned(),
        },
        _ => PlanError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        },
    })?;
    toml::from_str(&text).map_err(|error| PlanError::Damaged {
        path,
        reason: error.message().to_owned(),
    })
}

fn occupied(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// The first thing that sets two plans apart, in words.
fn differs(earlier: &Plan, new: &Plan) -> String {
    if earlier.scenario != new.scenario {
        return format!("of the scenario {}", earlier.scenario);
    }
    if earlier.seed != new.seed {
        return format!("with the seed {}", earlier.seed);
    }
    if earlier.replications != new.replications {
        return format!("with {} replications", earlier.replications);
    }
    if earlier.points_sha256 != new.points_sha256 {
        return format!("with other points, {} in all", earlier.points);
    }
    match earlier.made_with.differs(&new.made_with) {
        Some(_) => "made with another peerscope, whose runs may come out differently".to_owned(),
        None => "with another command line".to_owned(),
    }
}

/// Which points of the plan are others now, in words.
fn differing_points(folder: &Path, points: &[PlannedPoint]) -> String {
    let text = fs::read_to_string(folder.join(POINTS)).unwrap_or_default();
    let planned: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
    if planned.len() != points.len() {
        return format!("{} points were planned, and it has {}", planned.len(), points.len());
    }
    let differ = |(planned, point): &(&&str, &PlannedPoint)| **planned != point.key;
    let changed = planned.iter().zip(points).filter(differ).count();
    let first = planned.iter().zip(points).position(|pair| differ(&pair));
    match first {
        Some(first) => format!(
            "{changed} of {} points are others, the first is point {}",
            points.len(),
            first + 1
        ),
        None => "its points are others".to_owned(),
    }
}

fn points_csv(scenario: &Scenario, points: &[PlannedPoint]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let axes = scenario.axes.iter().map(|axis| axis.key.as_str());
    // Writing to memory cannot fail, and all rows have the length of the first.
    let _ = writer.write_record(["point", "key"].into_iter().chain(axes));
    for (index, PlannedPoint { key, .. }) in points.iter().enumerate() {
        let number = (index + 1).to_string();
        let settings = scenario.points.settings(index).unwrap_or_default();
        let values = settings.iter().map(|(_, value)| value.as_str());
        let _ = writer.write_record([number.as_str(), key].into_iter().chain(values));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

//! A study: a folder, the plan in it, and the scenario that it is of.

use std::fs;
use std::path::{Path, PathBuf};

use sim_core::random::StreamKey;

use super::plan::{PLAN, Plan, PlanError, SCENARIO};
use super::program::Program;
use super::store::{RunKey, Store};
use crate::digest::sha256;
use crate::registry::Registry;
use crate::results::replace_file;
use crate::run::{Failure, Job, Pace, RunRecord, run_one, work};
use crate::scenario::{Overrides, Point, Scenario};

/// The file with a row a point: its number, its key, and what sets it apart.
const POINTS: &str = "points.csv";

/// How many letters of the digest of a point are its key: enough that two of a billion points hardly ever agree.
const KEY_LETTERS: usize = 24;

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
        let mut scenario = Scenario::load(file, overrides, registry)?;
        if scenario.precision.is_some() {
            return Err(PlanError::Precision);
        }
        let points = planned(&scenario);
        let plan = Plan::of(&scenario, file, overrides, digest(&points));
        // What is told of broken runs holds wherever the study is gone on with.
        scenario.path.clone_from(&plan.file);
        match Plan::read(folder) {
            Err(PlanError::Missing { .. }) if occupied(folder) => {
                return Err(PlanError::NoStudy {
                    folder: folder.to_owned(),
                });
            }
            Err(PlanError::Missing { .. }) => {}
            Err(PlanError::Damaged { .. }) if replace => {}
            Err(error) => return Err(error),
            Ok(earlier) if earlier == plan => {}
            Ok(earlier) => {
                if let Some(differs) = earlier.made_with.differs(&plan.made_with) {
                    return Err(PlanError::OtherProgram { differs });
                }
                if !replace {
                    return Err(PlanError::Taken {
                        folder: folder.to_owned(),
                        differs: earlier.differs(&plan),
                    });
                }
            }
        }
        replace_file(&folder.join(POINTS), points_csv(&scenario, &points).as_bytes())?;
        replace_file(&folder.join(SCENARIO), scenario.resolved().as_bytes())?;
        // The plan last: where it is, the rest is, too.
        replace_file(&folder.join(PLAN), toml::to_string(&plan)?.as_bytes())?;
        Ok(Study::of(folder, plan, scenario, points))
    }

    /// The study in a folder, if its scenario and this program are still those that it was planned with.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn open(folder: &Path, registry: &Registry) -> Result<Self, PlanError> {
        let plan = Plan::read(folder)?;
        if let Some(differs) = plan.made_with.differs(Program::this()) {
            return Err(PlanError::OtherProgram { differs });
        }
        if !plan.file.exists() {
            return Err(PlanError::Moved { file: plan.file });
        }
        let scenario = Scenario::load(&plan.file, &plan.overrides(), registry)?;
        let points = planned(&scenario);
        plan.fits(folder, &scenario, &digest(&points))?;
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

/// Whether there is something in a folder that no plan has left there, killed before it was complete.
fn occupied(folder: &Path) -> bool {
    let ours = |name: &str| {
        let begun = |file: &str| name == file || name.starts_with(&format!(".{file}."));
        [POINTS, SCENARIO, PLAN].into_iter().any(begun)
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .into_iter()
        .any(|entry| !ours(&entry.file_name().to_string_lossy()))
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

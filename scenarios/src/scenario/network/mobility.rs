//! How nodes with radios move, as scenarios write it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::mobility::{
    Area, GaussMarkov, Manhattan, MobilityError, Model, Movement, RandomWalk, RandomWaypoint, ReferencePointGroup,
    Scripted, Speeds, Step, WaypointStart,
};
use sim_core::random::StreamKey;

use super::pause::RawPause;
use super::radio::needed;
use crate::input::{Document, InputError};
use crate::movement::MovementFormat;
use crate::scenario::files::ScenarioFiles;
use crate::units::{Duration, Fraction, Length, Speed, counted, written};

const KEY: &str = "network.radio.mobility";

/// How nodes move.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Mobility")]
pub(in crate::scenario) enum RawMobility {
    /// To random places, with pauses (Johnson and Maltz 1996).
    RandomWaypoint {
        /// The lowest and the highest speed, uniform in between for each way.
        speed: [Speed; 2],
        /// How long a node pauses where it arrives: a time, or the shortest and the longest, uniform in between.
        #[serde(default)]
        pause: RawPause,
        /// In which state the nodes begin.
        #[serde(default)]
        start: RawStart,
    },
    /// In random directions, a step after the other, reflected at the border (Camp, Boleng and Davies 2002).
    RandomWalk {
        /// The lowest and the highest speed, uniform in between for each step.
        speed: [Speed; 2],
        /// How long a step takes: in place of `distance`.
        time: Option<Duration>,
        /// How far a step goes: in place of `time`.
        distance: Option<Length>,
    },
    /// At speeds and in directions that change little by little (Liang and Haas 1999).
    GaussMarkov {
        /// The mean speed.
        speed: Speed,
        /// The standard deviation of the speed.
        speed_deviation: Speed,
        /// The standard deviation of the direction, in radians.
        direction_deviation: f64,
        /// How much of speed and direction stays from one interval to the next: from 0, nothing, to 1, all.
        memory: Fraction,
        /// How long speed and direction stay.
        interval: Duration,
        /// How close to the border nodes turn back.
        margin: Length,
    },
    /// Along the streets of a grid, with turns at crossings (Bai, Sadagopan and Helmy 2003).
    Manhattan {
        /// How many blocks lie side by side from west to east.
        columns: u32,
        /// How many blocks lie side by side from south to north.
        rows: u32,
        /// The lowest and the highest speed, uniform in between for each block.
        speed: [Speed; 2],
    },
    /// In groups (Hong, Gerla, Pei and Chiang 1999): node `n` belongs to group `n` mod `groups`. The centre of a group moves by random
    /// waypoint, with it a reference point for each node, and the node around that.
    ReferencePointGroup {
        /// How many groups there are.
        groups: u32,
        /// The lowest and the highest speed of a centre, uniform in between for each way.
        speed: [Speed; 2],
        /// How long a centre pauses where it arrives: a time, or the shortest and the longest, uniform in between.
        #[serde(default)]
        pause: RawPause,
        /// In which state the centres begin.
        #[serde(default)]
        start: RawStart,
        /// How far from the centre reference points are at most.
        spread: Length,
        /// How far a node is from its reference point at most.
        radius: Length,
        /// How often a node draws a new place around its reference point.
        interval: Duration,
    },
    /// As a file says.
    Trace {
        /// The file; a relative path starts from the folder of the scenario.
        file: PathBuf,
        /// How the file is laid out; told from its first line where it is left out.
        format: Option<MovementFormat>,
    },
}

/// In which state nodes begin to move.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MobilityStart")]
pub(in crate::scenario) enum RawStart {
    /// In the steady state: every later moment is like the first (Navidi and Camp 2004).
    #[default]
    Steady,
    /// At random places, all setting out at once: the mean speed then decays.
    Naive,
}

/// How nodes move, or where they stand.
#[derive(Clone)]
pub struct Mobility {
    /// The path of each node.
    pub model: Arc<dyn Model>,
    /// What it is, in a few words.
    pub words: String,
    /// Whether anything of it is random.
    pub drawn: bool,
}

impl fmt::Debug for Mobility {
    /// The words: a trace has millions of places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mobility").field(&self.words).finish()
    }
}

impl Mobility {
    /// A random one.
    pub(super) fn new(model: impl Model + 'static, words: impl Into<String>) -> Self {
        Mobility {
            model: Arc::new(model),
            words: words.into(),
            drawn: true,
        }
    }

    /// One in which nothing is random.
    pub(super) fn given(model: impl Model + 'static, words: impl Into<String>) -> Self {
        Mobility {
            drawn: false,
            ..Mobility::new(model, words)
        }
    }
}

/// The paths of a trace.
struct Traced(Arc<[Scripted]>);

impl Model for Traced {
    fn movement(&self, node: NodeAddr, _: StreamKey) -> Box<dyn Movement> {
        Box::new(self.0[node.index()].clone())
    }
}

/// How so many nodes move in an area, if there is one.
pub(super) fn mobility(
    raw: RawMobility,
    area: Option<Area>,
    nodes: u32,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<Mobility, InputError> {
    let within = || needed(area, document);
    match raw {
        RawMobility::Trace { file, format } => traced(&file, format, area, nodes, document, files),
        RawMobility::RandomWaypoint { speed, pause, start } => {
            let model = waypoint(within()?, speed, pause, start);
            let words = format!("random waypoint at {}, {pause}", in_words(speed));
            valid("random_waypoint", model, RandomWaypoint::validate, words, document)
        }
        RawMobility::RandomWalk { speed, time, distance } => {
            let (step, length) = step(time, distance, document)?;
            let model = RandomWalk {
                area: within()?,
                speed: speeds(speed),
                step,
            };
            let words = format!("random walk at {}, steps of {length}", in_words(speed));
            valid("random_walk", model, RandomWalk::validate, words, document)
        }
        RawMobility::GaussMarkov {
            speed,
            speed_deviation,
            direction_deviation,
            memory,
            interval,
            margin,
        } => {
            let model = GaussMarkov {
                area: within()?,
                mean_speed: speed.metres_per_second(),
                speed_deviation: speed_deviation.metres_per_second(),
                direction_deviation,
                memory: memory.get(),
                interval: interval.get(),
                margin: margin.metres(),
            };
            let (mean, memory) = (model.mean_speed, model.memory);
            let words = format!("Gauss-Markov at {mean} m/s on average, memory {memory}");
            valid("gauss_markov", model, GaussMarkov::validate, words, document)
        }
        RawMobility::Manhattan { columns, rows, speed } => {
            let model = Manhattan {
                area: within()?,
                columns,
                rows,
                speed: speeds(speed),
            };
            let words = format!("streets around {columns} x {rows} blocks at {}", in_words(speed));
            valid("manhattan", model, Manhattan::validate, words, document)
        }
        RawMobility::ReferencePointGroup {
            groups,
            speed,
            pause,
            start,
            spread,
            radius,
            interval,
        } => {
            let model = ReferencePointGroup {
                centre: waypoint(within()?, speed, pause, start),
                groups,
                spread: spread.metres(),
                radius: radius.metres(),
                interval: interval.get(),
            };
            let words = format!("{groups} groups by random waypoint at {}, {pause}", in_words(speed));
            let check = ReferencePointGroup::validate;
            valid("reference_point_group", model, check, words, document)
        }
    }
}

/// The mobility of a model whose parameters are valid.
fn valid<M: Model + 'static>(
    key: &str,
    model: M,
    validate: fn(&M) -> Result<(), MobilityError>,
    words: String,
    document: &Document,
) -> Result<Mobility, InputError> {
    match validate(&model) {
        Ok(()) => Ok(Mobility::new(model, words)),
        Err(error) => Err(refused(&format!("{KEY}.{key}"), error, document)),
    }
}

/// A step of a random walk, and its length in words.
fn step(time: Option<Duration>, distance: Option<Length>, document: &Document) -> Result<(Step, String), InputError> {
    match (time, distance) {
        (Some(Duration(time)), None) => Ok((Step::Time(time), written(time))),
        (None, Some(distance)) => {
            let metres = distance.metres();
            Ok((Step::Distance(metres), format!("{metres} m")))
        }
        _ => {
            let error = document.error_at(&format!("{KEY}.random_walk"), "expected either `time` or `distance`");
            Err(error
                .labelled("how long is a step?")
                .help("time = \"10s\" or distance = \"100m\" from one change of direction to the next"))
        }
    }
}

fn waypoint(area: Area, speed: [Speed; 2], pause: RawPause, start: RawStart) -> RandomWaypoint {
    RandomWaypoint {
        area,
        speed: speeds(speed),
        minimum_pause: pause.shortest.get(),
        maximum_pause: pause.longest.get(),
        start: match start {
            RawStart::Steady => WaypointStart::Steady,
            RawStart::Naive => WaypointStart::Naive,
        },
    }
}

fn speeds([minimum, maximum]: [Speed; 2]) -> Speeds {
    Speeds {
        minimum: minimum.metres_per_second(),
        maximum: maximum.metres_per_second(),
    }
}

fn in_words([minimum, maximum]: [Speed; 2]) -> String {
    format!("{} to {} m/s", minimum.metres_per_second(), maximum.metres_per_second())
}

/// The movements of a file, one a node.
fn traced(
    file: &Path,
    format: Option<MovementFormat>,
    area: Option<Area>,
    nodes: u32,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<Mobility, InputError> {
    let (input, paths) = files.movements(file, format, area, document)?;
    let name = input.path.display();
    if paths.len() != nodes as usize {
        let message = format!("{}, but {name} moves {}", counted(nodes as usize, "node"), paths.len());
        return Err(document
            .error_at("nodes.count", message)
            .labelled(format!("must be {}", paths.len())));
    }
    Ok(Mobility::given(Traced(paths), format!("movements from {name}")))
}

/// A complaint about the model at a key, at that of the parameter which is wrong.
fn refused(key: &str, error: MobilityError, document: &Document) -> InputError {
    let (parameter, label, help) = match error {
        MobilityError::NoSteadyState => {
            let message = "with a minimum speed of zero there is no steady state to begin in";
            let error = document.error_at(&format!("{key}.speed.0"), message).labelled("must be above 0m/s").help(
                "a node that draws a speed close to zero takes for ever to arrive: the mean of 1/speed is infinite, and the mean \
                 speed of all nodes decays to zero",
            );
            return error.help("choose a minimum above zero, such as \"1m/s\"; start = \"naive\", where a model has it, shows the decay");
        }
        MobilityError::TooSmall { width, height, .. } => {
            let least = width.min(height) / 2.0;
            let (parameter, who) = match key.ends_with("group") {
                true => ("spread", "`spread` and `radius` together"),
                false => ("margin", "`margin`"),
            };
            let help = format!("{who} must be shorter than half of the shorter side, {least} m; or take a larger area");
            (parameter, "too long for this area", help)
        }
        MobilityError::Range { parameter, .. } => {
            let key = key_of(parameter);
            (
                key,
                "the lower bound comes first",
                format!("exchange the two bounds of `{key}`"),
            )
        }
        MobilityError::NotPositive { parameter, .. } => {
            let key = key_of(parameter);
            let help = match key {
                "speed" => "leave out `mobility` where nodes are to stand".to_owned(),
                "columns" | "rows" | "groups" => format!("`{key}` = 1 is the least"),
                _ => format!("choose a value of `{key}` above zero"),
            };
            (key, "must be above zero", help)
        }
        MobilityError::Negative { parameter, .. } => {
            let key = key_of(parameter);
            (key, "must not be below zero", format!("`{key}` = 0 is the least"))
        }
        MobilityError::Fraction { parameter, .. } => {
            let key = key_of(parameter);
            (
                key,
                "must lie between 0 and 1",
                format!("choose a value of `{key}` from 0 to 1"),
            )
        }
    };
    let error = document.error_at(&format!("{key}.{parameter}"), error.to_string());
    error.labelled(label).help(help)
}

/// The key of a parameter that a model names in words.
fn key_of(parameter: &str) -> &'static str {
    match parameter {
        "pause" => "pause",
        "standard deviation of the speed" => "speed_deviation",
        "standard deviation of the direction" => "direction_deviation",
        "memory" => "memory",
        "interval" => "interval",
        "margin" => "margin",
        "distance of a step" => "distance",
        "time of a step" => "time",
        "number of blocks from west to east" => "columns",
        "number of blocks from south to north" => "rows",
        "number of groups" => "groups",
        "spread of the reference points" => "spread",
        "radius around a reference point" => "radius",
        _ => "speed",
    }
}

//! How nodes with radios move, as scenarios write it.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::mobility::{Area, MobilityError, Model, Movement, RandomWaypoint, Scripted, Speeds, WaypointStart};
use sim_core::random::StreamKey;

use super::radio::needed;
use crate::input::{Document, InputError};
use crate::movement::MovementFormat;
use crate::scenario::files::ScenarioFiles;
use crate::units::{Duration, Speed, written};

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
    /// As a file says.
    Trace {
        /// The file; a relative path starts from the folder of the scenario.
        file: PathBuf,
        /// How the file is laid out; told from its first line where it is left out.
        format: Option<MovementFormat>,
    },
}

/// A time, or the bounds of one that is uniform.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::scenario) struct RawPause {
    shortest: Duration,
    longest: Duration,
}

impl<'de> Deserialize<'de> for RawPause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RawPause;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"10s\", or two between which it lies, [\"0s\", \"20s\"]")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RawPause, E> {
                let always: Duration = text.parse().map_err(E::custom)?;
                Ok(RawPause {
                    shortest: always,
                    longest: always,
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<RawPause, A::Error> {
                let [shortest, longest] = Deserialize::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(RawPause { shortest, longest })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for RawPause {
    fn schema_name() -> Cow<'static, str> {
        "Pause".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, two) = (
            generator.subschema_for::<Duration>(),
            generator.subschema_for::<[Duration; 2]>(),
        );
        json_schema!({ "description": "A time, or two between which it is uniform.", "anyOf": [one, two] })
    }
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
}

impl fmt::Debug for Mobility {
    /// The words: a trace has millions of places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mobility").field(&self.words).finish()
    }
}

impl Mobility {
    pub(super) fn new(model: impl Model + 'static, words: impl Into<String>) -> Self {
        Mobility {
            model: Arc::new(model),
            words: words.into(),
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

/// How so many nodes move.
pub(super) fn mobility(
    raw: RawMobility,
    area: Option<Area>,
    nodes: u32,
    document: &Document,
    files: &mut ScenarioFiles,
) -> Result<Mobility, InputError> {
    match raw {
        RawMobility::RandomWaypoint { speed, pause, start } => {
            let RawPause { shortest, longest } = pause;
            let model = RandomWaypoint {
                area: needed(area, document)?,
                speed: speeds(speed),
                minimum_pause: shortest.get(),
                maximum_pause: longest.get(),
                start: match start {
                    RawStart::Steady => WaypointStart::Steady,
                    RawStart::Naive => WaypointStart::Naive,
                },
            };
            let wrong = |error| refused("random_waypoint", error, document);
            model.validate().map_err(wrong)?;
            let pauses = match (written(shortest.get()), written(longest.get())) {
                (shortest, longest) if shortest == longest => shortest,
                (shortest, longest) => format!("{shortest} to {longest}"),
            };
            let words = format!("random waypoint at {}, pauses of {pauses}", in_words(speed));
            Ok(Mobility::new(model, words))
        }
        RawMobility::Trace { file, format } => {
            let (input, paths) = files.movements(&file, format, area, document)?;
            if paths.len() != nodes as usize {
                let message = format!("{} moves {} nodes, not {nodes}", input.path.display(), paths.len());
                return Err(document
                    .error_at("nodes.count", message)
                    .labelled(format!("must be {}", paths.len())));
            }
            Ok(Mobility::new(
                Traced(paths),
                format!("movements from {}", input.path.display()),
            ))
        }
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

/// A complaint about a model, at the key of the parameter.
fn refused(model: &str, error: MobilityError, document: &Document) -> InputError {
    let key = format!("{KEY}.{model}");
    match error {
        MobilityError::NoSteadyState => {
            let message = "with a minimum speed of zero there is no steady state to begin in";
            document
                .error_at(&format!("{key}.speed.0"), message)
                .labelled("must be above 0m/s")
                .help(
                    "a node that draws a speed close to zero takes for ever to arrive: the mean of 1/speed is infinite, and the \
                     mean speed of all nodes decays to zero",
                )
                .help("choose a minimum above zero, such as 1m/s; start = \"naive\" begins elsewhere and shows the decay")
        }
        error => document.error_at(&format!("{key}.{}", parameter(&error)), error.to_string()),
    }
}

/// The key of the parameter that is wrong.
fn parameter(error: &MobilityError) -> &'static str {
    match error {
        MobilityError::Range { parameter, .. } | MobilityError::NotPositive { parameter, .. } => match *parameter {
            "pause" => "pause",
            name if name.contains("speed") => "speed",
            _ => "",
        },
        _ => "",
    }
}

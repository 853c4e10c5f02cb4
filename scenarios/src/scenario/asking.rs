//! How nodes are asked for keys: by lookups, or by messages that are routed there.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::time::SimDuration;

use super::{Lookups, Point};
use crate::input::{InputError, list};

/// How a key's owner is reached, and what is measured then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The initiator asks who owns the key, and hears it: latency is from the question to the answer, and direct the round
    /// trip between the two.
    Lookup,
    /// A message goes to the key from node to node, and is measured where it is delivered: latency is one way, and so is the
    /// direct path that it is compared with.
    Route,
}

impl By {
    /// All ways, that first which is taken where none is asked for.
    pub const ALL: [By; 2] = [By::Lookup, By::Route];
}

impl fmt::Display for By {
    /// As scenarios write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            By::Lookup => "lookup",
            By::Route => "route",
        })
    }
}

/// How long a message may be on its way where a scenario does not say: longer than any that is only late.
const PATIENCE: SimDuration = SimDuration::from_secs(30);

impl Lookups {
    /// In which of the ways that are offered owners are reached: as the scenario says, or in the first one.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at what is not offered.
    pub fn means(&self, offered: &[By], name: &str, point: &Point) -> Result<By, InputError> {
        let means = match (self.by, offered) {
            (None, [first, ..]) => *first,
            (None, []) => {
                let message = format!("{name} cannot be asked for keys");
                return Err(point.error_at("workload.lookups", message).labelled("leave it out"));
            }
            (Some(by), _) if offered.contains(&by) => by,
            (Some(by), _) => {
                let error = point.error_at("workload.lookups.by", format!("{name} does not offer `{by}`"));
                let ways: Vec<String> = offered.iter().map(By::to_string).collect();
                return Err(error.labelled(match offered {
                    [] => "leave `workload.lookups` out".to_owned(),
                    _ => format!("it offers {}", list(ways.iter().map(String::as_str))),
                }));
            }
        };
        if self.patience.is_some() && means != By::Route {
            let error = point.error_at(
                "workload.lookups.patience",
                "a lookup has time-outs of its own: only a message on its way to a key is given up from outside",
            );
            return Err(error.labelled("leave it out, or set `by = \"route\"`"));
        }
        Ok(means)
    }

    /// How long a routed message may be on its way.
    pub fn patience(&self) -> SimDuration {
        self.patience.unwrap_or(PATIENCE)
    }
}

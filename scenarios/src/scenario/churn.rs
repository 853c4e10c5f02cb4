//! Who comes and goes in a scenario.

mod lifetime;
mod raw;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::churn::{
    Arrivals, Churn, ChurnError, ChurnModel, Diurnal, Lifetime, MassFailure, PointProcess, Sessions, Start, TraceHosts,
};
use sim_core::time::{SimDuration, SimTime};

use super::files::ScenarioFiles;
use super::network::NetworkSpec;
use super::one_or_many::OneOrMany;
use super::validate::{BEFORE_END, since_start};
use super::{BringUp, InputFile};
use crate::input::{Document, InputError};
use crate::units::{Duration, Positive, Rate};

use raw::{Hosts, RawAlternating, RawArrivals, RawRates, RawReplacement, RawSessions, RawTrace};
pub(super) use raw::{RawChurn, RawFlashCrowd, RawMassFailure};

/// Whether somebody who comes back is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Returning {
    /// Who comes back takes a new identifier.
    #[default]
    NewId,
    /// Who comes back keeps the identifier.
    SameId,
}

/// Who comes and goes when.
#[derive(Clone, PartialEq, Debug)]
pub struct ChurnSpec {
    /// The model and the manner of leaving.
    pub churn: Churn,
    /// When it sets in.
    pub start: SimTime,
    /// Whether who comes back is the same.
    pub returning: Returning,
    /// The measured sessions that it follows, if it does.
    pub trace: Option<TraceSpec>,
    /// For how many hosts it holds: all but those of a flash crowd, which are the last.
    pub places: u32,
}

impl ChurnSpec {
    /// Whether anybody comes or goes by it.
    pub fn changes(&self) -> bool {
        *self.churn.model() != ChurnModel::None
    }

    /// What is to be known of how it begins, where that is not the steady state.
    pub fn caution(&self) -> Option<&'static str> {
        match self.churn.model().start() {
            Start::Steady | Start::Periodic | Start::AsMeasured => None,
            Start::WholeSessions => Some(
                "there is no steady state, for a mean is infinite: everybody begins a whole session when churn sets in, and \
                 what is measured depends on how long after that",
            ),
            Start::Wandering => Some(
                "there is no steady state: joins and departures do not depend on how many there are, and the population is \
                 where chance takes it",
            ),
        }
    }
}

/// Measured sessions and the file that they come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceSpec {
    /// How many hosts have a session in the file.
    pub hosts: usize,
    /// How many sessions they have in all.
    pub sessions: usize,
    /// The file.
    pub input: InputFile,
}

/// A failure of many nodes at once.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MassFailureSpec {
    /// When, and what share of the nodes.
    pub failure: MassFailure,
    /// The probability that a node leaves gracefully.
    pub graceful: f64,
    /// Where, if those fail who are nearest to a place; otherwise random nodes do.
    pub nearest_to: Option<[f64; 2]>,
}

/// Nodes that all come within a short time: to the last places, which are free before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FlashCrowd {
    /// How many.
    pub nodes: u32,
    /// When the first may come.
    pub at: SimTime,
    /// They come at random times in this span.
    pub over: SimDuration,
    /// How long each stays; for good where it is `None`.
    pub stay: Option<Lifetime>,
    /// The probability that one says goodbye.
    pub graceful: f64,
}

/// What comings and goings are held against.
pub(super) struct Comings<'a> {
    /// How many hosts there are, which come and go with all of their nodes.
    pub(super) hosts: u32,
    pub(super) bring_up: BringUp,
    pub(super) end: SimTime,
    pub(super) document: &'a Document,
}

impl Comings<'_> {
    fn error(&self, key: &str, message: impl AsRef<str>) -> InputError {
        self.document.error_at(key, message)
    }

    /// The churn model of all places that no flash crowd has.
    pub(super) fn churn(
        &self,
        raw: RawChurn,
        crowd: Option<&FlashCrowd>,
        files: &ScenarioFiles,
    ) -> Result<ChurnSpec, InputError> {
        let places = self.hosts - crowd.map_or(0, |crowd| crowd.nodes);
        let (name, graceful, start) = raw.common();
        let start = self.start(name, start)?;
        let mut returning = Returning::default();
        let mut input = None;
        let model = match raw {
            RawChurn::None => ChurnModel::None,
            RawChurn::Sessions(sessions) => {
                returning = sessions.returning;
                self.sessions(&sessions)?
            }
            RawChurn::Replacement(replacement) => self.replacement(&replacement, places)?,
            RawChurn::Rates(rates) => self.rates(&rates, places)?,
            RawChurn::Alternating(alternating) => self.alternating(&alternating, places)?,
            RawChurn::Arrivals(arrivals) => self.arrivals(&arrivals)?,
            RawChurn::Trace(trace) => {
                returning = trace.returning;
                let (spec, model) = self.trace(&trace, places, files)?;
                input = Some(spec);
                model
            }
        };
        let churn = Churn::new(model, graceful)
            .map_err(|error| self.error(&format!("churn.{name}.graceful"), error.to_string()))?;
        Ok(ChurnSpec {
            churn,
            start,
            returning,
            trace: input,
            places,
        })
    }

    /// When churn sets in. Who has not come yet cannot leave: while the overlay is brought up, no model holds.
    fn start(&self, name: &str, start: Option<Duration>) -> Result<SimTime, InputError> {
        let earliest = match self.bring_up {
            BringUp::Bulk | BringUp::Cold => SimTime::ZERO,
            BringUp::Joins { over, .. } => SimTime::ZERO + over,
        };
        let start = start.map_or(earliest, |start| SimTime::ZERO + start.get());
        let key = format!("churn.{name}.start");
        if start < earliest {
            let message = format!(
                "churn sets in at {}, while nodes still come for the first time",
                since_start(start)
            );
            return Err(self
                .error(&key, message)
                .labelled("must not lie before the end of `bring_up.joins.over`"));
        }
        if start >= self.end {
            let message = format!("churn sets in at {}, when the run has ended", since_start(start));
            return Err(self.error(&key, message).labelled(BEFORE_END));
        }
        Ok(start)
    }

    fn sessions(&self, raw: &RawSessions) -> Result<ChurnModel, InputError> {
        let up = raw.up.lifetime("churn.sessions.up", self.document)?;
        let down = raw.down.lifetime("churn.sessions.down", self.document)?;
        Ok(ChurnModel::Sessions(Sessions::new(up, down)))
    }

    fn replacement(&self, raw: &RawReplacement, places: u32) -> Result<ChurnModel, InputError> {
        let population = self.population("replacement", raw.population.unwrap_or(places), places)?;
        let made = match (raw.rate, raw.half_life) {
            (Some(rate), None) => PointProcess::new(rate.per_second(), raw.timing.into()),
            (None, Some(half_life)) => PointProcess::half_life(half_life.get(), population, raw.timing.into()),
            _ => {
                return Err(self
                    .error("churn.replacement", "expected either `rate` or `half_life`")
                    .labelled("how fast are nodes replaced?")
                    .help("rate = \"1/s\" for the whole network, or half_life = \"1h\""));
            }
        };
        let process = self.made("churn.replacement.half_life", made)?;
        Ok(ChurnModel::Replacement { process, population })
    }

    fn rates(&self, raw: &RawRates, places: u32) -> Result<ChurnModel, InputError> {
        let process = |key: &str, rate: Rate| self.made(key, PointProcess::new(rate.per_second(), raw.timing.into()));
        Ok(ChurnModel::Rates {
            joins: process("churn.rates.joins", raw.joins)?,
            departures: process("churn.rates.departures", raw.departures)?,
            population: self.population("rates", raw.population, places)?,
        })
    }

    fn alternating(&self, raw: &RawAlternating, places: u32) -> Result<ChurnModel, InputError> {
        if raw.population == places {
            let message = format!("all {places} nodes are up, and there is no place for a newcomer");
            return Err(self
                .error("churn.alternating.population", message)
                .labelled("must be fewer than `nodes.count`")
                .help("a newcomer takes the place that has been free longest: leave some free"));
        }
        let process = PointProcess::new(raw.rate.per_second(), raw.timing.into());
        Ok(ChurnModel::Alternating {
            process: self.made("churn.alternating.rate", process)?,
            population: self.population("alternating", raw.population, places)?,
        })
    }

    fn arrivals(&self, raw: &RawArrivals) -> Result<ChurnModel, InputError> {
        let sessions = raw.sessions.lifetime("churn.arrivals.sessions", self.document)?;
        let diurnal = raw.diurnal.as_ref().map(|raw| {
            let made = Diurnal::new(raw.period.get(), raw.amplitude.get(), raw.peak.get());
            self.made("churn.arrivals.diurnal.period", made)
        });
        let made = Arrivals::new(raw.rate.per_second(), sessions, diurnal.transpose()?);
        Ok(ChurnModel::Arrivals(self.made("churn.arrivals.sessions", made)?))
    }

    fn trace(&self, raw: &RawTrace, places: u32, files: &ScenarioFiles) -> Result<(TraceSpec, ChurnModel), InputError> {
        let (input, trace) = files.sessions(&raw.file, raw.format, self.document)?;
        if trace.hosts() < places as usize {
            let message = format!(
                "{places} nodes need as many hosts, but only {} have a session in {}",
                trace.hosts(),
                input.path.display()
            );
            return Err(self
                .error("nodes.count", message)
                .labelled(format!("at most {}", trace.hosts())));
        }
        let spec = TraceSpec {
            hosts: trace.hosts(),
            sessions: trace.sessions(),
            input,
        };
        let seen = match (raw.from.get(), raw.scale) {
            (SimDuration::ZERO, None) => trace,
            (from, scale) => Arc::new(trace.rescaled(from, scale.map_or(1.0, Positive::get))),
        };
        let hosts = match raw.hosts {
            Hosts::First => TraceHosts::First,
            Hosts::Random => TraceHosts::Random,
        };
        Ok((spec, ChurnModel::Trace(seen, hosts)))
    }

    fn population(&self, name: &str, population: u32, places: u32) -> Result<u32, InputError> {
        if (1..=places).contains(&population) {
            return Ok(population);
        }
        let message = format!("expected a population between 1 and {places}, found {population}");
        Err(self
            .error(&format!("churn.{name}.population"), message)
            .labelled("must be some of the nodes, at least one"))
    }

    fn made<T>(&self, key: &str, made: Result<T, ChurnError>) -> Result<T, InputError> {
        made.map_err(|error| self.error(key, error.to_string()))
    }

    /// The failures, in the order of the file.
    pub(super) fn mass_failures(
        &self,
        raw: OneOrMany<RawMassFailure>,
        network: &NetworkSpec,
    ) -> Result<Vec<MassFailureSpec>, InputError> {
        let keyed = raw.keyed();
        keyed.map(|(key, raw)| self.mass_failure(&key, raw, network)).collect()
    }

    fn mass_failure(
        &self,
        key: &str,
        raw: &RawMassFailure,
        network: &NetworkSpec,
    ) -> Result<MassFailureSpec, InputError> {
        let at = SimTime::ZERO + raw.at.get();
        if at >= self.end {
            let message = format!("the failure is at {}, when the run has ended", since_start(at));
            return Err(self.error(&format!("{key}.at"), message).labelled(BEFORE_END));
        }
        if raw.nearest_to.is_some() && !network.has_places() {
            return Err(self
                .error(&format!("{key}.nearest_to"), "the hosts of this network have no places")
                .labelled("needs a plane, or routers that all have places"));
        }
        let failure = MassFailure::new(at, raw.fraction.get());
        Ok(MassFailureSpec {
            failure: self.made(&format!("{key}.fraction"), failure)?,
            graceful: raw.graceful.get(),
            nearest_to: raw.nearest_to,
        })
    }

    /// The crowd, which leaves somebody else a place.
    pub(super) fn flash_crowd(&self, raw: RawFlashCrowd) -> Result<FlashCrowd, InputError> {
        if !(1..self.hosts).contains(&raw.nodes) {
            let message = format!(
                "expected a crowd of 1 to {} of the {} nodes, found {}",
                self.hosts.saturating_sub(1),
                self.hosts,
                raw.nodes
            );
            return Err(self
                .error("flash_crowd.nodes", message)
                .labelled("`nodes.count` counts the crowd as well"));
        }
        let (at, over) = (SimTime::ZERO + raw.at.get(), raw.over.get());
        let brought_up = match self.bring_up {
            BringUp::Bulk | BringUp::Cold => SimTime::ZERO,
            BringUp::Joins { over, .. } => SimTime::ZERO + over,
        };
        if at < brought_up {
            let message = format!("the crowd comes at {}, while the others still do", since_start(at));
            return Err(self
                .error("flash_crowd.at", message)
                .labelled("must not lie before the end of `bring_up.joins.over`"));
        }
        if at >= self.end {
            let message = format!("the crowd comes at {}, when the run has ended", since_start(at));
            return Err(self.error("flash_crowd.at", message).labelled(BEFORE_END));
        }
        let stay = raw.stay.map(|stay| stay.lifetime("flash_crowd.stay", self.document));
        Ok(FlashCrowd {
            nodes: raw.nodes,
            at,
            over,
            stay: stay.transpose()?,
            graceful: raw.graceful.get(),
        })
    }
}

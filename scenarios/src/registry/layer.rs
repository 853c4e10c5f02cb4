//! A layer as an entry of the registry: which of the overlays it lies over, the scenario says.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use sim_core::observer::Observer;

use super::ProtocolEntry;
use crate::input::InputError;
use crate::overlays::{Layered, Overlay};
use crate::run::{Failure, Job, Line, OverlayEntry, Pace, RunRecord, Window, schema};
use crate::scenario::{Point, Scenario};

/// A layer (see [`Layered`]) that scenarios can name, over any of several overlays: `[protocol.<name>.over.<overlay>]`.
pub struct LayerEntry {
    name: &'static str,
    summary: &'static str,
    settings_schema: fn(&mut SchemaGenerator) -> Schema,
    below: Vec<Below>,
}

/// An overlay that a layer can lie over.
struct Below {
    name: &'static str,
    /// The key of the layer's settings that this is for; none if it is for all without such a key.
    with: Option<&'static str>,
    settings_schema: fn(&mut SchemaGenerator) -> Schema,
    /// The layer over it.
    entry: Box<dyn ProtocolEntry>,
}

impl Below {
    fn of<L: Layered>() -> Self
    where
        L::Invariants: Observer<L::Protocol>,
    {
        Below {
            name: <L::Below as Overlay<L::BelowAddr>>::NAME,
            with: None,
            settings_schema: SchemaGenerator::subschema_for::<<L::Below as Overlay<L::BelowAddr>>::Settings>,
            entry: Box::new(OverlayEntry::<L>::new()),
        }
    }
}

impl LayerEntry {
    /// A layer over its first overlay.
    pub fn over<L: Layered>() -> Self
    where
        L::Invariants: Observer<L::Protocol>,
    {
        LayerEntry {
            name: L::NAME,
            summary: L::SUMMARY,
            settings_schema: L::Settings::json_schema,
            below: vec![Below::of::<L>()],
        }
    }

    /// The same layer over another overlay, too.
    #[must_use]
    pub fn or_over<L: Layered>(mut self) -> Self
    where
        L::Invariants: Observer<L::Protocol>,
    {
        self.below.push(Below::of::<L>());
        self
    }

    /// The same layer as another protocol, where its settings have this key: what costs something only there.
    #[must_use]
    pub fn or_with<L: Layered>(mut self, key: &'static str) -> Self
    where
        L::Invariants: Observer<L::Protocol>,
    {
        self.below.push(Below {
            with: Some(key),
            ..Below::of::<L>()
        });
        self
    }

    /// The layer over the overlay that the point names.
    fn chosen(&self, point: &Point) -> Result<&dyn ProtocolEntry, InputError> {
        let mut known: Vec<&str> = self.below.iter().map(|below| below.name).collect();
        known.sort_unstable();
        known.dedup();
        let settings = point.protocol.over(&known)?;
        let has = |key: &&str| point.protocol.has(key);
        let named = || self.below.iter().filter(|below| below.name == settings.name());
        let particular = named().find(|below| below.with.as_ref().is_some_and(has));
        let chosen = particular.or_else(|| named().find(|below| below.with.is_none()));
        let entry = chosen.map(|below| &*below.entry);
        entry.ok_or_else(|| point.protocol.error_at("over", "this overlay is not registered"))
    }

    fn running(&self, job: &Job<'_>) -> Result<&dyn ProtocolEntry, Failure> {
        self.chosen(job.point)
            .map_err(|error| Failure::Broken(error.to_string()))
    }
}

impl ProtocolEntry for LayerEntry {
    fn name(&self) -> &str {
        self.name
    }

    fn summary(&self) -> &str {
        self.summary
    }

    /// The settings of the layer, with those of each overlay in the key `over`.
    fn settings_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        let mut settings = (self.settings_schema)(generator);
        let overlays: Map<String, Value> = self
            .below
            .iter()
            .map(|below| (below.name.to_owned(), (below.settings_schema)(generator).to_value()))
            .collect();
        let over = json!({
            "description": "The overlay that it lies over, with its settings.",
            "type": "object",
            "properties": overlays,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        });
        if let Some(Value::Object(keys)) = settings.get_mut("properties") {
            keys.insert("over".to_owned(), over);
        }
        settings
    }

    fn check(&self, point: &Point) -> Result<(), InputError> {
        self.chosen(point)?.check(point)
    }

    fn tables(&self, scenario: &Scenario) -> analysis::Schema {
        schema(scenario)
    }

    fn node_bytes(&self, point: &Point) -> u64 {
        self.chosen(point).map_or(0, |entry| entry.node_bytes(point))
    }

    fn run(&self, job: &Job<'_>, pace: &dyn Pace) -> Result<RunRecord, Failure> {
        self.running(job)?.run(job, pace)
    }

    fn trace(&self, job: &Job<'_>, window: Window, pace: &dyn Pace, sink: &mut dyn FnMut(Line)) -> Result<(), Failure> {
        self.running(job)?.trace(job, window, pace, sink)
    }
}

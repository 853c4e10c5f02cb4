//! The protocols that scenarios can name.

mod layer;

use schemars::{Schema, SchemaGenerator, json_schema};

pub use layer::LayerEntry;
use protocols::dht;

use crate::input::InputError;
use crate::network_layers::{AodvLayer, DistanceVectorLayer, FloodingLayer, PeerNetLayer};
use crate::overlays::{ChordOverlay, DhtOverlay, PastryOverlay, XBoneOverlay};
use crate::run::{Failure, ForwardingEntry, Job, Line, NetworkLayerEntry, OverlayEntry, Pace, RunRecord, Window};
use crate::scenario::{Point, Scenario};

/// A protocol that scenarios can name: the one place where its types are erased.
pub trait ProtocolEntry: Send + Sync {
    /// What scenarios call it: `chord` for `[protocol.chord]`.
    fn name(&self) -> &str;

    /// One line on what it is, for `peerscope list`.
    fn summary(&self) -> &str;

    /// The JSON Schema of its settings, the table `[protocol.<name>]`: any table, unless the protocol says more.
    fn settings_schema(&self, _: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }

    /// Makes sure that the point can be run: reads its [settings](crate::scenario::Settings) and holds them against the rest.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at what cannot be.
    fn check(&self, point: &Point) -> Result<(), InputError>;

    /// What is worth knowing of a point, found right, before it is run: that it can be, but hardly as was meant.
    fn caution(&self, _point: &Point) -> Option<String> {
        None
    }

    /// The tables that a run of the scenario writes. Figures and expectations are held against them before the run.
    fn tables(&self, scenario: &Scenario) -> analysis::Schema;

    /// About how many bytes a node of the point takes while it runs, all told: its state, the events that wait for it, and
    /// what the scenario keeps of it. A run that would not fit is refused by this estimate.
    fn node_bytes(&self, point: &Point) -> u64;

    /// Whether it is a protocol of the network layer, whose nodes talk over links to their neighbours and to nobody else.
    fn is_network_layer(&self) -> bool {
        false
    }

    /// Runs one simulation.
    ///
    /// # Errors
    /// [`Failure`]: something that must hold does not, or the run was told to stop.
    fn run(&self, job: &Job<'_>, pace: &dyn Pace) -> Result<RunRecord, Failure>;

    /// Runs one simulation as far as the end of the window, and hands over what nodes saw and did inside it.
    ///
    /// # Errors
    /// [`Failure`]: the run was told to stop.
    fn trace(&self, job: &Job<'_>, window: Window, pace: &dyn Pace, sink: &mut dyn FnMut(Line)) -> Result<(), Failure>;
}

/// The protocols that scenarios can name, in the order in which they were registered.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Box<dyn ProtocolEntry>>,
}

impl Registry {
    /// No protocols.
    pub fn new() -> Self {
        Registry::default()
    }

    /// The protocols that come with peerscope.
    pub fn standard() -> Self {
        let dht = LayerEntry::over::<DhtOverlay<ChordOverlay<dht::Request<false>>>>()
            .or_over::<DhtOverlay<PastryOverlay<dht::Request<false>>>>()
            .or_with::<DhtOverlay<ChordOverlay<dht::Request<true>>, true>>("cache")
            .or_with::<DhtOverlay<PastryOverlay<dht::Request<true>>, true>>("cache");
        Registry::new()
            .with(OverlayEntry::<ChordOverlay>::new())
            .with(OverlayEntry::<PastryOverlay>::new())
            .with(dht)
            .with(ForwardingEntry)
            .with(NetworkLayerEntry::<PeerNetLayer>::new())
            .with(NetworkLayerEntry::<FloodingLayer>::new())
            .with(NetworkLayerEntry::<DistanceVectorLayer>::new())
            .with(NetworkLayerEntry::<AodvLayer>::new())
            .with(LayerEntry::over::<XBoneOverlay<ChordOverlay>>().or_over::<XBoneOverlay<PastryOverlay>>())
    }

    /// The same with one protocol more, in place of an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, entry: impl ProtocolEntry + 'static) -> Self {
        self.entries.retain(|known| known.name() != entry.name());
        self.entries.push(Box::new(entry));
        self
    }

    /// The protocol of this name.
    pub fn get(&self, name: &str) -> Option<&dyn ProtocolEntry> {
        self.iter().find(|entry| entry.name() == name)
    }

    /// All protocols.
    pub fn iter(&self) -> impl Iterator<Item = &dyn ProtocolEntry> {
        self.entries.iter().map(|entry| &**entry)
    }
}

//! A file of a topology by itself, without a scenario around it.

use std::fs::File;
use std::path::Path;

use serde::Deserialize;

use super::{NetworkModel, RoutedNetwork, network};
use crate::input::{Document, InputError, Source};
use crate::scenario::files::ScenarioFiles;
use crate::scenario::raw::RawNetwork;

/// The part of a scenario that says how a topology is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkAlone {
    network: RawNetwork,
}

impl RoutedNetwork {
    /// The graph in a file, read as a scenario with nothing but `[network.topology]` would with these settings, such as
    /// `network.topology.component=largest`, laid over it.
    ///
    /// # Errors
    /// [`InputError`], pointing into the file or at the setting.
    pub fn of_file(path: &Path, settings: &[String]) -> Result<Self, InputError> {
        File::open(path).map_err(|error| InputError::missing(path, &error))?;
        let file = toml::Value::String(path.display().to_string());
        let text = format!("network.topology = {{ file = {file}, access = \"0s\" }}");
        let mut document = Document::parse(&Source::argument("FILE", &text))?;
        for setting in settings {
            document.apply(setting)?;
        }
        let NetworkAlone { network: raw } = document.deserialize()?;
        match network(raw, None, 1, 0, &document, &ScenarioFiles::default())?.model {
            NetworkModel::Topology(routed) => Ok(routed),
            _ => Err(document.error_at("network", "a file of a topology is no other network")),
        }
    }
}

//! From the network as it is written to the one that is meant.

use sim_core::network::{Constant, Exponential, NetworkError, Propagation, Uniform};
use sim_core::time::SimDuration;

use super::contacts::contacts;
use super::radio::radio;
use super::{MeasuredNetwork, NetworkModel, NetworkSpec, RawAccess, RoutedNetwork, routed};
use crate::input::{Document, InputError};
use crate::matrix::{self, Unit};
use crate::scenario::conditions::Conditions;
use crate::scenario::files::ScenarioFiles;
use crate::scenario::raw::{RawLoss, RawNetwork};
use crate::topology;
use crate::units::Positive;

/// The network of a point, held against its number of nodes.
pub(in crate::scenario) fn network(
    raw: RawNetwork,
    loss: Option<RawLoss>,
    nodes: u32,
    seed: u64,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<NetworkSpec, InputError> {
    let wrong = |key: &str, error: NetworkError| document.error_at(&format!("network.{key}"), error.to_string());
    let model = match raw {
        RawNetwork::Constant { delay } => {
            if delay.get() == SimDuration::ZERO {
                let error = document.error_at("network.constant.delay", "a delay of zero cannot be");
                return Err(error
                    .labelled("must be longer than 0s")
                    .help("an effect is later than its cause: \"1ns\""));
            }
            NetworkModel::Constant(Constant::new(delay.get()))
        }
        RawNetwork::Uniform { minimum, maximum } => NetworkModel::Uniform(
            Uniform::new(minimum.get(), maximum.get()).map_err(|error| wrong("uniform.minimum", error))?,
        ),
        RawNetwork::Exponential { mean, minimum } => NetworkModel::Exponential(
            Exponential::new(minimum.get(), mean.get()).map_err(|error| wrong("exponential.mean", error))?,
        ),
        RawNetwork::Plane {
            width,
            height,
            per_unit,
            base,
        } => NetworkModel::Plane {
            sides: (width.get(), height.get()),
            propagation: Propagation::new(base.get(), per_unit.get().as_secs_f64())
                .map_err(|error| wrong("plane.per_unit", error))?,
        },
        RawNetwork::Sphere { radius, per_unit, base } => NetworkModel::Sphere {
            radius: radius.get(),
            propagation: Propagation::new(base.get(), per_unit.get().as_secs_f64())
                .map_err(|error| wrong("sphere.per_unit", error))?,
        },
        RawNetwork::Space {
            width,
            depth,
            height,
            per_unit,
            base,
        } => NetworkModel::Space {
            sides: [width.get(), depth.get(), height.get()],
            propagation: Propagation::new(base.get(), per_unit.get().as_secs_f64())
                .map_err(|error| wrong("space.per_unit", error))?,
        },
        RawNetwork::Matrix {
            file,
            unit,
            measures,
            gaps,
            format,
        } => {
            let unit = match (unit, format) {
                (Some(unit), _) => unit,
                (None, matrix::Format::King) => Unit::Us,
                (None, matrix::Format::Square) => {
                    let error = document.error_at("network.matrix", "the key `unit` is missing");
                    return Err(error
                        .labelled("in what unit is the file?")
                        .help("unit = \"ms\", \"s\" or \"us\""));
                }
            };
            let reading = matrix::Reading {
                format,
                unit,
                measures,
                gaps,
            };
            let measured = files.matrix(&file, reading, document)?;
            check_hosts(nodes, &measured, document)?;
            NetworkModel::Matrix(measured)
        }
        RawNetwork::Topology {
            file,
            format,
            hosts,
            access,
            per_km,
            detour,
            missing,
            component,
            paths,
        } => {
            let access = access.map(RawAccess::get).transpose();
            let access = access.map_err(|error| wrong("topology.access", error))?;
            let reading = topology::Reading {
                format,
                per_km: per_km.get(),
                detour: detour.map_or(1.0, Positive::get),
                missing,
                component,
                paths,
            };
            let (input, topology) = files.topology(&file, reading, document)?;
            NetworkModel::Topology(RoutedNetwork::read(topology, input, hosts, access, nodes, document)?)
        }
        RawNetwork::TransitStub(raw) => routed::generated(raw.into(), nodes, seed, document, files)?,
        RawNetwork::Waxman(raw) => routed::generated(raw.into(), nodes, seed, document, files)?,
        RawNetwork::BarabasiAlbert(raw) => routed::generated(raw.into(), nodes, seed, document, files)?,
        RawNetwork::RandomGeometric(raw) => routed::generated(raw.into(), nodes, seed, document, files)?,
        RawNetwork::Ring(raw) => routed::generated(raw.into(), nodes, seed, document, files)?,
        RawNetwork::Grid(raw) => routed::generated(raw.into(), nodes, seed, document, files)?,
        RawNetwork::Radio(raw) => radio(raw, nodes, seed, document, files)?,
        RawNetwork::Contacts(raw) => contacts(raw, nodes, document, files)?,
    };
    Ok(NetworkSpec {
        model,
        loss: loss.map_or(0.0, |loss| loss.probability.get()),
        conditions: Conditions::default(),
    })
}

fn check_hosts(nodes: u32, measured: &MeasuredNetwork, document: &Document) -> Result<(), InputError> {
    let hosts = measured.matrix.assignment().len();
    if nodes as usize <= hosts {
        return Ok(());
    }
    let message = format!(
        "{nodes} nodes do not fit on the {hosts} hosts of {}",
        measured.input.path.display()
    );
    Err(document
        .error_at("nodes.count", message)
        .labelled(format!("at most {hosts}")))
}

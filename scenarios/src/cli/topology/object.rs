//! What `topology --json` tells: an object under the key `topology`.
//!
//! | key | value |
//! |---|---|
//! | `name`, `file`, `sha256`, `generated` | what it is called; the file that it was read from and its digest, or the model in words |
//! | `routers`, `links`, `treatment` | how many, and what was done to the graph, in words |
//! | `hosts` | of a scenario `{ hosts, routers, most }` in its first replication: how many, at how many routers, the most at one |
//! | `degree` | a distribution (below), and `routers_by_degree`, pairs of a number of links and how many routers have so many |
//! | `clustering`, `transitivity` | the mean of the local coefficients, and the share of paths of two links that a third closes |
//! | `link_delay_ms`, `hops`, `delay_ms` | distributions: `{ count, minimum, mean, median, p95, maximum }` |
//! | `sources`, `without_path` | from how many routers paths were followed, and how many pairs have none |

use serde_json::{Value, json};

use super::{HostCounts, Subject};
use crate::scenario::GraphSource;
use crate::topology::Distribution;

pub(super) fn object(subject: &Subject) -> Value {
    let (network, metrics) = (&subject.network, &subject.metrics);
    let (file, sha256, generated) = match &network.source {
        GraphSource::File(input) => (Some(input.path.display().to_string()), Some(&input.sha256), None),
        GraphSource::Generated { model, .. } => (None, None, Some(model.to_string())),
    };
    let hosts =
        |HostCounts { hosts, routers, most }: &HostCounts| json!({ "hosts": hosts, "routers": routers, "most": most });
    json!({
        "name": subject.name,
        "file": file,
        "sha256": sha256,
        "generated": generated,
        "routers": metrics.degrees.len(),
        "links": network.topology.links,
        "treatment": network.treatment(),
        "hosts": subject.hosts.as_ref().map(hosts),
        "degree": distribution(&metrics.degree(), 1.0),
        "routers_by_degree": metrics.routers_by_degree(),
        "clustering": metrics.clustering,
        "transitivity": metrics.transitivity,
        "link_delay_ms": distribution(&metrics.link_delays, 1e6),
        "hops": distribution(&metrics.paths.hops, 1.0),
        "delay_ms": distribution(&metrics.paths.delays, 1e6),
        "sources": metrics.paths.sources,
        "without_path": metrics.paths.without,
    })
}

/// A distribution, its numbers divided by `unit`.
fn distribution(of: &Distribution, unit: f64) -> Value {
    let number = |number: Option<u32>| number.map(|number| f64::from(number) / unit);
    json!({
        "count": of.count(),
        "minimum": number(of.minimum()),
        "mean": of.mean().map(|mean| mean / unit),
        "median": number(of.quantile(0.5)),
        "p95": number(of.quantile(0.95)),
        "maximum": number(of.maximum()),
    })
}

//! Who comes and goes, in words.

use sim_core::churn::{ChurnModel, Start, TraceHosts};

use super::{Line, count, since_start};
use crate::run::begins;
use crate::scenario::{FlashCrowd, MassFailureSpec, Point, Returning};
use crate::units::written;

/// How churn begins, as the table `churn` has it; none without any.
pub(super) fn start(point: &Point) -> Option<&'static str> {
    point.comes_and_goes().then(|| begins(point))
}

/// The lines on churn, failures and crowds.
pub(super) fn describe(point: &Point) -> Vec<Line> {
    let mut lines = Vec::new();
    if point.churn.changes() {
        lines.push((
            "churn",
            format!("from {}, {}", since_start(point.churn.start), model(point)),
        ));
        lines.push(("start", beginning(point).to_owned()));
        if point.churn.returning == Returning::SameId {
            lines.push(("churn", "who comes back keeps the identifier".to_owned()));
        }
    }
    lines.extend(
        point
            .mass_failures
            .iter()
            .map(|failure| ("failure", mass_failure(point, failure))),
    );
    lines.extend(point.flash_crowd.iter().map(|crowd| ("crowd", flash_crowd(crowd))));
    lines
}

fn model(point: &Point) -> String {
    let model = point.churn.churn.model();
    let up = point.mean_up().unwrap_or_default();
    match model {
        ChurnModel::None => String::new(),
        ChurnModel::Sessions(sessions) => match sessions.availability() {
            Some(availability) => format!("each node up {:.1} % of the time", availability * 100.0),
            None => "nodes alternate between up and down".to_owned(),
        },
        ChurnModel::Replacement { process, population } => format!(
            "{:.4} of {population} nodes replaced a second, half of them in {:.0} s",
            process.rate(),
            f64::from(*population) * std::f64::consts::LN_2 / process.rate()
        ),
        ChurnModel::Rates {
            joins,
            departures,
            population,
        } => format!(
            "{:.4} joins and {:.4} departures a second, from {population} nodes on",
            joins.rate(),
            departures.rate()
        ),
        ChurnModel::Alternating { process, population } => format!(
            "{:.4} joins and departures a second in turn, {population} nodes and one more",
            process.rate()
        ),
        ChurnModel::Arrivals(_) => format!("newcomers stay for a session each, {up:.1} up on average"),
        ChurnModel::Trace(_, hosts) => {
            let which = match hosts {
                TraceHosts::First => "the first",
                TraceHosts::Random => "random",
            };
            let (file, all, sessions) = match &point.churn.trace {
                Some(trace) => (trace.input.path.display().to_string(), trace.hosts, trace.sessions),
                None => Default::default(),
            };
            format!(
                "{which} hosts of {all} with {} as measured in {file}, {up:.1} up on average",
                count(sessions, "session")
            )
        }
    }
}

/// How it begins, in words.
fn beginning(point: &Point) -> &'static str {
    match point.churn.churn.model().start() {
        Start::Steady => "in the steady state",
        Start::Periodic => "in the steady state of that time of the day",
        Start::AsMeasured => "as measured",
        Start::WholeSessions | Start::Wandering => point.churn.caution().unwrap_or_default(),
    }
}

fn mass_failure(
    point: &Point,
    MassFailureSpec {
        failure, nearest_to, ..
    }: &MassFailureSpec,
) -> String {
    let hosts = point.hosts();
    let failing = failure.count(hosts.count(point.nodes) as usize);
    let nodes = match hosts.per_host() {
        1 => String::new(),
        per_host => format!(" hosts with {per_host} nodes each"),
    };
    let place = nearest_to.map_or(String::new(), |[x, y]| format!(", those nearest to ({x}, {y})"));
    format!(
        "at {}, {failing}{nodes} if all are up{place}; there is no steady state",
        since_start(failure.at())
    )
}

fn flash_crowd(crowd: &FlashCrowd) -> String {
    let stay = match &crowd.stay {
        None => "for good".to_owned(),
        Some(stay) => format!("for {:.0} s on average", stay.mean()),
    };
    format!(
        "from {}, {} within {}, {stay}; there is no steady state",
        since_start(crowd.at),
        count(crowd.nodes as usize, "newcomer"),
        written(crowd.over)
    )
}

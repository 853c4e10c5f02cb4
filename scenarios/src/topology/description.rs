//! What a file says, whatever its format: routers and links with what is known of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use sim_core::network::Relationship;
use sim_core::time::SimDuration;

use super::lines::Word;
use super::{LINK_LIMIT, ROUTER_LIMIT};
use crate::input::{InputError, Origin, Source};
use crate::units::Duration;

/// The longest delay of a link that is believed, in seconds; beyond it the unit is wrong, or the file.
const LONGEST_SECONDS: f64 = 2.0;

/// The longest link that is believed, in kilometres: once around the Earth.
const LONGEST_KM: f64 = 40_100.0;

/// A router as a file describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct DescribedRouter {
    /// What the file calls it; what [`Description::add_router`] is told where it is empty.
    pub(super) id: String,
    /// What people call it; its identifier where it is empty.
    pub(super) label: String,
    /// In degrees.
    pub(super) latitude: Option<f64>,
    /// In degrees.
    pub(super) longitude: Option<f64>,
    /// The bytes of the file that describe it.
    pub(super) span: Range<usize>,
}

/// A link as a file describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct DescribedLink {
    /// The positions of its routers among all.
    pub(super) ends: [usize; 2],
    pub(super) delay: Option<SimDuration>,
    /// In kilometres.
    pub(super) length: Option<f64>,
    pub(super) directed: bool,
    /// What the second of its routers is to the first.
    pub(super) relationship: Option<Relationship>,
}

/// The graph that a file describes.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) source: Arc<Source>,
    pub(super) routers: Vec<DescribedRouter>,
    pub(super) links: Vec<DescribedLink>,
    /// The positions of the routers by what the file calls them.
    names: BTreeMap<String, usize>,
    /// Seconds in the unit of bare numbers for delays.
    delay_unit: f64,
    /// Why the file cannot tell how long its links are, where it cannot; empty for formats that could.
    pub(super) silent: &'static str,
}

impl Description {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Description {
            source: source.clone(),
            routers: Vec::new(),
            links: Vec::new(),
            names: BTreeMap::new(),
            delay_unit: 1e-3,
            silent: "",
        }
    }

    pub(super) fn error(&self, span: Range<usize>, message: impl Into<String>) -> InputError {
        InputError::at(&Origin::new(self.source.clone(), span), message)
    }

    /// Sets the unit of bare numbers for delays.
    pub(super) fn set_delay_unit(&mut self, unit: &str, span: Range<usize>) -> Result<(), InputError> {
        self.delay_unit = match unit.trim() {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            _ => {
                let error = self.error(span, format!("there is no unit of time {unit:?}"));
                return Err(error.help("the units of `delay_unit` are ns, us, ms and s"));
            }
        };
        Ok(())
    }

    /// Adds a router that the file calls `name`.
    pub(super) fn add_router(&mut self, name: String, mut router: DescribedRouter) -> Result<(), InputError> {
        if self.routers.len() == ROUTER_LIMIT {
            return Err(self.error(router.span, format!("a topology has at most {ROUTER_LIMIT} routers")));
        }
        if self.names.contains_key(&name) {
            let error = self.error(router.span, format!("there is a second node {name}"));
            return Err(error.labelled("the second"));
        }
        if router.id.is_empty() {
            router.id.clone_from(&name);
        }
        if router.label.is_empty() {
            router.label.clone_from(&router.id);
        }
        self.names.insert(name, self.routers.len());
        self.routers.push(router);
        Ok(())
    }

    /// The router of this name, which is added where it is named for the first time.
    pub(super) fn named(&mut self, name: &Word<'_>) -> Result<usize, InputError> {
        if let Some(known) = self.names.get(name.text) {
            return Ok(*known);
        }
        if name.text.is_empty() {
            let error = self.error(name.span.clone(), "expected a router, found nothing");
            return Err(error.labelled("here"));
        }
        let router = DescribedRouter {
            span: name.span.clone(),
            ..DescribedRouter::default()
        };
        self.add_router(name.text.to_owned(), router)?;
        Ok(self.routers.len() - 1)
    }

    /// Adds a link.
    pub(super) fn add_link(&mut self, link: DescribedLink, span: Range<usize>) -> Result<(), InputError> {
        if self.links.len() == LINK_LIMIT {
            return Err(self.error(span, format!("a topology has at most {LINK_LIMIT} links")));
        }
        self.links.push(link);
        Ok(())
    }

    /// The router that an end of a link names.
    pub(super) fn end(&self, name: &str, span: &Range<usize>) -> Result<usize, InputError> {
        self.names.get(name).copied().ok_or_else(|| {
            self.error(span.clone(), format!("there is no node {name}"))
                .labelled("a link to or from it")
        })
    }

    /// Notes an attribute of a router, if it is one that matters.
    pub(super) fn router_attribute(
        &self,
        router: &mut DescribedRouter,
        name: &str,
        value: &str,
        span: Range<usize>,
    ) -> Result<(), InputError> {
        match name.to_ascii_lowercase().as_str() {
            "label" => router.label = value.trim().to_owned(),
            "name" if router.label.is_empty() => router.label = value.trim().to_owned(),
            "latitude" | "lat" => router.latitude = self.number("latitude", value, -90.0..=90.0, span)?,
            "longitude" | "lon" => router.longitude = self.number("longitude", value, -180.0..=180.0, span)?,
            _ => {}
        }
        Ok(())
    }

    /// Notes an attribute of a link, if it is one that matters.
    pub(super) fn link_attribute(
        &self,
        link: &mut DescribedLink,
        name: &str,
        value: &str,
        span: Range<usize>,
    ) -> Result<(), InputError> {
        match name.to_ascii_lowercase().as_str() {
            "delay" | "latency" => link.delay = self.delay(value, span)?,
            "dist" => link.length = self.number("length in km", value, 0.0..=LONGEST_KM, span)?,
            _ => {}
        }
        Ok(())
    }

    /// A number within a range; none for an empty text.
    fn number(
        &self,
        what: &str,
        text: &str,
        range: std::ops::RangeInclusive<f64>,
        span: Range<usize>,
    ) -> Result<Option<f64>, InputError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (low, high) = (range.start(), range.end());
                let error = self.error(span, format!("expected a {what} from {low} to {high}, found {text:?}"));
                Err(error.labelled(format!("not a {what}")))
            }
        }
    }

    /// A delay; none for an empty text.
    fn delay(&self, text: &str, span: Range<usize>) -> Result<Option<SimDuration>, InputError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let seconds = match (text.parse::<f64>(), text.parse::<Duration>()) {
            (Ok(number), _) => number * self.delay_unit,
            (_, Ok(duration)) => duration.get().as_secs_f64(),
            (Err(_), Err(_)) => f64::NAN,
        };
        if (0.0..=LONGEST_SECONDS).contains(&seconds) {
            return Ok(Some(SimDuration::from_secs_f64(seconds)));
        }
        let message = format!("expected a delay from 0 to {LONGEST_SECONDS} s, found {text:?}");
        let error = self.error(span, message).labelled("not the delay of a link");
        Err(error.help("a bare number is in milliseconds, unless the graph's `delay_unit` is ns, us or s"))
    }
}

//! Edge lists: two routers a line, as SNAP, KONECT and many programs write them.

use std::sync::Arc;

use super::description::{DescribedLink, Description};
use super::lines::lines;
use crate::input::{InputError, Source};

/// What a comment begins with: SNAP's and KONECT's.
pub(super) const COMMENTS: &[char] = &['#', '%'];

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    description.silent = "add a third word to each line, the delay of the link, or let one stand in for all";
    for line in lines(source, COMMENTS) {
        let separator = line.text.contains(',').then_some(',');
        let words = line.words(separator);
        let (one, other, delay) = match &words[..] {
            [one, other] => (one, other, None),
            [one, other, delay] => (one, other, Some(delay)),
            _ => return Err(line.unexpected(&description, "two routers, and possibly the delay of the link")),
        };
        let mut link = DescribedLink {
            ends: [description.named(one)?, description.named(other)?],
            ..DescribedLink::default()
        };
        if let Some(delay) = delay {
            description.link_attribute(&mut link, "delay", delay.text, delay.span.clone())?;
        }
        description.add_link(link, line.span)?;
    }
    Ok(description)
}

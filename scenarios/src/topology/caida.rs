//! AS relationships as CAIDA publishes them (serial-1 and serial-2): `provider|customer|-1`, `peer|peer|0`, and in the older
//! ones `sibling|sibling|2`. A fourth column, the source of a relationship, is not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_core::network::Relationship;

use super::description::{DescribedLink, Description};
use super::lines::{Word, lines};
use crate::input::{InputError, Source};

/// What a comment begins with.
pub(super) const COMMENTS: &[char] = &['#'];

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    description.silent = "relationships come without delays and coordinates";
    let mut known = BTreeMap::new();
    for line in lines(source, COMMENTS) {
        let words = line.words(Some('|'));
        let ([one, other, kind] | [one, other, kind, _]) = &words[..] else {
            return Err(line.unexpected(
                &description,
                "two AS numbers and their relationship: `as|as|-1` or `as|as|0`",
            ));
        };
        for word in [one, other] {
            check_as_number(&description, word)?;
        }
        let relationship = relationship(&description, kind)?;
        let ends = [description.named(one)?, description.named(other)?];
        let seen = match ends[0] < ends[1] {
            true => (ends, relationship),
            false => ([ends[1], ends[0]], relationship.reversed()),
        };
        if ends[0] != ends[1] && *known.entry(seen.0).or_insert(seen.1) != seen.1 {
            let message = format!("the ASes {} and {} have two relationships", one.text, other.text);
            let error = description.error(line.span, message);
            return Err(error.labelled("an earlier line says something else"));
        }
        let link = DescribedLink {
            ends,
            relationship: Some(relationship),
            ..DescribedLink::default()
        };
        description.add_link(link, line.span)?;
    }
    Ok(description)
}

/// Refuses what is not the number of an AS.
fn check_as_number(description: &Description, word: &Word<'_>) -> Result<(), InputError> {
    let number = word.whole(description, "the number of an AS")?;
    match u32::try_from(number) {
        Ok(_) => Ok(()),
        Err(_) => {
            let message = format!("expected the number of an AS, at most {}, found {number}", u32::MAX);
            let error = description.error(word.span.clone(), message);
            Err(error.labelled("an AS number has 32 bits"))
        }
    }
}

/// What the second AS of a line is to the first.
fn relationship(description: &Description, kind: &Word<'_>) -> Result<Relationship, InputError> {
    match kind.text {
        "-1" => Ok(Relationship::Customer),
        "0" => Ok(Relationship::Peer),
        "2" => Ok(Relationship::Sibling),
        other => {
            let message = format!("expected a relationship, -1, 0 or 2, found {other:?}");
            let error = description
                .error(kind.span.clone(), message)
                .labelled("not a relationship");
            Err(error.help("-1: the second AS is a customer of the first; 0: they are peers; 2: they are siblings"))
        }
    }
}

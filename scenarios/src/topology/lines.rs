//! What formats of a record a line expect of their lines and words.

use super::description::{DescribedRouter, Description};
use crate::input::InputError;

pub(super) use crate::input::{Line, Word, lines};

impl Line<'_> {
    /// A complaint about the line: what was expected of it.
    pub(super) fn unexpected(&self, description: &Description, expected: &str) -> InputError {
        let error = description.error(self.span.clone(), format!("expected {expected}"));
        error.labelled(format!("not {expected}"))
    }
}

impl Word<'_> {
    /// A whole number.
    pub(super) fn whole(&self, description: &Description, what: &str) -> Result<usize, InputError> {
        self.text.parse().map_err(|_| {
            let message = format!("expected {what}, a whole number, found {:?}", self.text);
            let error = description.error(self.span.clone(), message);
            error.labelled("not a whole number")
        })
    }

    /// Makes sure that the word is a finite number.
    pub(super) fn check_number(&self, description: &Description, what: &str) -> Result<(), InputError> {
        match self.text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => {
                let message = format!("expected {what}, a number, found {:?}", self.text);
                let error = description.error(self.span.clone(), message);
                Err(error.labelled("not a number"))
            }
        }
    }
}

/// Adds a router that has a number and coordinates in a plane, which are not used.
pub(super) fn add_numbered(
    description: &mut Description,
    line: &Line<'_>,
    [id, x, y]: [&Word<'_>; 3],
) -> Result<(), InputError> {
    id.whole(description, "the number of a node")?;
    x.check_number(description, "a coordinate")?;
    y.check_number(description, "a coordinate")?;
    let router = DescribedRouter {
        span: line.span.clone(),
        ..DescribedRouter::default()
    };
    description.add_router(id.text.to_owned(), router)
}

/// Holds what a file says it has against what it has.
pub(super) fn check_count(
    description: &Description,
    stated: &Word<'_>,
    what: &str,
    found: usize,
) -> Result<(), InputError> {
    if stated.whole(description, &format!("how many {what} there are"))? == found {
        return Ok(());
    }
    let message = format!("the file says that it has {} {what}, but lists {found}", stated.text);
    let error = description.error(stated.span.clone(), message);
    Err(error
        .labelled(format!("{found} {what} follow"))
        .help("is the file whole?"))
}

//! From TOML text to the value tree.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::{Entry, InputError, Node, Origin, Source, Table, Value};

/// Parses a whole file.
pub(super) fn document(source: &Arc<Source>) -> Result<Node, InputError> {
    let table = DeTable::parse(source.text()).map_err(|error| syntax(source, 0, &error))?;
    let value = Value::Table(converter(source, 0).table(table.get_ref())?);
    Ok(Node {
        value,
        origin: Origin::new(source.clone(), 0..0),
    })
}

/// Parses the one value that `source` holds from byte `offset` on. A bare word is a text: a shell eats the quotes.
pub(super) fn value(source: &Arc<Source>, offset: usize) -> Result<Node, InputError> {
    let rest = &source.text()[offset..];
    let text = rest.trim();
    let start = offset + (rest.len() - rest.trim_start().len());
    let origin = Origin::new(source.clone(), start..start + text.len());
    if text.is_empty() {
        return Err(InputError::at(&origin, "a value is missing").labelled("expected a value after the `=`"));
    }
    match DeValue::parse(text) {
        Ok(value) if !matches!(value.get_ref(), DeValue::Datetime(_)) => converter(source, start).node(&value),
        Err(error) if text.starts_with(['"', '\'', '[', '{']) => Err(syntax(source, start, &error)),
        _ => Ok(Node {
            value: Value::String(text.to_owned()),
            origin,
        }),
    }
}

fn converter(source: &Arc<Source>, offset: usize) -> Converter<'_> {
    Converter { source, offset }
}

/// A complaint of the TOML parser itself.
fn syntax(source: &Arc<Source>, offset: usize, error: &toml::de::Error) -> InputError {
    let end = source.text().len();
    let span = error
        .span()
        .map_or(end..end, |span| span.start + offset..span.end + offset);
    // The parser lists what it expected on further lines.
    let mut lines = error.message().lines();
    let title = lines.next().unwrap_or("not TOML").to_owned();
    let complaint = InputError::at(&Origin::new(source.clone(), span), title).labelled("not valid TOML");
    lines.fold(complaint, InputError::help)
}

struct Converter<'a> {
    source: &'a Arc<Source>,
    offset: usize,
}

impl Converter<'_> {
    fn origin(&self, span: std::ops::Range<usize>) -> Origin {
        Origin::new(self.source.clone(), span.start + self.offset..span.end + self.offset)
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Table, InputError> {
        let mut entries = table
            .iter()
            .map(|(key, value)| {
                let key_origin = self.origin(key.span());
                Ok(Entry {
                    key: key.get_ref().to_string(),
                    key_origin,
                    node: self.node(value)?,
                })
            })
            .collect::<Result<Vec<_>, InputError>>()?;
        // The order of writing: sweep axes are crossed in it.
        entries.sort_by_key(|entry| entry.key_origin.span().start);
        Ok(Table::new(entries))
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Result<Node, InputError> {
        let origin = self.origin(value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => Value::Integer(integer(number).ok_or_else(|| {
                InputError::at(&origin, "this whole number is too large").labelled("at most 38 digits")
            })?),
            DeValue::Float(number) => Value::Float(float(number.as_str()).ok_or_else(|| {
                InputError::at(&origin, format!("{number} is not a finite number")).labelled("expected a finite number")
            })?),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(_) => {
                return Err(
                    InputError::at(&origin, "a date or time of day has no meaning in a scenario")
                        .labelled("not a date")
                        .help("a span of time is a text with its unit, such as \"90min\""),
                );
            }
            DeValue::Array(items) => Value::Array(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => Value::Table(self.table(table)?),
        };
        Ok(Node { value, origin })
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

fn float(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

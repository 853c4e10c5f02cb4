//! The value tree as a serde deserializer that reports every refusal where the value was written.

use serde::Deserializer;
use serde::de::value::MapDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Entry, InputError, Node, Origin, Value, alternatives, list};

impl<'de> Deserializer<'de> for &'de Node {
    type Error = InputError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match &self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visit_integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(flag) => visitor.visit_bool(*flag),
            Value::Array(items) => {
                let mut access = Items {
                    items: items.iter(),
                    next: 0,
                };
                let value = visitor.visit_seq(&mut access)?;
                match access.items.len() {
                    0 => Ok(value),
                    more => Err(InputError::custom(format_args!("{more} values too many in this list"))),
                }
            }
            Value::Table(table) => visitor.visit_map(Entries {
                entries: table.entries().iter(),
                current: None,
            }),
        }
        .map_err(|error| error.or_at(&self.origin))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_some(self).map_err(|error| error.or_at(&self.origin))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, InputError> {
        visitor
            .visit_newtype_struct(self)
            .map_err(|error| error.or_at(&self.origin))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        deserialize_table(self, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        let choices = || format!("choose one of {}", alternatives(variants));
        match &self.value {
            Value::String(name) => visitor.visit_enum(Choice {
                name,
                origin: &self.origin,
                settings: None,
            }),
            Value::Table(table) => match table.entries() {
                [entry] => visitor.visit_enum(Choice {
                    name: &entry.key,
                    origin: &entry.key_origin,
                    settings: Some(&entry.node),
                }),
                [] => Err(InputError::at(&self.origin, choices())),
                [_, second, ..] => {
                    // A slip makes two choices of one: `constnat` in a sweep beside `constant`.
                    let slip = table
                        .entries()
                        .iter()
                        .find(|entry| !variants.contains(&entry.key.as_str()));
                    if let Some(entry) = slip {
                        let error = InputError::unknown_variant(&entry.key, variants);
                        return Err(error.or_at(&entry.key_origin));
                    }
                    let given = list(table.entries().iter().map(|entry| entry.key.as_str()));
                    Err(InputError::at(
                        &second.key_origin,
                        format!("exactly one choice is possible, found {given}"),
                    )
                    .labelled("this is the second")
                    .help(choices())
                    .replaced_by(table))
                }
            },
            _ => Err(InputError::at(&self.origin, format!("expected a choice, found {}", self.kind())).help(choices())),
        }
        .map_err(|error| error.or_at(&self.origin))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

/// A value whose keys have names: serde would also take a list, whose elements have none.
fn deserialize_table<'de, V: Visitor<'de>>(node: &'de Node, visitor: V) -> Result<V::Value, InputError> {
    match node.value {
        Value::Array(_) => Err(InputError::invalid_type(Unexpected::Seq, &visitor).or_at(&node.origin)),
        _ => node.deserialize_any(visitor),
    }
}

fn visit_integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Result<V::Value, InputError> {
    if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else {
        Err(InputError::invalid_type(
            Unexpected::Other(&number.to_string()),
            &visitor,
        ))
    }
}

struct Items<'de> {
    items: std::slice::Iter<'de, Node>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = InputError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, InputError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        let inside = |error: InputError| error.or_at(&item.origin).inside(&index.to_string());
        seed.deserialize(item).map(Some).map_err(inside)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = InputError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, InputError> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        seed.deserialize(entry.key.as_str().into_deserializer())
            .map(Some)
            .map_err(|error: InputError| error.or_at(&entry.key_origin))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, InputError> {
        let Some(entry) = self.current.take() else {
            return Err(InputError::custom("a value was asked for before its key"));
        };
        seed.deserialize(&entry.node)
            .map_err(|error| error.or_at(&entry.node.origin).inside(&entry.key))
    }
}

/// One choice of several: `[network.constant]`, or `churn = "none"` where it has no settings that must be given.
struct Choice<'de> {
    name: &'de str,
    origin: &'de Origin,
    settings: Option<&'de Node>,
}

impl<'de> Choice<'de> {
    fn located<T>(&self, result: Result<T, InputError>) -> Result<T, InputError> {
        let origin = self.settings.map_or(self.origin, |node| &node.origin);
        result.map_err(|error| error.or_at(origin).inside(self.name))
    }
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = InputError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), InputError> {
        let name: serde::de::value::StrDeserializer<'de, InputError> = self.name.into_deserializer();
        let variant = seed.deserialize(name).map_err(|error| error.or_at(self.origin))?;
        Ok((variant, self))
    }
}

/// A table without keys: the settings of a choice that is only named.
fn no_settings<'de>() -> MapDeserializer<'de, std::iter::Empty<(&'de str, &'de str)>, InputError> {
    MapDeserializer::new(std::iter::empty())
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = InputError;

    fn unit_variant(self) -> Result<(), InputError> {
        match self.settings.map(|node| (node, node.as_table())) {
            None => Ok(()),
            Some((_, Some(table))) => match table.entries().first() {
                None => Ok(()),
                Some(entry) => {
                    let error = InputError::unknown_field(&entry.key, &[]).or_at(&entry.key_origin);
                    self.located(Err(error))
                }
            },
            Some((node, None)) => self.located(Err(InputError::custom(format_args!(
                "expected an empty table, found {}",
                node.kind()
            )))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, InputError> {
        self.located(match self.settings {
            Some(node) => seed.deserialize(node),
            None => seed.deserialize(no_settings()),
        })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, InputError> {
        self.located(match self.settings {
            Some(node) => node.deserialize_any(visitor),
            None => no_settings().deserialize_any(visitor),
        })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        self.located(match self.settings {
            Some(node) => deserialize_table(node, visitor),
            None => no_settings().deserialize_any(visitor),
        })
    }
}

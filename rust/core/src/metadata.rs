//! Metadata: immutable JSON documents, shared by reference.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

use crate::error::Error;
use crate::path::{Path, Step};

mod text;

pub(crate) use text::write as json_text;

/// The maximum nesting depth of containers.
pub const MAX_DEPTH: usize = 128;

/// The members of a JSON object, in their original order.
pub type Object = IndexMap<String, Json>;

/// Any JSON value; integers have any size and stay integers.
///
/// Two values are equal if they are the same JSON: `1` and `1.0` are the same number, the order of
/// members does not matter, and `true` is not a number.
#[derive(Debug, Clone)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that fits into 64 bits.
    Integer(i64),
    /// An integer of any size.
    BigInteger(BigInt),
    /// A number with a fraction; finite in a [`Metadata`].
    Float(f64),
    /// Text.
    String(String),
    /// Values in order.
    Array(Vec<Json>),
    /// Values by key.
    Object(Object),
}

/// An immutable JSON document; a clone shares its memory.
#[derive(Debug, Clone)]
pub struct Metadata(Arc<Frozen>);

#[derive(Debug)]
struct Frozen {
    document: Json,
    /// Formatted on first use.
    text: OnceLock<String>,
}

impl Metadata {
    /// Checks a document and freezes it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] or [`Error::TooDeep`], with the path to the value.
    pub fn new(document: Json) -> Result<Self, Error> {
        check(&document, MAX_DEPTH)?;
        Ok(Self(Arc::new(Frozen { document, text: OnceLock::new() })))
    }

    /// Reads a document from JSON text; integers stay exact, and the last of duplicate keys is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], and the errors of [`Metadata::new`].
    pub fn from_json(text: &str) -> Result<Self, Error> {
        text::read(text)
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Json {
        &self.0.document
    }

    /// The document as JSON text without spaces, members in order; formatted on first use.
    #[must_use]
    pub fn json(&self) -> &str {
        self.0.text.get_or_init(|| text::write(&self.0.document))
    }
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.document == other.0.document
    }
}

impl Eq for Metadata {}

impl Hash for Metadata {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.document.hash(state);
    }
}

/// Checks a value; `room` is the number of containers that may still be opened.
fn check(value: &Json, room: usize) -> Result<(), Error> {
    match value {
        Json::Float(number) if !number.is_finite() => {
            Err(Error::NotFinite { path: Path::default(), got: number.to_string() })
        }
        Json::Array(_) | Json::Object(_) if room == 0 => {
            Err(Error::TooDeep { path: Path::default() })
        }
        Json::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check(item, room - 1).map_err(|error| error.inside(Step::Index(index)))
        }),
        Json::Object(members) => members.iter().try_for_each(|(key, member)| {
            check(member, room - 1).map_err(|error| error.inside(Step::Key(key.clone())))
        }),
        _ => Ok(()),
    }
}

/// A number independent of its storage: an integral float equals the integer of the same value.
#[derive(PartialEq, Eq, Hash)]
enum Number {
    Small(i64),
    Big(BigInt),
    /// The bits of a float that equals no integer.
    Fraction(u64),
}

impl Number {
    fn from_big(integer: BigInt) -> Self {
        integer.to_i64().map_or(Self::Big(integer), Self::Small)
    }

    fn from_float(number: f64) -> Self {
        let integer = if number.fract() == 0.0 { BigInt::from_f64(number) } else { None };
        integer.map_or(Self::Fraction(number.to_bits()), Self::from_big)
    }

    fn of(value: &Json) -> Option<Self> {
        match value {
            Json::Integer(integer) => Some(Self::Small(*integer)),
            Json::BigInteger(integer) => Some(Self::from_big(integer.clone())),
            Json::Float(number) => Some(Self::from_float(*number)),
            _ => None,
        }
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => left == right,
            (left, right) => match (Number::of(left), Number::of(right)) {
                (Some(left), Some(right)) => left == right,
                _ => false,
            },
        }
    }
}

impl Eq for Json {}

impl Hash for Json {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(number) = Number::of(self) {
            return number.hash(state);
        }
        discriminant(self).hash(state);
        match self {
            Self::Bool(flag) => flag.hash(state),
            Self::String(text) => text.hash(state),
            Self::Array(items) => items.hash(state),
            Self::Object(members) => hash_members(members, state),
            // Numbers are hashed above.
            Self::Null | Self::Integer(_) | Self::BigInteger(_) | Self::Float(_) => {}
        }
    }
}

/// Adds up the hashes of the members, because their order does not matter.
fn hash_members<H: Hasher>(members: &Object, state: &mut H) {
    let sum = members.iter().fold(0_u64, |sum, member| {
        let mut hasher = DefaultHasher::new();
        member.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    });
    members.len().hash(state);
    sum.hash(state);
}

#[cfg(test)]
mod tests;

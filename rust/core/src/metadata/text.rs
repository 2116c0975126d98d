//! Metadata as JSON text, and back.

use std::fmt::Write;

use jiter::JsonValue;

use super::{Json, Metadata};
use crate::error::Error;

/// Writes a document as JSON text without spaces, members in order.
pub(crate) fn write(document: &Json) -> String {
    let mut text = String::new();
    write_value(document, &mut text);
    text
}

fn write_value(value: &Json, text: &mut String) {
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(true) => text.push_str("true"),
        Json::Bool(false) => text.push_str("false"),
        Json::Integer(integer) => text.push_str(&integer.to_string()),
        Json::BigInteger(integer) => text.push_str(&integer.to_string()),
        Json::Float(number) => {
            // The shortest digits that read back to the same bits, with a point or an exponent. Writing cannot fail.
            let _ = write!(text, "{number:?}");
        }
        Json::String(string) => write_string(string, text),
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write_value(item, text);
            }
            text.push(']');
        }
        Json::Object(members) => {
            text.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write_string(key, text);
                text.push(':');
                write_value(member, text);
            }
            text.push('}');
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Reads a document from JSON text; integers stay exact, and the last of duplicate keys is kept.
pub(super) fn read(text: &str) -> Result<Metadata, Error> {
    let value = JsonValue::parse(text.as_bytes(), false).map_err(|error| {
        let problem = error.description(text.as_bytes());
        Error::Refused(format!(
            "metadata must be JSON text ({problem}); pass text as returned by `Metadata.json`"
        ))
    })?;
    Metadata::new(convert(&value))
}

/// Converts a parsed value; the parser limits the depth.
fn convert(value: &JsonValue<'_>) -> Json {
    match value {
        JsonValue::Null => Json::Null,
        JsonValue::Bool(flag) => Json::Bool(*flag),
        JsonValue::Int(integer) => Json::Integer(*integer),
        JsonValue::BigInt(integer) => Json::BigInteger(integer.clone()),
        JsonValue::Float(number) => Json::Float(*number),
        JsonValue::Str(string) => Json::String(string.clone().into_owned()),
        JsonValue::Array(items) => Json::Array(items.iter().map(convert).collect()),
        JsonValue::Object(members) => Json::Object(
            members.iter().map(|(key, member)| (key.to_string(), convert(member))).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{any_json, nested};
    use super::*;
    use crate::{BigInt, MAX_DEPTH};
    use proptest::prelude::*;

    fn of(document: Json) -> Metadata {
        Metadata::new(document).unwrap()
    }

    #[test]
    fn integers_are_exact_to_the_4300_digits_that_the_parser_reads() {
        let integer: BigInt = BigInt::from(10).pow(4_300) - 1;
        let metadata = of(Json::BigInteger(integer.clone()));
        assert!(matches!(
            read(metadata.json()).unwrap().document(),
            Json::BigInteger(found) if *found == integer
        ));
        let longer = of(Json::BigInteger(integer + 1));
        assert!(matches!(read(longer.json()), Err(Error::Refused(_))));
    }

    #[test]
    fn the_last_of_duplicate_keys_is_kept() {
        assert_eq!(read(r#"{"a":1,"a":2}"#).unwrap().json(), r#"{"a":2}"#);
    }

    #[test]
    fn invalid_json_is_refused() {
        for text in ["", "{", "[1,]", "nan", "NaN", "Infinity", "1 2", "{'a':1}", "\"\\ud800\""] {
            assert!(matches!(read(text), Err(Error::Refused(_))), "{text}");
        }
        assert!(matches!(read("1e999"), Err(Error::NotFinite { .. } | Error::Refused(_))));
    }

    #[test]
    fn text_is_nested_to_the_bound_and_no_deeper() {
        let text = |depth| write(&nested(depth));
        assert!(read(&text(MAX_DEPTH)).is_ok());
        assert!(matches!(read(&text(MAX_DEPTH + 1)), Err(Error::TooDeep { .. })));
        assert!(matches!(read(&"[".repeat(100_000)), Err(Error::Refused(_))));
    }

    /// Compares documents including the type of each number, which equality ignores.
    fn same(left: &Json, right: &Json) -> bool {
        format!("{left:?}") == format!("{right:?}")
    }

    proptest! {
        #[test]
        fn text_reads_back_to_the_same(document in any_json()) {
            let metadata = of(document);
            let again = read(metadata.json()).unwrap();
            prop_assert_eq!(again.json(), metadata.json());
            prop_assert_eq!(&again, &metadata);
        }

        #[test]
        fn a_float_reads_back_bit_by_bit(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let again = read(of(Json::Float(number)).json()).unwrap();
            prop_assert!(same(again.document(), &Json::Float(number)));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = read(&text);
        }
    }
}

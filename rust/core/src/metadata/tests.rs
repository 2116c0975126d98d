use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn nested(depth: usize) -> Json {
    (0..depth).fold(Json::Null, |inner, _| Json::Array(vec![inner]))
}

fn object(members: &[(&str, Json)]) -> Json {
    Json::Object(members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

/// Any small document; numbers come from a narrow range, so that equal ones occur.
pub(crate) fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-2_i64..3).prop_map(Json::Integer),
        any::<i128>().prop_map(|integer| Json::BigInteger(integer.into())),
        (-4_i32..5).prop_map(|half| Json::Float(f64::from(half) / 2.0)),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Json::Float),
        ".{0,3}".prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            vec(("[ab]", inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Reference implementation: a text that is identical for equal documents.
fn canonical(value: &Json) -> String {
    match value {
        Json::Null => "null".into(),
        Json::Bool(flag) => flag.to_string(),
        Json::Integer(integer) => integer.to_string(),
        Json::BigInteger(integer) => integer.to_string(),
        Json::Float(number) if number.fract() == 0.0 => (format!("{number:.0}")).replace("-0", "0"),
        Json::Float(number) => number.to_string(),
        Json::String(text) => format!("{text:?}"),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Json::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            sorted.iter().fold(String::new(), |mut text, (key, member)| {
                write!(text, "{key:?}:{},", canonical(member)).unwrap();
                text
            }) + "{}"
        }
    }
}

#[test]
fn a_document_is_nested_to_128_and_no_deeper() {
    assert!(Metadata::new(nested(MAX_DEPTH)).is_ok());
    let error = Metadata::new(nested(MAX_DEPTH + 1)).unwrap_err();
    assert!(error.to_string().starts_with("metadata[0][0]"));
    assert!(error.to_string().contains("nested deeper than 128"));
}

#[test]
fn a_number_that_is_not_finite_is_refused_with_its_path() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let document = object(&[("gain", Json::Array(vec![Json::Null, Json::Float(number)]))]);
        let message = Metadata::new(document).unwrap_err().to_string();
        assert!(message.starts_with("metadata['gain'][1]: "), "{message}");
    }
}

proptest! {
    #[test]
    fn equality_is_that_of_the_canonical_text(left in any_json(), right in any_json()) {
        prop_assert_eq!(left == right, canonical(&left) == canonical(&right));
        prop_assert_eq!(&left, &left.clone());
    }

    #[test]
    fn equal_documents_hash_equal(left in any_json(), right in any_json()) {
        if left == right {
            prop_assert_eq!(hash(&left), hash(&right));
        }
    }

    #[test]
    fn shuffled_members_are_equal_and_hash_equal(
        members in vec(("[a-z]{1,3}", any_json()), 0..6),
    ) {
        let unique: Object = members.into_iter().collect();
        let reversed: Object = unique.clone().into_iter().rev().collect();
        prop_assert_eq!(hash(&Json::Object(unique.clone())), hash(&Json::Object(reversed.clone())));
        prop_assert_eq!(Json::Object(unique), Json::Object(reversed));
    }
}

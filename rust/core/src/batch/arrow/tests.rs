use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::Int16Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
};
use arrow_schema::{DataType, Schema};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::batch::Batch;
use crate::batch::tests::{any_rows, batch, channel};
use crate::channel::Channel;
use crate::error::Error;

fn read(table: &RecordBatch, given: &[Channel]) -> Result<Batch, Error> {
    Batch::from_record_batches(&table.schema(), std::slice::from_ref(table), given, Memory::Shared)
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}

fn times() -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(vec![1, 2]).with_timezone(UTC))
}

fn values() -> ArrayRef {
    Arc::new(Float64Array::from(vec![0.5, 1.5]))
}

fn names() -> ArrayRef {
    Arc::new(StringArray::from(vec!["laser", "laser"]))
}

fn laser() -> Channel {
    channel("laser", "mW", None)
}

fn with(name: &str, column: ArrayRef) -> Result<Batch, Error> {
    let mut columns = [("timestamp", times()), ("value", values()), ("channel", names())];
    let place = columns.iter().position(|(own, _)| *own == name).unwrap();
    columns[place].1 = column;
    read(&table(columns.to_vec()), &[laser()])
}

fn sentence(refused: Result<Batch, Error>) -> String {
    refused.unwrap_err().to_string()
}

#[test]
fn the_big_columns_are_shared_both_ways() {
    let rows = [(1, 0.5, laser()), (2, 1.5, laser())];
    let made = batch(&rows);
    let written = made.to_record_batch().unwrap();
    let again = read(&written, &[]).unwrap();
    assert_eq!(again.values().as_ptr(), made.values().as_ptr());
    assert_eq!(again.timestamps().as_ptr(), made.timestamps().as_ptr());
}

#[test]
fn foreign_columns_are_copied_unless_they_are_shared_on_request() {
    let made = batch(&[(1, 0.5, laser()), (2, 1.5, laser())]);
    let written = made.to_record_batch().unwrap();
    let parts = std::slice::from_ref(&written);
    let copied = Batch::from_record_batches(&written.schema(), parts, &[], Memory::Copied).unwrap();
    assert_eq!(copied, made);
    assert_ne!(copied.values().as_ptr(), made.values().as_ptr());
    assert_ne!(copied.timestamps().as_ptr(), made.timestamps().as_ptr());
}

#[test]
fn the_metadata_are_a_column_only_where_points_of_one_channel_differ() {
    let gain = |gain| channel("laser", "mW", gain);
    let alike = batch(&[(1, 0.5, gain(Some(2))), (2, 0.5, gain(Some(2)))]);
    assert_eq!(alike.schema().fields().len(), 3);
    let text = alike.schema().metadata()[CHANNELS_KEY].clone();
    assert_eq!(text, r#"{"laser":{"unit":"mW","metadata":2}}"#);
    let apart = batch(&[(1, 0.5, gain(Some(2))), (2, 0.5, gain(None))]);
    assert_eq!(apart.schema().field(3).name(), METADATA);
    let text = apart.schema().metadata()[CHANNELS_KEY].clone();
    assert_eq!(text, r#"{"laser":{"unit":"mW","metadata":null}}"#);
    assert_eq!(apart.to_record_batch().unwrap().column(3).null_count(), 1);
}

#[test]
fn an_empty_stream_keeps_its_channels() {
    let empty = batch(&[(1, 0.5, laser())]).slice(0, 0);
    let read = Batch::from_record_batches(&empty.schema(), &[], &[], Memory::Copied).unwrap();
    assert!(read.is_empty());
    assert_eq!(read.channels().as_ref(), [laser()]);
}

#[test]
fn coarser_timestamps_are_scaled_and_refused_beyond_the_range() {
    let microseconds =
        |time| Arc::new(TimestampMicrosecondArray::from(vec![time, 2]).with_timezone("+01:00"));
    assert_eq!(with("timestamp", microseconds(1)).unwrap().timestamps().as_ref(), [1_000, 2_000]);
    let refused = with("timestamp", microseconds(i64::MAX));
    assert!(matches!(refused, Err(Error::TimestampOutOfRange { .. })));
    let seconds = Arc::new(TimestampSecondArray::from(vec![1, 2]).with_timezone(UTC));
    assert_eq!(with("timestamp", seconds).unwrap().timestamps()[0], 1_000_000_000);
}

#[test]
fn numbers_are_converted_where_nothing_is_lost() {
    assert_eq!(
        with("value", Arc::new(UInt8Array::from(vec![1, 255]))).unwrap().values().as_ref(),
        [1.0, 255.0]
    );
    let exact = 1 << 53;
    assert!(with("value", Arc::new(Int64Array::from(vec![exact, -exact]))).is_ok());
    let rounded = with("value", Arc::new(Int64Array::from(vec![0, exact + 1])));
    assert!(sentence(rounded).contains("9007199254740993 in row 1"));
}

#[test]
fn what_would_lose_something_is_refused_by_its_column() {
    let naive: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1, 2]));
    let refused = with("timestamp", naive);
    assert!(matches!(&refused, Err(Error::ColumnType { column, .. }) if column == "timestamp"));
    let refused = with("value", names());
    assert!(matches!(&refused, Err(Error::ColumnType { column, .. }) if column == "value"));
    let null: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), None]));
    assert!(with("value", null).unwrap().values()[1].is_nan());
    let null: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    assert!(sentence(with("value", null)).contains("column value has a null in row 1"));
    let null: ArrayRef = Arc::new(StringArray::from(vec![None, Some("laser")]));
    assert!(sentence(with("channel", null)).contains("column channel has a null in row 0"));
}

#[test]
fn columns_that_are_missing_too_many_or_twice_are_refused() {
    let short = table(vec![("timestamp", times()), ("channel", names())]);
    assert!(sentence(read(&short, &[laser()])).contains("column value is missing"));
    let own = [("timestamp", times()), ("value", values()), ("channel", names())];
    let more = table([&own[..], &[("extra", values())]].concat());
    assert!(sentence(read(&more, &[laser()])).contains("column extra"));
    let twice = table([&own[..], &[("value", values())]].concat());
    assert!(sentence(read(&twice, &[laser()])).contains("column value is there twice"));
}

#[test]
fn a_channel_is_known_by_what_is_given_then_by_the_schema() {
    let rows = [(1, 0.5, channel("laser", "mW", Some(1)))];
    let written = batch(&rows).to_record_batch().unwrap();
    assert_eq!(read(&written, &[]).unwrap().channels()[0], rows[0].2);
    assert_eq!(read(&written, &[laser()]).unwrap().channels()[0], laser());
    let schema = Arc::new(Schema::new(written.schema().fields().clone()));
    let bare = RecordBatch::try_new(schema, written.columns().to_vec()).unwrap();
    assert!(matches!(read(&bare, &[]), Err(Error::UnknownChannel { .. })));
    let without = table(vec![("timestamp", times()), ("value", values())]);
    assert_eq!(read(&without, &[laser()]).unwrap().channels().as_ref(), [laser()]);
    assert!(sentence(read(&without, &[])).contains("column channel is missing"));
}

#[test]
fn a_description_of_another_form_is_refused() {
    let written = batch(&[(1, 0.5, laser())]).to_record_batch().unwrap();
    for text in ["", "[]", "{", r#"{"laser":1}"#, r#"{"laser":{"unit":1}}"#, r#"{"":{"unit":"V"}}"#]
    {
        let metadata = HashMap::from([(CHANNELS_KEY.to_owned(), text.to_owned())]);
        let schema = written.schema().as_ref().clone().with_metadata(metadata);
        assert!(
            Batch::from_record_batches(
                &schema,
                std::slice::from_ref(&written),
                &[],
                Memory::Copied
            )
            .is_err(),
            "{text}"
        );
    }
}

#[test]
fn dictionaries_of_other_keys_are_read_and_unused_names_need_no_unit() {
    let keys = arrow_array::Int16Array::from(vec![1, 1]);
    let names = StringArray::from(vec!["unknown", "laser"]);
    let column = DictionaryArray::<Int16Type>::try_new(keys, Arc::new(names)).unwrap();
    assert_eq!(with("channel", Arc::new(column)).unwrap().channels().as_ref(), [laser()]);
}

#[test]
fn the_schema_is_always_the_same() {
    let schema = batch(&[]).schema();
    let types: Vec<String> =
        schema.fields().iter().map(|field| field.data_type().to_string()).collect();
    assert_eq!(types, ["Timestamp(ns, \"UTC\")", "Float64", "Dictionary(Int32, Utf8)"]);
    assert!(matches!(schema.field(1).data_type(), DataType::Float64));
}

proptest! {
    #[test]
    fn a_batch_comes_back_equal(parts in vec(any_rows(), 1..3)) {
        let batches: Vec<Batch> = parts.iter().map(|part| batch(part)).collect();
        for made in &batches {
            let written = made.to_record_batch().unwrap();
            prop_assert_eq!(&read(&written, &[]).unwrap(), made);
        }
    }

    #[test]
    fn several_record_batches_follow_each_other(rows in any_rows(), at in 0..40_usize) {
        let made = batch(&rows);
        let written = made.to_record_batch().unwrap();
        let at = at.min(rows.len());
        let parts = [written.slice(0, at), written.slice(at, rows.len() - at)];
        let read = Batch::from_record_batches(&written.schema(), &parts, &[], Memory::Copied).unwrap();
        prop_assert_eq!(read, made);
    }
}

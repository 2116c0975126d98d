use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::metadata::{Json, Metadata};

/// A row; a vector of rows is the reference implementation of a batch.
pub(crate) type Row = (i64, f64, Channel);

pub(crate) fn channel(name: &str, unit: &str, gain: Option<i64>) -> Channel {
    let metadata = gain.map(|gain| Metadata::new(Json::Integer(gain)).unwrap());
    Channel::new(name, unit, metadata).unwrap()
}

/// Rows of a few channels; two of them have the same name and different metadata.
pub(crate) fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let channel = prop_oneof![
        Just(channel("laser", "mW", None)),
        Just(channel("laser", "mW", Some(2))),
        Just(channel("lamp", "V", None)),
        Just(channel("bath", "", Some(1))),
    ];
    vec((any::<i64>(), any::<f64>(), channel), 0..40)
}

pub(crate) fn batch(rows: &[Row]) -> Batch {
    let mut builder = BatchBuilder::with_capacity(rows.len()).unwrap();
    for (timestamp_ns, value, channel) in rows {
        let index = builder.index(channel).unwrap();
        builder.push(*timestamp_ns, *value, index).unwrap();
    }
    builder.finish()
}

pub(crate) fn rows(batch: &Batch) -> Vec<Row> {
    let row = |row| {
        let channel = &batch.channels()[batch.index_of(row)];
        (batch.timestamps()[row], batch.values()[row], channel.clone())
    };
    (0..batch.len()).map(row).collect()
}

/// Compares values as points do: NaN equals NaN.
fn same(left: &[Row], right: &[Row]) -> bool {
    let key = |(time, value, channel): &Row| {
        let bits = if value.is_nan() { None } else { Some((value + 0.0).to_bits()) };
        (*time, bits, channel.clone())
    };
    left.iter().map(key).eq(right.iter().map(key))
}

fn of(times: &[i64], channels: &[Channel], indices: Option<&[i32]>) -> Result<Batch, Error> {
    let values: Vec<f64> = vec![0.5; times.len()];
    let indices = indices.map(|indices| indices.to_vec().into());
    Batch::new(times.to_vec().into(), values.into(), channels, indices)
}

#[test]
fn a_row_that_is_none_is_refused() {
    let batch = of(&[1, 2], &[channel("laser", "W", None)], None).unwrap();
    assert_eq!(batch.take(&[0, 2]), Err(Error::NoSuchRow { got: 2, rows: 2 }));
}

proptest! {
    #[test]
    fn rows_come_back_in_their_order(given in any_rows()) {
        let made = batch(&given);
        prop_assert!(same(&rows(&made), &given));
        prop_assert_eq!(made.indices().is_some(), made.channels().len() > 1);
    }

    #[test]
    fn a_slice_of_a_slice_is_that_of_the_rows(
        given in any_rows(), first in 0..50_usize, count in 0..50_usize, again in 0..50_usize,
    ) {
        let outer: Vec<Row> = given.iter().skip(first).take(count).cloned().collect();
        let inner: Vec<Row> = outer.iter().skip(again).take(5).cloned().collect();
        let sliced = batch(&given).slice(first, count).slice(again, 5);
        prop_assert!(same(&rows(&sliced), &inner));
        prop_assert_eq!(sliced, batch(&inner));
    }

    #[test]
    fn taken_rows_are_the_selected_ones(given in any_rows(), picks in vec(any::<prop::sample::Index>(), 0..20)) {
        let picks: Vec<usize> = picks.iter().filter(|_| !given.is_empty())
            .map(|pick| pick.index(given.len())).collect();
        let expected: Vec<Row> = picks.iter().map(|&row| given[row].clone()).collect();
        prop_assert!(same(&rows(&batch(&given).take(&picks).unwrap()), &expected));
    }

    #[test]
    fn concatenated_batches_have_all_rows_in_order(parts in vec(any_rows(), 0..4)) {
        let batches: Vec<Batch> = parts.iter().map(|part| batch(part)).collect();
        let joined = Batch::concat(&batches).unwrap();
        prop_assert!(same(&rows(&joined), &parts.concat()));
        prop_assert_eq!(joined, batch(&parts.concat()));
    }

    #[test]
    fn groups_have_the_rows_of_a_name_in_order_of_appearance(given in any_rows()) {
        let mut names: Vec<&str> = Vec::new();
        for (_, _, channel) in &given {
            if !names.contains(&channel.name()) {
                names.push(channel.name());
            }
        }
        let groups = batch(&given).by_channel().unwrap();
        prop_assert_eq!(groups.len(), names.len());
        for (group, name) in groups.iter().zip(names) {
            let expected: Vec<Row> =
                given.iter().filter(|row| row.2.name() == name).cloned().collect();
            prop_assert!(same(&rows(group), &expected));
            prop_assert!(group.channels().iter().all(|channel| channel.name() == name));
        }
    }

    #[test]
    fn batches_are_equal_when_their_rows_are(left in any_rows(), right in any_rows()) {
        prop_assert_eq!(batch(&left) == batch(&right), same(&left, &right));
        // A channel without rows and another order of the channels make no difference.
        let extra = (0, 0.0, channel("extra", "s", None));
        let more = batch(&[&[extra], &left[..]].concat()).slice(1, left.len());
        prop_assert_eq!(&more, &batch(&left));
        prop_assert_eq!(batch(&left), more);
    }
}

#[test]
fn channels_are_distinct_in_order_and_each_name_has_one_unit() {
    let [mw, gained, lamp] = [("laser", "mW", None), ("laser", "mW", Some(2)), ("lamp", "V", None)]
        .map(|(name, unit, gain)| channel(name, unit, gain));
    let mut entries = Entries::default();
    let given = [&mw, &lamp, &mw, &gained, &lamp].map(Clone::clone);
    assert_eq!(entries.add_all(&given).unwrap(), [0, 1, 0, 2, 1]);
    for wrong in [channel("laser", "W", None), channel("lamp", "mV", None)] {
        assert!(entries.add(&wrong).is_err());
    }
    let mut one = Entries::default();
    one.add(&mw).unwrap();
    assert!(one.add(&channel("laser", "W", None)).is_err());
    assert_eq!(*entries.finish(), [mw, lamp, gained]);
}

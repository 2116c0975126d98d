use arrow_array::RecordBatch;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::batch::Batch;
use crate::batch::tests::{any_rows, batch, channel};
use crate::error::Error;

fn read(table: &RecordBatch) -> Result<Batch, Error> {
    Batch::from_record_batches(&table.schema(), std::slice::from_ref(table), &[], Memory::Shared)
}

#[test]
fn an_empty_stream_keeps_its_channels() {
    let empty = batch(&[(1, 0.5, channel("laser", "mW", None))]).slice(0, 0);
    let read = Batch::from_record_batches(&empty.schema(), &[], &[], Memory::Copied).unwrap();
    assert_eq!((read.len(), read.channels()), (0, empty.channels()));
}

proptest! {
    #[test]
    fn a_batch_comes_back_equal(parts in vec(any_rows(), 1..3)) {
        let batches: Vec<Batch> = parts.iter().map(|part| batch(part)).collect();
        for made in &batches {
            let written = made.to_record_batch().unwrap();
            prop_assert_eq!(&read(&written).unwrap(), made);
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

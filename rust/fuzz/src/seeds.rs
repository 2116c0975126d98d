//! Writes the seeds of the fuzzing targets to a folder: whole recordings, without the beginning that each target adds.

use std::fs;
use std::path::{Path, PathBuf};

use rust_daq::{
    ArrowFormat, Batch, BatchBuilder, Channel, CsvFormat, Existing, Format, Json, Metadata, Place,
    Sync, Writer,
};

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("the folder of the corpora"));
    let tuned = Metadata::new(Json::Integer(2)).unwrap();
    let laser = Channel::new("laser", "mW", None).unwrap();
    let lamp = Channel::new("say \"a\",\nb", "\u{b0}C", None).unwrap();
    let other = Channel::new("laser", "mW", Some(tuned)).unwrap();
    let plain = [of(&[&laser], 3), of(&[&laser, &lamp], 4)];
    let numbered = plain.each_ref().map(|batch| batch.with_first_sequences(Some(&|_| 7)));
    let own = [of(&[&laser, &other], 5)];
    for (index, batches) in [&plain[..], &numbered, &own, &[]].into_iter().enumerate() {
        let channels = [laser.clone(), lamp.clone(), other.clone()];
        let channels = &channels[..if index == 2 { 3 } else { 2 }];
        let format = ArrowFormat::new(channels, index == 2).unwrap();
        seed(&folder.join("arrow"), index, format, batches, b"\xff\xff\xff\xff");
        let format = CsvFormat::new(true, None);
        seed(&folder.join("csv"), index, format, batches, b"timestamp,channel,value,unit");
    }
}

/// Creates a batch whose rows alternate between the channels.
fn of(channels: &[&Channel], rows: i32) -> Batch {
    let mut builder = BatchBuilder::default();
    for row in 0..rows {
        let channel = channels[row.cast_unsigned() as usize % channels.len()];
        let index = builder.index(channel).unwrap();
        builder.push(i64::from(row) * 1_000_000_007, f64::from(row) / 8.0, index).unwrap();
    }
    builder.finish()
}

fn seed<F: Format>(folder: &Path, index: usize, format: F, batches: &[Batch], beginning: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(format!("seed-{index}"));
    let place = Place { path: path.clone(), existing: Existing::Replace, rotate_bytes: None };
    let mut writer = Writer::create(format, place, Sync::None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, bytes.strip_prefix(beginning).unwrap()).unwrap();
}

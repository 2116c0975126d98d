use proptest::prelude::*;

use crate::batch::Batch;
use crate::channel::Channel;
use crate::error::Error;
use crate::metadata::Metadata;
use crate::process::fixtures::{batch, bits, numbered};
use crate::process::{Fft, Iir, Initial, MovingAverage, OnGap, Output, Process, Scaling, Window};

const SECTION: [f64; 6] = [1.0, 0.3, 0.2, 1.0, 0.1, -0.2];

fn means(average: &mut MovingAverage, batch: &Batch) -> Result<Vec<f64>, Error> {
    match average.process(batch)? {
        Output::Batch(batch) => Ok(batch.values().to_vec()),
        Output::Spectra(_) => panic!("means are a batch"),
    }
}

#[test]
fn each_channel_has_a_state_of_its_own() {
    let mut average = MovingAverage::new(2, 1, OnGap::Reset).unwrap();
    let first = batch(&[("a", 1.0), ("b", 10.0), ("a", 3.0)]);
    assert_eq!(means(&mut average, &first), Ok(vec![1.0, 10.0, 2.0]));
    assert_eq!(means(&mut average, &batch(&[("b", 20.0)])), Ok(vec![15.0]));
    assert_eq!(means(&mut average, &batch(&[("a", 5.0), ("c", 7.0)])), Ok(vec![4.0, 7.0]));
}

#[test]
fn a_gap_is_one_of_its_channel_alone() {
    let gap = |on_gap| {
        let mut average = MovingAverage::new(2, 1, on_gap).unwrap();
        let rows = [("a", 1.0), ("b", 10.0)];
        means(&mut average, &numbered(&rows, &|_| 4)).unwrap();
        let later = numbered(&rows.map(|(name, value)| (name, 3.0 * value)), &|name| {
            if name == "a" { 5 } else { 9 }
        });
        let before = average.state().unwrap();
        let got = means(&mut average, &later);
        (got, average.state().unwrap() == before)
    };
    assert_eq!(gap(OnGap::Reset), (Ok(vec![2.0, 30.0]), false));
    assert_eq!(gap(OnGap::Continue), (Ok(vec![2.0, 20.0]), false));
    let refused = Error::Gap { channel: "b".to_owned(), expected: 5, got: 9 };
    assert_eq!(gap(OnGap::Raise), (Err(refused), true));
}

#[test]
fn samples_that_nobody_numbered_have_no_gap() {
    let mut average = MovingAverage::new(2, 1, OnGap::Raise).unwrap();
    means(&mut average, &numbered(&[("a", 1.0)], &|_| 4)).unwrap();
    assert_eq!(means(&mut average, &batch(&[("a", 3.0)])), Ok(vec![2.0]));
    assert_eq!(means(&mut average, &numbered(&[("a", 5.0)], &|_| 90)), Ok(vec![4.0]));
}

/// The processors that make a value of each.
fn maps() -> [Box<dyn Process>; 4] {
    [
        Box::new(MovingAverage::new(3, 1, OnGap::Reset).unwrap()),
        Box::new(MovingAverage::new(40, 2, OnGap::Reset).unwrap()),
        Box::new(Iir::new(&[SECTION], Initial::Zero, OnGap::Reset).unwrap()),
        Box::new(Iir::new(&[SECTION; 5], Initial::Steady, OnGap::Reset).unwrap()),
    ]
}

fn made(processor: &mut dyn Process, batch: &Batch) -> Vec<f64> {
    match processor.process(batch).unwrap() {
        Output::Batch(batch) => batch.values().to_vec(),
        Output::Spectra(_) => panic!("a value of each"),
    }
}

fn fft(on_gap: OnGap) -> Fft {
    Fft::new(4, 2, 10.0, Window::Hann, Scaling::Density, on_gap).unwrap()
}

proptest! {
    #[test]
    fn interleaved_channels_give_what_separate_ones_give(
        rows in prop::collection::vec((prop::sample::select(vec!["a", "b", "c"]), -1e6..1e6_f64), 0..200),
        cut in 0_usize..200,
    ) {
        let all = batch(&rows);
        for (mut together, apart) in maps().into_iter().zip(0..) {
            let mut got = made(&mut *together, &all.slice(0, cut));
            got.extend(made(&mut *together, &all.slice(cut, usize::MAX)));
            for name in ["a", "b", "c"] {
                let of_name: Vec<_> = rows.iter().filter(|row| row.0 == name).copied().collect();
                let expected = made(&mut *maps()[apart], &batch(&of_name));
                let got = rows.iter().zip(&got).filter(|(row, _)| row.0 == name);
                let got: Vec<f64> = got.map(|(_, value)| *value).collect();
                prop_assert_eq!(bits(&got), bits(&expected));
            }
        }
    }
}

#[test]
fn channels_of_one_name_are_one_stream() {
    let channels = ["first", "second"].map(|place| {
        let metadata = Metadata::from_json(&format!("\"{place}\"")).unwrap();
        Channel::new("a", "V", Some(metadata)).unwrap()
    });
    let indices = Some(vec![1, 0, 1].into());
    let rows = Batch::new(vec![0, 1, 2].into(), vec![2.0, 4.0, 6.0].into(), &channels, indices);
    let mut average = MovingAverage::new(2, 1, OnGap::Reset).unwrap();
    assert_eq!(means(&mut average, &rows.unwrap()), Ok(vec![2.0, 3.0, 5.0]));
}

#[test]
fn a_refused_gap_changes_no_state() {
    let rows = [("a", 1.0), ("b", 2.0), ("a", 3.0)];
    let first = numbered(&rows, &|_| 0);
    // Of the one channel nothing is missing, and another one is new.
    let gap =
        numbered(&[("a", 1.0), ("c", 5.0), ("b", 2.0)], &|name| if name == "b" { 7 } else { 2 });
    let mut average = MovingAverage::new(3, 1, OnGap::Raise).unwrap();
    let mut filter = Iir::new(&[SECTION], Initial::Steady, OnGap::Raise).unwrap();
    let mut fft = fft(OnGap::Raise);
    let processors: [&mut dyn Process; 3] = [&mut average, &mut filter, &mut fft];
    for processor in processors {
        processor.process(&first).unwrap();
    }
    let states = [average.state().unwrap(), filter.state().unwrap(), fft.state().unwrap()];
    let processors: [&mut dyn Process; 3] = [&mut average, &mut filter, &mut fft];
    for processor in processors {
        let refused = processor.process(&gap).err();
        let expected = Error::Gap { channel: "b".to_owned(), expected: 1, got: 7 };
        assert_eq!(refused, Some(expected));
    }
    assert_eq!([average.state().unwrap(), filter.state().unwrap(), fft.state().unwrap()], states);
}

#[test]
fn a_state_in_which_a_channel_comes_twice_is_refused() {
    let mut filter = Iir::new(&[SECTION], Initial::Zero, OnGap::Reset).unwrap();
    filter.process(&batch(&[("a", 1.0), ("b", 1.0)])).unwrap();
    let state = filter.state().unwrap();
    let twice: Vec<u8> = state.iter().map(|&byte| if byte == b'b' { b'a' } else { byte }).collect();
    let refused = filter.restore(&twice).err();
    assert_eq!(refused, Some(Error::State { problem: "a channel comes twice" }));
    assert_eq!(filter.state().unwrap(), state);
}

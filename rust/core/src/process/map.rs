//! Processors with one output value per sample.

use arrow_buffer::ScalarBuffer;

use super::channels::Channels;
use super::gap::OnGap;
use super::groups::Groups;
use super::kernel::Kernel;
use super::{Output, Process, Shape};
use crate::batch::{Batch, gathered};
use crate::column::zeroed;
use crate::error::Error;

/// A kernel with one output value per sample.
pub trait Map: Kernel {
    /// Processes `input`; both lengths are equal.
    fn extend(&mut self, input: &[f64], output: &mut [f64]);
}

/// A processor with one output value per sample, and a state for each channel.
#[derive(Debug)]
pub struct Mapper<K>(pub(super) Channels<K>);

impl<K: Map> Process for Mapper<K> {
    fn process(&mut self, batch: &Batch) -> Result<Output, Error> {
        let groups = Groups::new(batch)?;
        let arrivals = &groups.arrivals[..];
        let mut values = zeroed(batch.len())?;
        let grouped = groups
            .rows
            .as_deref()
            .map(|rows| Ok((rows, gathered(batch.values(), rows)?, zeroed(batch.len())?)));
        let grouped = grouped.transpose()?;
        let places = self.0.admit(arrivals)?;
        match (grouped, places.as_slice()) {
            (None, &[place]) => self.0.kernel(place).extend(batch.values(), &mut values),
            (None, _) => {}
            (Some((rows, gathered, mut made)), places) => {
                let (mut input, mut output) = (&*gathered, made.as_mut_slice());
                for (arrival, &place) in arrivals.iter().zip(places) {
                    let (now, later) = input.split_at(arrival.rows);
                    let (sums, rest) = output.split_at_mut(arrival.rows);
                    self.0.kernel(place).extend(now, sums);
                    (input, output) = (later, rest);
                }
                rows.iter().zip(made).for_each(|(&row, value)| values[row] = value);
            }
        }
        batch.with_values(ScalarBuffer::from(values)).map(Output::Batch)
    }

    fn shape(&self, values: usize) -> Shape {
        Shape::Line([values])
    }

    fn process_values(&mut self, input: &[f64], output: &mut [f64]) -> Result<(), Error> {
        assert_eq!(input.len(), output.len(), "as many results as values");
        self.0.values.extend(input, output);
        Ok(())
    }

    fn on_gap(&self) -> OnGap {
        self.0.on_gap
    }

    fn reset(&mut self) {
        self.0.clear();
    }

    fn state(&self) -> Result<Vec<u8>, Error> {
        self.0.state()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), Error> {
        self.0 = self.0.restored(state)?;
        Ok(())
    }
}

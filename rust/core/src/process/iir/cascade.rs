//! Cascaded sections.

use std::sync::Arc;

use multiversion::{multiversion, target::target_cfg_f};

use super::Initial;
use super::section::Section;
use crate::error::Error;
use crate::process::kernel::Kernel;
use crate::process::map::Map;
use crate::process::state::{Reader, Writer};

/// The number of sections in one pass over the samples; more do not fit into the registers.
const TOGETHER: usize = 4;

/// The number of samples in a chunk, which all sections process before the next one; it stays in the L1 cache.
const CHUNK: usize = 1024;

/// At the end of a chunk, smaller states are set to 0.
///
/// After a burst, a state would decay to subnormal numbers and stay there, where arithmetic is slow.
const REST: f64 = 1e-300;

/// A filter and its state.
#[derive(Debug, Clone)]
pub struct Cascade {
    pub(super) filter: Arc<Filter>,
    states: Vec<[f64; 2]>,
    started: bool,
    /// The number of processed samples in the current chunk. Chunks are counted from the first sample of the stream, so
    /// that a state is set to 0 at the same sample for any split of the input.
    passed: usize,
}

/// The parameters.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) rows: Vec<[f64; 6]>,
    pub(super) sections: Vec<Section>,
    pub(super) initial: Initial,
    /// The states at a first sample of 1.
    start: Vec<[f64; 2]>,
}

impl Cascade {
    pub(super) fn new(rows: &[[f64; 6]], initial: Initial) -> Result<Self, Error> {
        if rows.is_empty() {
            let problem = "sos must have at least one row of b0, b1, b2, a0, a1, a2, got none";
            return Err(Error::Refused(problem.to_owned()));
        }
        let of_row = |(index, row)| Section::new(row, index);
        let sections = rows.iter().enumerate().map(of_row).collect::<Result<Vec<_>, _>>()?;
        let start = match initial {
            Initial::Zero => vec![[0.0; 2]; rows.len()],
            Initial::Steady => steady(&sections)?,
        };
        let filter = Filter { rows: rows.to_vec(), sections, initial, start };
        let states = vec![[0.0; 2]; rows.len()];
        Ok(Self { filter: Arc::new(filter), states, started: false, passed: 0 })
    }

    /// Filters samples that all belong to the current chunk.
    fn extend_chunk(&mut self, input: &[f64], output: &mut [f64]) {
        output.copy_from_slice(input);
        let sections = self.filter.sections.chunks(TOGETHER);
        for (sections, states) in sections.zip(self.states.chunks_mut(TOGETHER)) {
            filter(sections, states, output);
        }
        self.passed += input.len();
        if self.passed == CHUNK {
            self.passed = 0;
            for state in self.states.as_flattened_mut() {
                if state.abs() < REST {
                    *state = 0.0;
                }
            }
        }
    }
}

impl Map for Cascade {
    fn extend(&mut self, input: &[f64], output: &mut [f64]) {
        if let (false, Some(first)) = (self.started, input.first()) {
            let start = self.filter.start.iter();
            // Zero states stay zero, even if the first sample is infinite.
            let scaled = |number: f64| if number == 0.0 { 0.0 } else { number * first };
            self.states = start.map(|start| start.map(scaled)).collect();
            self.started = true;
        }
        let (head, tail) = input.split_at(input.len().min(CHUNK - self.passed));
        let (first, rest) = output.split_at_mut(head.len());
        self.extend_chunk(head, first);
        for (input, output) in tail.chunks(CHUNK).zip(rest.chunks_mut(CHUNK)) {
            self.extend_chunk(input, output);
        }
    }
}

/// Computes the steady states of all sections for a first sample of 1; each receives the output of the previous one.
fn steady(sections: &[Section]) -> Result<Vec<[f64; 2]>, Error> {
    let mut input = 1.0;
    let state = |(index, section): (usize, &Section)| {
        let (states, response) = section.steady().ok_or_else(|| {
            Error::Refused(format!(
                "initial is 'steady', but sos[{index}] has no steady state: its response to a constant does not \
                 settle; pass initial='zero'"
            ))
        })?;
        let scaled = states.map(|state| state * input);
        input *= response;
        Ok(scaled)
    };
    sections.iter().enumerate().map(state).collect()
}

/// Filters the samples in place, with up to [`TOGETHER`] sections.
fn filter(sections: &[Section], states: &mut [[f64; 2]], samples: &mut [f64]) {
    match sections.len() {
        1 => filter_by::<1>(sections, states, samples),
        2 => filter_by::<2>(sections, states, samples),
        3 => filter_by::<3>(sections, states, samples),
        _ => filter_by::<TOGETHER>(sections, states, samples),
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn filter_by<const N: usize>(sections: &[Section], states: &mut [[f64; 2]], samples: &mut [f64]) {
    // Without the instruction, a fused multiply-add is a slow function call.
    let fused = target_cfg_f!(any(target_feature = "fma", target_arch = "aarch64"));
    let add = |sum: f64, left: f64, right: f64| {
        if fused { left.mul_add(right, sum) } else { left * right + sum }
    };
    let (Some(sections), Some(states)) =
        (sections.first_chunk::<N>(), states.first_chunk_mut::<N>())
    else {
        return;
    };
    let sections = *sections;
    let mut now = *states;
    for sample in samples {
        let mut input = *sample;
        for (section, [first, second]) in sections.iter().zip(&mut now) {
            let output = add(*first, section.b0, input);
            let next = add(add(*second, section.c1, input), -section.a1, *first);
            *second = add(section.c2 * input, -section.a2, *first);
            *first = next;
            input = output;
        }
        *sample = input;
    }
    *states = now;
}

impl Kernel for Cascade {
    const MARK: &'static [u8] = b"iir 2";

    fn fresh(&self) -> Result<Self, Error> {
        let mut fresh = self.clone();
        fresh.clear();
        Ok(fresh)
    }

    fn clear(&mut self) {
        self.states.fill([0.0; 2]);
        (self.started, self.passed) = (false, 0);
    }

    fn save(&self, state: &mut Writer) -> Result<(), Error> {
        state.length(self.states.len())?;
        state.flag(self.started)?;
        state.length(self.passed)?;
        self.states.iter().try_for_each(|states| state.floats(states))
    }

    fn load(&self, state: &mut Reader<'_>) -> Result<Self, Error> {
        state.expect(self.states.len(), "its number of sections differs")?;
        let mut loaded = self.clone();
        loaded.started = state.flag()?;
        loaded.passed = state.length(CHUNK - 1)?;
        for states in &mut loaded.states {
            state.floats_into(states)?;
        }
        Ok(loaded)
    }
}

//! A state for each channel.

use std::collections::HashMap;

use arrow_buffer::ScalarBuffer;

use super::gap::OnGap;
use super::groups::Groups;
use super::kernel::{Kernel, Map};
use super::state::{Reader, Writer, wrong};
use crate::batch::{Batch, gathered};
use crate::column::zeroed;
use crate::error::Error;

/// The states of all channels that came, by name.
#[derive(Debug)]
pub(super) struct Channels<K> {
    on_gap: OnGap,
    streams: Vec<Stream<K>>,
    /// The place of each name among the streams.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct Stream<K> {
    kernel: K,
    /// The sequence number of the sample that comes next, where that is known.
    next: Option<u64>,
}

/// The rows of one name in a batch.
pub(super) struct Arrival<'a> {
    pub(super) name: &'a str,
    pub(super) rows: usize,
    /// The sequence number of the first row, where that is known.
    pub(super) first: Option<u64>,
}

impl<K: Kernel> Channels<K> {
    pub(super) fn new(on_gap: OnGap) -> Self {
        Self { on_gap, streams: Vec::new(), places: HashMap::new() }
    }

    pub(super) const fn on_gap(&self) -> OnGap {
        self.on_gap
    }

    pub(super) fn clear(&mut self) {
        self.streams.clear();
        self.places.clear();
    }

    /// The state that goes on with these rows; `None` where they begin a new one.
    pub(super) fn going_on(&self, arrival: &Arrival<'_>) -> Option<&K> {
        let place = *self.places.get(arrival.name)?;
        let forgotten = self.on_gap == OnGap::Reset && self.gap(arrival, place).is_some();
        (!forgotten).then(|| &self.streams[place].kernel)
    }

    /// What is missing between the last row of a name and these.
    fn gap(&self, arrival: &Arrival<'_>, place: usize) -> Option<Error> {
        let (expected, got) = self.streams[place].next.zip(arrival.first)?;
        let channel = || arrival.name.to_owned();
        (expected != got).then(|| Error::Gap { channel: channel(), expected, got })
    }

    /// The place of the state of each name that came, fit to go on with its rows.
    ///
    /// All that can fail does so before anything is changed.
    pub(super) fn admit(
        &mut self,
        arrivals: &[Arrival<'_>],
        pattern: &K,
    ) -> Result<Vec<usize>, Error> {
        let known = |arrival: &Arrival<'_>| self.places.get(arrival.name).copied();
        let known: Vec<Option<usize>> = arrivals.iter().map(known).collect();
        let gap =
            |(arrival, place): (_, &Option<usize>)| place.and_then(|at| self.gap(arrival, at));
        let gaps: Vec<Option<Error>> = arrivals.iter().zip(&known).map(gap).collect();
        if self.on_gap == OnGap::Raise
            && let Some(gap) = gaps.iter().flatten().next()
        {
            return Err(gap.clone());
        }
        for (arrival, place) in arrivals.iter().zip(&known) {
            if let Some(place) = *place {
                self.streams[place].kernel.prepare(arrival.rows)?;
            }
        }
        let missing = known.iter().filter(|place| place.is_none()).count();
        let fresh = (0..missing).map(|_| pattern.fresh());
        let mut fresh = fresh.collect::<Result<Vec<_>, _>>()?;
        // They are taken from the end.
        let unknown = arrivals.iter().zip(&known).filter(|(_, place)| place.is_none());
        for (kernel, (arrival, _)) in fresh.iter_mut().rev().zip(unknown) {
            kernel.prepare(arrival.rows)?;
        }
        let mut admitted = Vec::with_capacity(arrivals.len());
        for ((arrival, place), gap) in arrivals.iter().zip(known).zip(gaps) {
            let place = place.or_else(|| {
                let kernel = fresh.pop()?;
                self.places.insert(arrival.name.to_owned(), self.streams.len());
                self.streams.push(Stream { kernel, next: None });
                Some(self.streams.len() - 1)
            });
            // There are as many fresh ones as are missing.
            let Some(place) = place else { continue };
            let stream = &mut self.streams[place];
            if gap.is_some() && self.on_gap == OnGap::Reset {
                stream.kernel.clear();
            }
            stream.next = arrival.first.map(|first| first.wrapping_add(arrival.rows as u64));
            admitted.push(place);
        }
        Ok(admitted)
    }

    pub(super) fn kernel(&mut self, place: usize) -> &mut K {
        &mut self.streams[place].kernel
    }

    pub(super) fn kernels(&self) -> impl Iterator<Item = &K> {
        self.streams.iter().map(|stream| &stream.kernel)
    }

    pub(super) fn save(&self, state: &mut Writer) -> Result<(), Error> {
        let mut names: Vec<_> = self.places.iter().collect();
        names.sort_unstable();
        state.length(names.len())?;
        for (name, &place) in names {
            let Stream { kernel, next } = &self.streams[place];
            state.length(name.len())?;
            state.bytes(name.as_bytes())?;
            state.flag(next.is_some())?;
            state.number(next.unwrap_or(0))?;
            kernel.save(state)?;
        }
        Ok(())
    }

    pub(super) fn load(on_gap: OnGap, pattern: &K, state: &mut Reader<'_>) -> Result<Self, Error> {
        let mut channels = Self::new(on_gap);
        // Nothing is reserved: each channel has to show its bytes first.
        for _ in 0..state.number()? {
            let length = state.length(usize::MAX)?;
            let name = str::from_utf8(state.take(length)?);
            let name = name.map_err(|_| wrong("a name is no UTF-8"))?.to_owned();
            let known = state.flag()?;
            let number = state.number()?;
            let stream = Stream { next: known.then_some(number), kernel: pattern.load(state)? };
            if channels.places.insert(name, channels.streams.len()).is_some() {
                return Err(wrong("a channel comes twice"));
            }
            channels.streams.push(stream);
        }
        Ok(channels)
    }
}

impl<K: Map> Channels<K> {
    /// The batch with a value for each of its values, made by the state of the row's channel.
    pub(super) fn map(&mut self, batch: &Batch, pattern: &K) -> Result<Batch, Error> {
        let groups = Groups::new(batch)?;
        let arrivals = groups.arrivals();
        let mut values = zeroed(batch.len())?;
        let grouped = groups
            .rows()
            .map(|rows| Ok((rows, gathered(batch.values(), rows)?, zeroed(batch.len())?)));
        let grouped = grouped.transpose()?;
        let places = self.admit(arrivals, pattern)?;
        match (grouped, places.as_slice()) {
            (None, &[place]) => self.kernel(place).extend(batch.values(), &mut values),
            (None, _) => {}
            (Some((rows, gathered, mut made)), places) => {
                let (mut input, mut output) = (&*gathered, made.as_mut_slice());
                for (arrival, &place) in arrivals.iter().zip(places) {
                    let (now, later) = input.split_at(arrival.rows);
                    let (sums, rest) = output.split_at_mut(arrival.rows);
                    self.kernel(place).extend(now, sums);
                    (input, output) = (later, rest);
                }
                rows.iter().zip(made).for_each(|(&row, value)| values[row] = value);
            }
        }
        batch.with_values(ScalarBuffer::from(values))
    }
}

#[cfg(test)]
mod tests;

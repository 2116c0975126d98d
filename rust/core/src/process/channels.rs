//! The states of a processor, one for each channel.

use std::collections::HashMap;

use super::arrival::Arrival;
use super::gap::OnGap;
use super::kernel::Kernel;
use super::state::{Reader, Writer, wrong};
use crate::error::Error;

/// The states of all channels so far, by name, and the state of values without a channel.
#[derive(Debug)]
pub(super) struct Channels<K> {
    pub(super) on_gap: OnGap,
    /// The state of values without a channel; it has the parameters of all states.
    pub(super) values: K,
    streams: Vec<Stream<K>>,
    /// The index of each name's stream.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct Stream<K> {
    kernel: K,
    /// The sequence number of the next sample, if known.
    next: Option<u64>,
}

impl<K> Stream<K> {
    /// Returns the expected and the actual sequence number, if samples are missing.
    fn gap(&self, arrival: &Arrival<'_>) -> Option<(u64, u64)> {
        self.next.zip(arrival.first).filter(|(expected, got)| expected != got)
    }
}

impl<K: Kernel> Channels<K> {
    pub(super) fn new(values: K, on_gap: OnGap) -> Self {
        Self { on_gap, values, streams: Vec::new(), places: HashMap::new() }
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.streams.clear();
        self.places.clear();
    }

    /// Returns the state that continues with these rows; `None` if they begin a new one.
    pub(super) fn going_on(&self, arrival: &Arrival<'_>) -> Option<&K> {
        let place = *self.places.get(arrival.name)?;
        let forgotten = self.on_gap == OnGap::Reset && self.streams[place].gap(arrival).is_some();
        (!forgotten).then(|| &self.streams[place].kernel)
    }

    /// Returns the index of each name's state, prepared for its rows.
    ///
    /// Everything that can fail happens before any state changes.
    pub(super) fn admit(&mut self, arrivals: &[Arrival<'_>]) -> Result<Vec<usize>, Error> {
        let known = |arrival: &Arrival<'_>| self.places.get(arrival.name).copied();
        let known: Vec<Option<usize>> = arrivals.iter().map(known).collect();
        for (arrival, place) in arrivals.iter().zip(&known) {
            if self.on_gap == OnGap::Raise
                && let Some(place) = *place
                && let Some((expected, got)) = self.streams[place].gap(arrival)
            {
                return Err(Error::Refused(format!(
                    "channel '{}' continues with sample {got}, but sample {expected} was expected; \
                     pass the samples without a gap, or on_gap='reset' or 'continue'",
                    arrival.name
                )));
            }
        }
        for (arrival, place) in arrivals.iter().zip(&known) {
            if let Some(place) = *place {
                self.streams[place].kernel.prepare(arrival.rows)?;
            }
        }
        let missing = known.iter().filter(|place| place.is_none()).count();
        let fresh = (0..missing).map(|_| self.values.fresh());
        let mut fresh = fresh.collect::<Result<Vec<_>, _>>()?;
        // Fresh states are taken from the end.
        let unknown = arrivals.iter().zip(&known).filter(|(_, place)| place.is_none());
        for (kernel, (arrival, _)) in fresh.iter_mut().rev().zip(unknown) {
            kernel.prepare(arrival.rows)?;
        }
        let mut admitted = Vec::with_capacity(arrivals.len());
        for (arrival, place) in arrivals.iter().zip(known) {
            let place = place.or_else(|| {
                let kernel = fresh.pop()?;
                self.places.insert(arrival.name.to_owned(), self.streams.len());
                self.streams.push(Stream { kernel, next: None });
                Some(self.streams.len() - 1)
            });
            // There are as many fresh states as missing ones.
            let Some(place) = place else { continue };
            let stream = &mut self.streams[place];
            if self.on_gap == OnGap::Reset && stream.gap(arrival).is_some() {
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

    /// Serializes all states.
    pub(super) fn state(&self) -> Result<Vec<u8>, Error> {
        let mut state = Writer::of(K::MARK);
        self.values.save(&mut state)?;
        let mut names: Vec<_> = self.places.iter().collect();
        names.sort_unstable();
        state.length(names.len())?;
        for (name, &place) in names {
            let Stream { kernel, next } = &self.streams[place];
            state.length(name.len())?;
            state.bytes(name.as_bytes())?;
            state.flag(next.is_some())?;
            state.number(next.unwrap_or(0))?;
            kernel.save(&mut state)?;
        }
        Ok(state.finish())
    }

    /// Deserializes states with the same parameters.
    pub(super) fn restored(&self, bytes: &[u8]) -> Result<Self, Error> {
        let mut state = Reader::of(bytes, K::MARK)?;
        let mut channels = Self::new(self.values.load(&mut state)?, self.on_gap);
        // No memory is reserved, because the count is not trusted: each channel must first show its bytes.
        for _ in 0..state.number()? {
            let length = state.length(usize::MAX)?;
            let name = str::from_utf8(state.take(length)?);
            let name = name.map_err(|_| wrong("a name is not UTF-8"))?.to_owned();
            let known = state.flag()?;
            let number = state.number()?;
            let kernel = self.values.load(&mut state)?;
            if channels.places.insert(name, channels.streams.len()).is_some() {
                return Err(wrong("a channel appears twice"));
            }
            channels.streams.push(Stream { kernel, next: known.then_some(number) });
        }
        state.finish()?;
        Ok(channels)
    }
}

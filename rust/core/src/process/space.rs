//! Scratch memory that begins at a cache line.

/// The bytes of a cache line.
const LINE: usize = 64;

/// Numbers aligned to a cache line; reused, because clearing them takes longer than a short call.
///
/// Allocations begin anywhere, and a vector that crosses two cache lines takes twice as long to read.
#[derive(Debug, Default)]
pub(super) struct Space<T = f64>(Vec<T>);

impl<T: Copy + Default> Space<T> {
    /// The most numbers before the first cache line.
    const BEFORE: usize = LINE / size_of::<T>();

    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Creates space for `count` numbers.
    pub(super) fn of(count: usize) -> Self {
        Self(vec![T::default(); count + Self::BEFORE])
    }

    /// Returns `count` numbers with arbitrary values, or those of the last call with the same count.
    #[inline]
    pub(super) fn numbers(&mut self, count: usize) -> &mut [T] {
        if self.0.len() < count + Self::BEFORE {
            self.0.resize(count + Self::BEFORE, T::default());
        }
        let first = self.first();
        &mut self.0[first..first + count]
    }

    /// Returns the first `count` numbers of the last call.
    #[inline]
    pub(super) fn known(&self, count: usize) -> &[T] {
        &self.0[self.first()..][..count]
    }

    #[inline]
    fn first(&self) -> usize {
        self.0.as_ptr().align_offset(LINE).min(Self::BEFORE)
    }
}

impl<T: Copy + Default> Clone for Space<T> {
    /// Copies the numbers, because the memory of the copy may begin at another distance from a cache line.
    fn clone(&self) -> Self {
        let Some(count) = self.0.len().checked_sub(Self::BEFORE) else { return Self::new() };
        let mut copy = Self::of(count);
        copy.numbers(count).copy_from_slice(self.known(count));
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::Space;

    #[test]
    fn numbers_are_known_later_also_to_copies() {
        for count in 0..40_u8 {
            let mut space: Space<(f64, u64)> = Space::of(count.into());
            let entries = || (0..count).map(|entry| (f64::from(entry), 7));
            space
                .numbers(count.into())
                .iter_mut()
                .zip(entries())
                .for_each(|(place, entry)| *place = entry);
            for each in [&space.clone(), &space] {
                assert!(each.known(count.into()).iter().copied().eq(entries()));
                assert_eq!(each.known(0).as_ptr().addr() % 64, 0);
            }
        }
        assert_eq!(Space::<f64>::new().clone().0.len(), 0);
    }

    #[test]
    fn numbers_are_aligned_to_a_cache_line() {
        let mut spaces: Vec<Space> = (0..20).map(|_| Space::new()).collect();
        for (count, space) in spaces.iter_mut().enumerate() {
            let numbers = space.numbers(17 * count);
            assert_eq!(numbers.len(), 17 * count);
            assert_eq!(numbers.as_ptr().addr() % 64, 0);
        }
    }

    #[test]
    fn a_longer_request_replaces_a_shorter_one() {
        let mut space: Space = Space::new();
        assert_eq!(space.numbers(3).len(), 3);
        assert_eq!(space.numbers(3_000).len(), 3_000);
        assert_eq!(space.numbers(2).len(), 2);
    }
}

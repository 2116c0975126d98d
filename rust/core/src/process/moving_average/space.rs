//! Scratch memory for sums.

/// The number of floats in a cache line.
const LINE: usize = 8;

/// Floats aligned to a cache line; reused, because clearing them takes longer than a short call.
///
/// Allocations begin anywhere, and a vector that crosses two cache lines takes twice as long to read.
#[derive(Debug, Clone, Default)]
pub(super) struct Space(Vec<f64>);

impl Space {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns `count` floats with arbitrary values.
    pub(super) fn floats(&mut self, count: usize) -> &mut [f64] {
        if self.0.len() < count + LINE {
            self.0.resize(count + LINE, 0.0);
        }
        let first = self.0.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        &mut self.0[first..first + count]
    }
}

#[cfg(test)]
mod tests {
    use super::Space;

    #[test]
    fn floats_are_aligned_to_a_cache_line() {
        let mut spaces: Vec<Space> = (0..20).map(|_| Space::new()).collect();
        for (count, space) in spaces.iter_mut().enumerate() {
            let floats = space.floats(17 * count);
            assert_eq!(floats.len(), 17 * count);
            assert_eq!(floats.as_ptr().addr() % 64, 0);
        }
    }

    #[test]
    fn a_longer_request_replaces_a_shorter_one() {
        let mut space = Space::new();
        assert_eq!(space.floats(3).len(), 3);
        assert_eq!(space.floats(3_000).len(), 3_000);
        assert_eq!(space.floats(2).len(), 2);
    }
}

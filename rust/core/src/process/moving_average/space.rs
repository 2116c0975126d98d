//! Where sums are made.

/// How many floats a line of the cache holds.
const LINE: usize = 8;

/// Floats that begin with a line of the cache; kept, since to clear them for a short call takes longer than the call.
///
/// Where an allocation begins is a matter of luck, and a vector that crosses two lines takes twice as long to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Space(Vec<f64>);

impl Space {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// So many floats, of whatever values.
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
    fn floats_begin_with_a_line_of_the_cache() {
        let mut spaces: Vec<Space> = (0..20).map(|_| Space::new()).collect();
        for (count, space) in spaces.iter_mut().enumerate() {
            let floats = space.floats(17 * count);
            assert_eq!(floats.len(), 17 * count);
            assert_eq!(floats.as_ptr().addr() % 64, 0);
        }
    }

    #[test]
    fn a_longer_one_takes_the_place_of_a_shorter_one() {
        let mut space = Space::new();
        assert_eq!(space.floats(3).len(), 3);
        assert_eq!(space.floats(3_000).len(), 3_000);
        assert_eq!(space.floats(2).len(), 2);
    }
}

//! The rows of one name in a batch.

/// The rows of one name in a batch.
pub(super) struct Arrival<'a> {
    pub(super) name: &'a str,
    pub(super) rows: usize,
    /// The sequence number of the first row, if known.
    pub(super) first: Option<u64>,
}

//! The cells of a channel, which are the same in each of its rows.

use crate::channel::Channel;

/// What stands around the value in the rows of a channel.
#[derive(Debug)]
pub(super) struct Cells {
    /// A comma, the name and another comma.
    pub(super) before: Vec<u8>,
    /// A comma and the unit.
    pub(super) after: Vec<u8>,
}

impl Cells {
    pub(super) fn of(channel: &Channel) -> Self {
        let before = format!(",{},", cell(channel.name())).into_bytes();
        let after = format!(",{}", cell(channel.unit())).into_bytes();
        Self { before, after }
    }

    /// The bytes of both.
    pub(super) fn length(&self) -> usize {
        self.before.len() + self.after.len()
    }
}

/// A text as a cell, quoted where it has to be.
fn cell(text: &str) -> String {
    // Some readers strip spaces that are not quoted.
    if text.trim() == text && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_text_that_some_readers_would_strip_is_quoted() {
        assert_eq!([" a", "a ", "a b"].map(cell), ["\" a\"", "\"a \"", "a b"]);
    }
}

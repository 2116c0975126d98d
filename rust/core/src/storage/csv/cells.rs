//! The cells that are the same in all rows of a channel.

use crate::channel::Channel;

/// The text around the value in the rows of a channel.
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

    /// The number of bytes of both.
    pub(super) fn length(&self) -> usize {
        self.before.len() + self.after.len()
    }
}

/// Formats a text as a cell, quoted if necessary.
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
    fn text_with_surrounding_spaces_is_quoted() {
        assert_eq!([" a", "a ", "a b"].map(cell), ["\" a\"", "\"a \"", "a b"]);
    }
}

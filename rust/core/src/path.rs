//! The position of a value in a metadata document.

use std::fmt;

/// The number of steps that a long path shows from each end.
const SHOWN: usize = 6;

/// The longest part of a key that a path shows, in characters.
const KEY_SHOWN: usize = 60;

/// One step down into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into an object, by key.
    Key(String),
    /// Into an array, by index.
    Index(usize),
}

/// The path from the document to a value, displayed as `metadata['laser']['modes'][3]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    /// Innermost first, because the path is built while an error is returned, at no cost without an error.
    steps: Vec<Step>,
}

impl Path {
    /// Prepends a step of the surrounding container.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("metadata")?;
        let count = self.steps.len();
        for (position, step) in self.steps.iter().rev().enumerate() {
            if position < SHOWN || position + SHOWN >= count {
                write_step(step, out)?;
            } else if position == SHOWN {
                out.write_str("[...]")?;
            }
        }
        Ok(())
    }
}

fn write_step(step: &Step, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match step {
        Step::Index(index) => write!(out, "[{index}]"),
        Step::Key(key) => write_key(key, out),
    }
}

fn write_key(key: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str("['")?;
    for character in key.chars().take(KEY_SHOWN) {
        match character {
            '"' => out.write_str("\"")?,
            other => write!(out, "{}", other.escape_debug())?,
        }
    }
    out.write_str(if key.chars().nth(KEY_SHOWN).is_some() { "...']" } else { "']" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(steps: &[Step]) -> String {
        steps.iter().rev().cloned().fold(Path::default(), Path::inside).to_string()
    }

    #[test]
    fn quotes_in_keys_are_escaped() {
        assert_eq!(path(&[Step::Key("it's\n\"".into())]), r#"metadata['it\'s\n"']"#);
    }

    #[test]
    fn a_long_path_and_a_long_key_are_shortened() {
        let steps: Vec<_> = (0..100).map(Step::Index).collect();
        let text = path(&steps);
        assert_eq!(text, "metadata[0][1][2][3][4][5][...][94][95][96][97][98][99]");
        assert!(path(&[Step::Key("k".repeat(1000))]).len() < 100);
    }
}

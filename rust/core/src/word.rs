//! Enums that are parsed from words.

/// Implements parsing and display of an enum whose variants are words; the error lists the valid words.
macro_rules! words {
    ($choice:ident, $argument:literal, $wanted:literal, $($name:ident = $word:literal),+) => {
        impl $choice {
            /// Returns the word of the variant.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }

        impl std::str::FromStr for $choice {
            type Err = $crate::error::Error;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$name),)+
                    _ => Err($crate::error::Error::word($argument, word, $wanted)),
                }
            }
        }
    };
}

pub(crate) use words;

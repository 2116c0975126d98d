//! Choices of a few words.

/// Gives each choice of an enum its word; any other word is refused with those that are wanted.
macro_rules! words {
    ($choice:ident, $argument:literal, $wanted:literal, $($name:ident = $word:literal),+) => {
        impl $choice {
            /// The word for it.
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

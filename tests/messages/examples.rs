//! A list of examples that must have every variant.

/// Makes a module `$name` of examples. Each row is a pattern and a value of it; the patterns make an
/// exhaustive `match`, so that a variant without a row does not compile. `$text` makes the texts in the
/// values, and can be told to make hostile ones.
macro_rules! examples {
    ($name:ident, $type:ty, $text:ident; $($pattern:pat => $example:expr),+ $(,)?) => {
        pub mod $name {
            use super::*;

            /// Each example, with the row that it stands in.
            pub fn all($text: fn(&str) -> String) -> Vec<(&'static str, $type)> {
                vec![$((stringify!($pattern), $example)),+]
            }

            /// The row that a value belongs to.
            pub fn row(value: &$type) -> &'static str {
                match value {
                    $($pattern => stringify!($pattern)),+
                }
            }
        }
    };
}

pub(crate) use examples;

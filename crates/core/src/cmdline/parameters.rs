//! The parameters that perch reads: the list that the parser goes by, and that perch-boot-parameters(7) is compared with.

/// Every parameter that [`parse`](super::parse) knows, sorted. Other words never reach it, but for those that only look
/// like one of these and get a complaint.
pub const PARAMETERS: [&str; 26] = [
    "asktimeout",
    "bext",
    "debug",
    "from",
    "frommissing",
    "fromwait",
    "init",
    "lang",
    "load",
    "locale.LANG",
    "locales",
    "noload",
    "perch",
    "perchdir",
    "perchforce",
    "perchgrow",
    "perchlang",
    "perchlease",
    "perchmode",
    "perchname",
    "perchsize",
    "perchtries",
    "perchwait",
    "timing",
    "toram",
    "union",
];

/// What other live systems call persistence: whoever writes one of these expects changes to be kept.
const LOOKALIKES: [&str; 3] = ["persistence", "persistent", "persist"];

/// Whether a word of this name is one of [`PARAMETERS`].
pub(super) fn is_known(name: &str) -> bool {
    PARAMETERS.contains(&name)
}

/// Whether somebody who wrote a word of this name, which is none of [`PARAMETERS`], may have meant one.
pub(super) fn looks_like_one(name: &str) -> bool {
    !is_known(name) && (LOOKALIKES.contains(&name) || name.starts_with("perch"))
}

#[cfg(test)]
mod tests {
    use super::super::{LANGUAGE, parse};
    use super::*;
    use crate::request::Request;

    /// One of these means something to each parameter.
    const VALUES: [&str; 10] = [
        "", "=7", "=1G", "=raw", "=aufs", "=de", "=trim", "=reboot", "=/x", "=:",
    ];

    #[test]
    fn the_parser_does_something_with_each_of_them() {
        for name in PARAMETERS {
            let does = VALUES.iter().any(|value| {
                let (request, oddities) = parse(&format!("{name}{value}"));
                request != Request::default() || !oddities.is_empty()
            });
            assert!(does, "{name} is listed, but nothing comes of it");
        }
    }

    #[test]
    fn they_are_sorted_and_named_once() {
        assert!(PARAMETERS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn the_language_is_read_from_listed_parameters_only() {
        for name in LANGUAGE {
            assert!(is_known(name), "{name}");
        }
    }
}

//! What cannot be said in a loader's language, and is refused rather than changed: paths and parameters. Texts for
//! people are not looked at here, they are made fit.

use perch_core::cmdline;

use super::{Loader, Menu};

/// Why a menu cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MenuError {
    /// A path that a loader cannot be told.
    #[error(
        "{path:?} cannot stand in a menu: a path there begins with / and is made of letters, digits and ._+-~/"
    )]
    Path {
        /// As given.
        path: String,
    },
    /// Kernel parameters that a loader cannot hand over as they are.
    #[error("the kernel parameters {options:?} cannot stand in a menu: {problem}")]
    Options {
        /// As given.
        options: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The name of an entry, which loaders use.
    #[error("{id:?} is no name of an entry; use letters, digits, - and _, and each name once")]
    Id {
        /// As given.
        id: String,
    },
    /// Nothing to choose from.
    #[error("the menu has no entry; give it at least one")]
    Empty,
    /// A template with a word that nobody fills in.
    #[error("line {line} of the template has the unknown word @{word}@; write one of {known}")]
    Word {
        /// From 1.
        line: usize,
        /// Without its @ signs.
        word: String,
        /// Those that there are.
        known: String,
    },
    /// A template without a word that our file cannot be without.
    #[error("the template lacks the word @{word}@; put it on a line of its own")]
    WordMissing {
        /// Without its @ signs.
        word: &'static str,
    },
}

/// What all parameters of an entry may take, in bytes: kernels for PCs read 2047, and loaders add some.
const LONGEST: usize = 1800;

pub(super) fn check(menu: &Menu, loader: Loader) -> Result<(), MenuError> {
    for file in [&menu.kernel, &menu.initrd] {
        path(file)?;
    }
    path(&format!("/{}", menu.grub_dir))?;
    path(&format!("/{}", menu.syslinux_dir))?;
    if menu.entries.is_empty() {
        return Err(MenuError::Empty);
    }
    let mut ids: Vec<&str> = Vec::new();
    for entry in &menu.entries {
        if !is_id(&entry.id) || ids.contains(&entry.id.as_str()) {
            return Err(MenuError::Id {
                id: entry.id.clone(),
            });
        }
        ids.push(&entry.id);
        options(&entry.parameters, loader)?;
    }
    let all = menu.all_options();
    let longest = menu
        .entries
        .iter()
        .map(|entry| entry.parameters.len())
        .max();
    let language = "perchlang=pt_BR locales=pt_BR.UTF-8";
    if all.len() + longest.unwrap_or(0) + language.len() + 2 > LONGEST {
        return Err(MenuError::Options {
            options: all,
            problem: "with those of an entry they are longer than 1800 bytes; leave some out",
        });
    }
    options(&all, loader)
}

/// Absolute, and of characters that need no quotes in any loader.
fn path(path: &str) -> Result<(), MenuError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-~/".contains(c);
    let fits = path.starts_with('/')
        && path.len() > 1
        && !path.ends_with('/')
        && path.chars().all(plain)
        && path.split('/').all(|part| part != "..");
    match fits {
        true => Ok(()),
        false => Err(MenuError::Path { path: path.into() }),
    }
}

/// `language` and what begins with `session-` are ours.
fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !id.is_empty()
        && id.len() <= 32
        && id.chars().all(plain)
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id != "language"
        && !id.starts_with("session-")
}

fn options(options: &str, loader: Loader) -> Result<(), MenuError> {
    let problem = if !options.chars().all(|c| matches!(c, ' '..='~')) {
        Some("they hold something else than printable ASCII; leave that out")
    } else if !options.matches('"').count().is_multiple_of(2) {
        Some("a quote is not closed; close it")
    } else if options.split_ascii_whitespace().any(|word| word == "--") {
        Some("the kernel reads nothing behind --; leave that out")
    } else if loader == Loader::Grub && options.contains(['\\', '\'']) {
        // grub-core/lib/cmdline.c puts a backslash before each, which the kernel keeps.
        Some("GRUB changes \\ and '; leave them out")
    } else if loader == Loader::Grub
        && cmdline::words(options)
            .iter()
            .any(|word| value(word).contains('"'))
    {
        Some("a quote inside of a word is changed by GRUB; put it around the word or its value")
    } else {
        None
    };
    match problem {
        Some(problem) => Err(MenuError::Options {
            options: options.into(),
            problem,
        }),
        None => Ok(()),
    }
}

/// A word as one argument, without the quotes that hold it together.
pub(super) fn value(word: &cmdline::Word) -> String {
    match &word.value {
        Some(value) => format!("{}={value}", word.name),
        None => word.name.clone(),
    }
}

//! One file of a menu: what is there, what is to be there, and what that means.

use perch_medium::menu::{MADE_BY, MenuFile, own_lines};
use perch_sys::dir::{Content, read_bounded};
use serde::Serialize;
use similar::TextDiff;

use super::MenuFailure;
use super::medium::Medium;

/// The longest menu that is read; ours take a few KiB.
const LONGEST: usize = 1 << 20;
/// How many copies of one file are kept at most.
const MAX_BACKUPS: u32 = 99;

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Action {
    /// There was none.
    Create,
    /// It has changed.
    Replace,
    /// It is as it should be.
    Unchanged,
    /// It belongs to the loader, and is there.
    Left,
    /// Somebody else made it.
    Refused,
}

/// A file, compared.
#[derive(Debug)]
pub(super) struct File {
    /// Its path on the medium.
    pub(super) path: String,
    /// What it holds now; absent if there is none.
    pub(super) old: Option<Vec<u8>>,
    /// What it is to hold.
    pub(super) new: String,
    pub(super) action: Action,
    /// The name beside it under which the old content is kept, where somebody else made it.
    pub(super) backup: Option<String>,
}

impl File {
    pub(super) fn is_change(&self) -> bool {
        matches!(self.action, Action::Create | Action::Replace)
    }

    /// The directory on the medium, and the name in it.
    pub(super) fn place(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }

    /// What changes, for people: all of a new file, else the lines that differ.
    pub(super) fn difference(&self) -> Option<String> {
        if !self.is_change() {
            return None;
        }
        let path = &self.path;
        // The loader writes this one; there is nothing in it to read.
        if self.new.len() == 1024 && path.ends_with("/grubenv") {
            return Some(format!(
                "--- /dev/null\n+++ {path}\n(room for GRUB to remember the language in)\n"
            ));
        }
        let old = self.old.as_deref().map(String::from_utf8_lossy);
        let from = if old.is_some() { path } else { "/dev/null" };
        let diff = TextDiff::from_lines(old.as_deref().unwrap_or_default(), &self.new);
        Some(diff.unified_diff().header(from, path).to_string())
    }
}

/// Compares what was rendered with what is on the medium.
pub(super) fn compare(medium: &Medium, file: MenuFile, force: bool) -> Result<File, MenuFailure> {
    let path = file.path;
    let old = match read(medium, &path)? {
        Content::Absent => None,
        Content::Bytes { bytes, .. } => Some(bytes),
        Content::NotAFile => return Err(MenuFailure::NotAFile { path }),
        // Nothing of ours is that long.
        Content::TooLarge { .. } => {
            return Ok(File {
                path,
                old: None,
                new: file.text,
                action: Action::Refused,
                backup: None,
            });
        }
    };
    let mut compared = File {
        path,
        old,
        new: file.text,
        action: Action::Create,
        backup: None,
    };
    let Some(old) = &compared.old else {
        return Ok(compared);
    };
    if file.once {
        compared.action = Action::Left;
        return Ok(compared);
    }
    let text = std::str::from_utf8(old)
        .ok()
        .filter(|text| text.contains(MADE_BY));
    let Some(text) = text else {
        compared.action = Action::Refused;
        if force {
            compared.action = Action::Replace;
            compared.backup = Some(backup_name(medium, &compared)?);
        }
        return Ok(compared);
    };
    compared.new =
        own_lines::carry_over(text, &compared.new).map_err(|source| MenuFailure::Marks {
            path: compared.path.clone(),
            source,
        })?;
    compared.action = match compared.new == text {
        true => Action::Unchanged,
        false => Action::Replace,
    };
    Ok(compared)
}

/// Refuses to go on if somebody else's files are in the way: all are named.
pub(super) fn refuse_strangers(files: &[File]) -> Result<(), MenuFailure> {
    let refused = files.iter().filter(|file| file.action == Action::Refused);
    let paths: Vec<String> = refused.map(|file| file.path.clone()).collect();
    match paths.is_empty() {
        true => Ok(()),
        false => Err(MenuFailure::NotOurs { paths }),
    }
}

/// The text of a file that perch made; `None` for any other, and where there is none.
pub(super) fn ours(medium: &Medium, path: &str) -> Result<Option<String>, MenuFailure> {
    let Content::Bytes { bytes, .. } = read(medium, path)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).ok();
    Ok(text.filter(|text| text.contains(MADE_BY)))
}

fn read(medium: &Medium, path: &str) -> Result<Content, MenuFailure> {
    read_bounded(&medium.dir, path, LONGEST).map_err(|source| MenuFailure::Read {
        path: path.to_owned(),
        source,
    })
}

/// The first name that is free: an older copy may be the only one of something.
fn backup_name(medium: &Medium, file: &File) -> Result<String, MenuFailure> {
    let (dir, name) = file.place();
    for number in 1..=MAX_BACKUPS {
        let number = if number == 1 {
            String::new()
        } else {
            number.to_string()
        };
        let backup = format!("{name}.bak{number}");
        if read(medium, &format!("{dir}/{backup}"))? == Content::Absent {
            return Ok(backup);
        }
    }
    Err(MenuFailure::NotOurs {
        paths: vec![file.path.clone()],
    })
}

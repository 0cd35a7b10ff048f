//! Writing menus: all of them, or the old ones stay.

use std::os::fd::OwnedFd;

use perch_sys::dir::make_path_in_root;
use perch_sys::replace::{ReplaceError, remove_leftovers, replace_file, replace_with_backup};
use rustix::fs::{AtFlags, fsync, unlinkat};

use super::MenuFailure;
use super::file::File;
use super::medium::Medium;
use super::writable::Writable;
use crate::output::Output;

/// Everybody may read a menu.
const MODE: u32 = 0o644;

/// Writes what has changed. The medium is made writable for that time if it is not.
pub(super) fn write(medium: &Medium, files: &[File], output: &Output) -> Result<(), MenuFailure> {
    let writable = Writable::make(medium)?;
    let written = write_all(medium, files);
    if let Err(error) = writable.put_back() {
        let why = perch_core::cause::Causes(&error);
        output.notice(format!(
            "the medium stays writable until it is unmounted: {why}"
        ));
    }
    written
}

fn write_all(medium: &Medium, files: &[File]) -> Result<(), MenuFailure> {
    let mut places = Vec::new();
    for file in files.iter().filter(|file| file.is_change()) {
        let (dir, name) = file.place();
        let failed = |source| MenuFailure::Directory {
            path: file.path.clone(),
            source,
        };
        let dir = make_path_in_root(&medium.dir, dir).map_err(failed)?;
        places.push((file, dir, name));
    }
    // On FAT, what a power cut left has to go before anything else is written.
    for (file, dir, name) in &places {
        remove_leftovers(dir, &[name]).map_err(|source| failed(file, source))?;
    }
    for (done, (file, dir, name)) in places.iter().enumerate() {
        let Err(source) = replace(file, dir, name) else {
            continue;
        };
        // This one too: if only its sync failed it has the new content already.
        let left = put_back(places.get(..=done).unwrap_or_default());
        return Err(match left.is_empty() {
            true => failed(file, source),
            false => MenuFailure::Half {
                path: file.path.clone(),
                left,
                source: Box::new(source),
            },
        });
    }
    Ok(())
}

fn failed(file: &File, source: ReplaceError) -> MenuFailure {
    MenuFailure::Write {
        path: file.path.clone(),
        source: Box::new(source),
    }
}

fn replace(file: &File, dir: &OwnedFd, name: &str) -> Result<(), ReplaceError> {
    let new = file.new.as_bytes();
    match &file.backup {
        Some(backup) => replace_with_backup(dir, name, backup, new, MODE),
        None => replace_file(dir, name, new, MODE),
    }
}

/// Gives files their old content; returns those that kept the new one.
fn put_back(places: &[(&File, OwnedFd, &str)]) -> Vec<String> {
    let mut left = Vec::new();
    for (file, dir, name) in places.iter().rev() {
        let now = perch_sys::dir::read_bounded(dir, name, file.new.len());
        let has_new = matches!(
            now,
            Ok(perch_sys::dir::Content::Bytes { bytes, .. }) if bytes == file.new.as_bytes()
        );
        if !has_new {
            continue;
        }
        let restored = match &file.old {
            Some(old) => replace_file(dir, name, old, MODE).is_ok(),
            None => unlinkat(dir, *name, AtFlags::empty()).is_ok() && fsync(dir).is_ok(),
        };
        if !restored {
            left.push(file.path.clone());
        }
    }
    left
}

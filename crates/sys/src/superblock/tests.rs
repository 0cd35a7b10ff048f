//! Real images against `blkid`; bytes written by hand for what no tool makes without a device;
//! `hostile` for bytes that are none of these.

use std::fs::File;
use std::path::Path;

use perch_core::fs::FsKind;

use super::{ReadAt, Superblock, read};
use images::{GARBLED, RECIPES, blkid, make};

mod flags;
mod hostile;
mod images;
mod mixed;

/// What is on an image, which must be readable.
fn probe(source: &impl ReadAt) -> Option<Superblock> {
    read(source).expect("the first bytes can be read")
}

fn probe_file(path: &Path) -> Option<Superblock> {
    probe(&File::open(path).expect("an image"))
}

fn kind(source: &impl ReadAt) -> Option<FsKind> {
    probe(source).map(|found| found.kind)
}

/// Kind, label and UUID as `blkid` prints them; it may not be installed.
fn assert_as_blkid(name: &str, image: &Path) {
    let Some(wanted) = blkid(image) else {
        return;
    };
    let found = probe_file(image);
    let found = found.as_ref();
    let wanted = ["TYPE", "LABEL", "UUID"].map(|key| wanted.get(key).map(String::as_str));
    let found = [
        found.map(|found| found.kind.word()),
        found.and_then(|found| found.label.as_deref()),
        found.and_then(|found| found.uuid.as_deref()),
    ];
    assert_eq!(found, wanted, "{name}");
}

#[test]
fn what_the_tools_make_is_found_as_blkid_finds_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for recipe in &RECIPES {
        if let Some(image) = make(recipe, &dir) {
            assert_as_blkid(recipe.name, &image);
        }
    }
}

#[test]
fn a_new_file_system_is_clean_and_claims_its_size() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for recipe in &RECIPES {
        let Some(image) = make(recipe, &dir) else {
            continue;
        };
        let len = image.metadata().expect("the image").len();
        let Some(found) = probe_file(&image) else {
            assert_eq!(recipe.name, "empty");
            continue;
        };
        assert!(!found.needs_recovery, "{}", recipe.name);
        assert!(!found.errors, "{}", recipe.name);
        let unclaimed = found.bytes.map(|bytes| len.checked_sub(bytes));
        match (unclaimed, recipe.slack) {
            (Some(Some(unclaimed)), Some(slack)) if unclaimed <= slack => {}
            (None, None) => {}
            _ => panic!("{}: {:?} of {len}", recipe.name, found.bytes),
        }
    }
}

#[test]
fn labels_that_blkid_garbles_are_whole() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (recipe, label) in &GARBLED {
        if let Some(image) = make(recipe, &dir) {
            let found = probe_file(&image).and_then(|found| found.label);
            assert_eq!(found.as_deref(), Some(*label), "{}", recipe.name);
        }
    }
}

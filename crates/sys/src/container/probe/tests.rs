use std::fs;
use std::path::Path;

use super::*;
use crate::mount::{self, Options};
use crate::test_namespace::isolated;

fn empty(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}

#[test]
fn privileged_a_file_system_for_systems_holds_a_native_session() {
    isolated(|dir| {
        native(dir::open_dir(dir).unwrap()).unwrap();
        assert!(empty(dir), "the trial is gone");
    });
}

#[test]
fn privileged_what_a_file_system_lacks_is_named() {
    isolated(|dir| {
        // A file system for systems in every way but that it keeps no attributes.
        let ramfs = mount::mount_device("ramfs", "ramfs", &Options::default()).unwrap();
        let place = dir.join("ramfs");
        fs::create_dir(&place).unwrap();
        mount::attach_path(ramfs, &place).unwrap();
        let error = native(dir::open_dir(&place).unwrap()).unwrap_err();
        let ProbeError::Lacks(lacks) = &error else {
            panic!("{error}");
        };
        assert_eq!(lacks, &[Ability::Attributes]);
        assert!(error.to_string().contains("trusted.overlay"), "{error}");
        assert!(empty(&place), "the trial is gone");
    });
}

#[test]
fn privileged_a_full_medium_says_nothing_of_what_it_can_hold() {
    isolated(|dir| {
        let options = Options::default().with("nr_inodes", "2");
        let full = mount::mount_device("tmpfs", "full", &options).unwrap();
        let place = dir.join("full");
        fs::create_dir(&place).unwrap();
        mount::attach_path(full, &place).unwrap();
        let error = native(dir::open_dir(&place).unwrap()).unwrap_err();
        assert!(matches!(error, ProbeError::NotTried(_)), "{error}");
        assert!(empty(&place), "the trial is gone");
    });
}

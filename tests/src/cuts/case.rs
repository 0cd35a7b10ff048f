//! What is recorded: a medium, a boot, and what the running system does in it.

use serde_json::{Value, json};

use super::load::Load;
use super::log::SECTOR;
use crate::disk::{EXFAT, EXT4, Medium, VFAT};
use crate::scenario::Scenario;

/// Large enough for the system and for the journal that mke2fs gives small disks; each state is a copy of it.
const SIZE_MIB: u64 = 40;
/// The same for a container and what is put into it.
const LOADED_MIB: u64 = 256;

/// One boot whose writes are cut short.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is cut, in a few words; unique.
    pub name: &'static str,
    /// The file system of the medium.
    pub medium: Medium,
    /// The medium before the boot; its steps are not used.
    pub medium_before: Scenario,
    /// The kernel command line of the boot that is recorded.
    pub cmdline: &'static str,
    /// Files made in it, one after the other, each synced: its name at the root, which is also its text.
    pub kept: &'static [&'static str],
    /// The kernel command line of the boot after the cut.
    pub next: &'static str,
    /// Whether the boot after the cut opens a session; on FAT, where none can be native, and with a damaged one it does not.
    pub resumes: bool,
    /// What the disk writes whole or not at all, in bytes. ext4 counts on more than a sector: its superblock has two
    /// sectors and one checksum, and no copy of it is looked for when it is mounted.
    pub unit: usize,
    /// A text that no cut may take out of the store, whatever file it is in.
    pub never_lost: Option<String>,
    /// What the running system does in a session with a container, if it is one.
    pub load: Option<Loaded>,
    /// Whether the tests try a slice of it.
    pub in_tests: bool,
}

/// A load in a container, and how many states are judged by it.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    /// What is done.
    pub load: Load,
    /// The file that the session's container must have.
    pub container: &'static str,
    /// So many of its states are judged, at random: there are too many for all.
    pub states: usize,
}

/// What the session of a load keeps its files in.
#[derive(Clone, Copy)]
enum Keeps {
    Dynfilefs,
    Raw,
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let damaged = "{ \"default\": \"2\", \"sess";
    vec![
        case(
            "ext4: first boot of an empty store",
            EXT4,
            "perch",
            &["kept-1", "kept-2"],
        ),
        Case {
            medium_before: two_sessions(EXT4),
            ..case(
                "ext4: another session becomes the default",
                EXT4,
                "perchdir=1",
                &["kept"],
            )
        },
        Case {
            medium_before: two_sessions(EXT4).store("session.json", damaged),
            never_lost: Some(damaged.to_owned()),
            ..case(
                "ext4: damaged metadata is set aside",
                EXT4,
                "perch",
                &["kept"],
            )
        },
        Case {
            medium_before: two_sessions(EXT4)
                .store("3/changes", "a file where a directory belongs")
                .store("session.json", metadata("3", &["1", "2", "3"]))
                .store("session.conf", ""),
            resumes: false,
            ..case(
                "ext4: a session that does not open is marked",
                EXT4,
                "perch",
                &[],
            )
        },
        Case {
            medium_before: two_sessions(VFAT),
            ..case(
                "vfat: a fresh start clears the running session",
                VFAT,
                "",
                &[],
            )
        },
        Case {
            medium_before: many_sessions(VFAT),
            ..case(
                "vfat: the same with files of several clusters",
                VFAT,
                "",
                &[],
            )
        },
        loaded(
            EXT4,
            "ext4: a dynfilefs session under load",
            Keeps::Dynfilefs,
            200,
        ),
        loaded(
            VFAT,
            "vfat: a dynfilefs session under load",
            Keeps::Dynfilefs,
            50,
        ),
        Case {
            in_tests: false,
            ..loaded(
                EXFAT,
                "exfat: a dynfilefs session under load",
                Keeps::Dynfilefs,
                50,
            )
        },
        // To compare with: what is lost here too, no container can keep.
        Case {
            in_tests: false,
            ..loaded(EXT4, "ext4: a raw session under load", Keeps::Raw, 50)
        },
    ]
}

/// A session with a container, under load, in so many states. Not of the default size: a raw one would be too large.
fn loaded(medium: Medium, name: &'static str, keeps: Keeps, states: usize) -> Case {
    let (cmdline, container) = match keeps {
        Keeps::Dynfilefs => ("perch perchmode=dynfilefs perchsize=128", "changes.dat"),
        Keeps::Raw => ("perch perchmode=raw perchsize=128", "changes.img"),
    };
    let load = Load {
        seed: 1,
        syncs: 600,
        archives: 4,
        files: 1000,
    };
    Case {
        medium_before: empty(medium).size_mib(LOADED_MIB),
        resumes: true,
        load: Some(Loaded {
            load,
            container,
            states,
        }),
        ..case(name, medium, cmdline, &[])
    }
}

fn case(
    name: &'static str,
    medium: Medium,
    cmdline: &'static str,
    kept: &'static [&'static str],
) -> Case {
    Case {
        name,
        medium,
        medium_before: empty(medium),
        cmdline,
        kept,
        next: "perch",
        resumes: medium.name == EXT4.name,
        unit: if medium.name == EXT4.name {
            4096
        } else {
            SECTOR
        },
        never_lost: None,
        load: None,
        in_tests: true,
    }
}

fn empty(medium: Medium) -> Scenario {
    Scenario::new("cuts").medium(medium).size_mib(SIZE_MIB)
}

fn two_sessions(medium: Medium) -> Scenario {
    let ids = ["1", "2"];
    with_sessions(empty(medium), "2", &ids)
}

/// So many that the metadata does not fit in one cluster and the store's directory not in one sector.
fn many_sessions(medium: Medium) -> Scenario {
    let ids = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    ];
    with_sessions(empty(medium), "12", &ids)
}

fn with_sessions(scenario: Scenario, default: &str, ids: &[&str]) -> Scenario {
    let text = metadata(default, ids);
    // As perch itself would have left it.
    let scenario = match perch_core::metadata::json::parse(&text) {
        Ok((parsed, _)) => scenario
            .store("session.json", perch_core::metadata::json::write(&parsed))
            .store("session.conf", perch_core::metadata::conf::write(&parsed)),
        Err(_) => scenario,
    };
    let scenario = scenario.store("session.json.bak", text);
    ids.iter()
        .fold(scenario, |scenario, id| scenario.session(id))
}

fn metadata(default: &str, ids: &[&str]) -> String {
    let entry = json!({
        "mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs"
    });
    let sessions: serde_json::Map<String, Value> = ids
        .iter()
        .map(|id| ((*id).to_owned(), entry.clone()))
        .collect();
    format!(
        "{:#}\n",
        json!({ "default": default, "running": default, "sessions": sessions })
    )
}

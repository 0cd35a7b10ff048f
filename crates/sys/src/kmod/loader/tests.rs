//! What can be told without a kernel that takes modules: files that are no modules, refused in
//! different ways. Real loading is tested in virtual machines.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use rustix::io::Errno;
use tempfile::TempDir;

use super::{Loaded, Loader};
use crate::kmod::{Index, KmodError};

fn loader(dir: &TempDir, cmdline: &str) -> Loader {
    Loader::new(Index::open(dir.path()), cmdline)
}

/// `a` needs `b`, whose file is missing; `c` has a file of rubbish, `d` packed rubbish.
fn broken() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "modules.dep",
            "perch_a.ko: perch_b.ko\nperch_b.ko:\nperch_c.ko:\nperch_d.ko.zst:\n",
        ),
        (
            "modules.alias",
            "alias fs-c perch_c\nalias pci:c* perch_c\nalias pci:c* perch_a\n",
        ),
        ("modules.builtin", "kernel/builtin.ko\n"),
        ("perch_a.ko", "not loaded, as b is not"),
        ("perch_c.ko", "rubbish"),
        ("perch_d.ko.zst", "rubbish"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

#[test]
fn errors_name_the_module_and_the_reason() {
    let dir = broken();
    let loader = loader(&dir, "");
    assert_eq!(
        loader.load("perch-a"),
        Err(KmodError::Dependency {
            module: "perch_a".into(),
            needs: "perch_b".into()
        })
    );
    assert_eq!(
        loader.load("perch-b"),
        Err(KmodError::Read {
            module: "perch_b".into(),
            path: dir.path().join("perch_b.ko"),
            source: Errno::NOENT
        })
    );
    assert_eq!(loader.load("builtin"), Ok(Loaded::Builtin));
    for name in ["none", "pci:nobody", "../perch_c"] {
        let unknown = KmodError::Unknown { name: name.into() };
        assert_eq!(loader.load(name), Err(unknown), "{name}");
    }
    assert_eq!(
        Loader::new(Index::open("/nonexistent"), "").load("x"),
        Err(KmodError::Index {
            path: PathBuf::from("/nonexistent/modules.dep"),
            source: Errno::NOENT
        })
    );
}

/// The kernel's answer to rubbish depends on who asks (EPERM, ENOEXEC) and on whether it knows
/// modules at all (ENOSYS); that it is told, and once only, does not.
#[test]
fn a_batch_tries_every_module_once_whatever_fails() {
    let dir = broken();
    let loader = loader(&dir, "");
    let names = [
        "perch_c",
        "fs-c",
        "pci:c1",
        "perch_a",
        "none",
        "pci:nobody",
        "none",
        "perch_c",
    ];
    let outcomes = loader.load_many(names, 3, &AtomicBool::new(false));
    let mut tried: Vec<&str> = outcomes.iter().map(|o| o.module.as_str()).collect();
    tried.sort_unstable();
    assert_eq!(tried, ["none", "perch_a", "perch_b", "perch_c"]);
    assert!(outcomes.iter().all(|o| o.result.is_err()), "{outcomes:?}");
    assert_eq!(loader.report(), outcomes);
    assert_eq!(loader.load_many(names, 1, &AtomicBool::new(false)), []);
}

#[test]
fn nothing_is_begun_after_the_stop() {
    let dir = broken();
    let loader = loader(&dir, "");
    let stop = AtomicBool::new(true);
    assert_eq!(loader.load_many(["perch_c", "none"], 2, &stop), []);
    assert_eq!(
        loader.load_unless("perch_c", &stop),
        Err(KmodError::Stopped {
            module: "perch_c".into()
        })
    );
    assert_eq!(loader.report(), []);
}

#[test]
fn packed_rubbish_is_an_error() {
    let dir = broken();
    let error = loader(&dir, "").load("perch_d").unwrap_err();
    // Which of the two depends on whether the kernel has the packed way in.
    assert!(
        matches!(
            error,
            KmodError::Decompress { .. } | KmodError::Refused { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn the_blacklist_holds_for_devices_and_not_for_names() {
    let dir = broken();
    let loader = loader(&dir, "modprobe.blacklist=perch_c,perch_a");
    let name = "pci:c1";
    let unknown = KmodError::Unknown { name: name.into() };
    assert_eq!(loader.load(name), Err(unknown));
    assert_eq!(loader.report(), []);
    assert!(loader.load("perch_c").is_err());
    assert_eq!(loader.report().len(), 1);
}

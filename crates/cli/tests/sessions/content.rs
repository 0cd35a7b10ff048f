//! What is in sessions, and containers that were cut off.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use perch_core::session::Mode;
use perch_manage::content::{Access, Content};
use perch_manage::tree::{Progress, compare};
use perch_sys::dir::open_dir;
use perch_sys::{loopdev, mount};

use crate::perch::Namespace;
use crate::samples;
use crate::store::Store;

pub(crate) fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A store with a native session 1 that has everything in it.
pub(crate) fn with_everything() -> Store {
    let store = Store::on_disk();
    store.perch("create").ok();
    let tree = store.path("1/changes");
    fs::create_dir_all(&tree).unwrap();
    fs::create_dir_all(store.path("1/workdir/work")).unwrap();
    samples::special(&tree);
    store
}

/// In what the trees of two sessions differ, the second of which may be raw.
pub(crate) fn differences(a: &Path, b: &Path, mode: Mode) -> Vec<String> {
    let open = |dir: &Path, mode| {
        let session = open_dir(dir).unwrap();
        Content::of(session.as_fd(), mode, None, Access::Read).unwrap()
    };
    let (a, b) = (open(a, Mode::Native), open(b, mode));
    let found = compare(a.tree(), b.tree(), &mut go_on).unwrap();
    found.iter().map(ToString::to_string).collect()
}

/// Nothing that was in use is left: neither loop devices nor working directories.
pub(crate) fn assert_tidy(store: &Store) {
    for entry in fs::read_dir("/sys/block").unwrap() {
        let file = entry.unwrap().path().join("loop/backing_file");
        let file = fs::read_to_string(file).unwrap_or_default();
        assert!(!file.starts_with(store.dir_text()), "{file}");
    }
    let hidden = |path: &&std::path::PathBuf| path.to_string_lossy().contains("/.tmp_");
    assert_eq!(store.all_paths().iter().find(hidden), None);
}

/// Cuts the container of session `id` off: what is written to it is in its journal only.
pub(crate) fn cut_off(store: &Store, id: u32) {
    let image = store.path(&format!("{id}/changes.img"));
    let copy = store.path("cut.img");
    {
        let file = File::options().read(true).write(true).open(&image).unwrap();
        let config = loopdev::Config {
            read_only: false,
            ..loopdev::Config::default()
        };
        let device = loopdev::attach(&file, "test", &config).unwrap();
        let mounted = mount::mount_device("ext4", &device.path, &Default::default()).unwrap();
        let root = perch_sys::dir::open_dir_beneath(&mounted, ".").unwrap();
        use std::os::fd::AsRawFd;
        let at = Path::new("/proc/self/fd").join(root.as_raw_fd().to_string());
        fs::create_dir_all(at.join("changes/etc")).unwrap();
        fs::create_dir_all(at.join("workdir")).unwrap();
        fs::write(at.join("changes/etc/late"), "in the journal").unwrap();
        let late = File::open(at.join("changes/etc/late")).unwrap();
        late.sync_all().unwrap();
        file.sync_all().unwrap();
        fs::copy(&image, &copy).unwrap();
    }
    fs::rename(copy, image).unwrap();
}

/// A file system of that kind in a file, mounted where nobody else sees it.
#[test]
fn privileged_check_65_a_journal_is_replayed_beside_the_session() {
    let store = Store::on_disk();
    store.perch("create raw 64").ok();
    cut_off(&store, 1);
    let image = store.path("1/changes.img");
    let before = fs::read(&image).unwrap();
    let out = store.path("b.tar.zst");
    store.run(&["export", "1", out.to_str().unwrap()]).ok();
    let list = Command::new("tar").arg("-tf").arg(&out).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains("data/etc/late\n"), "{list}");
    store.perch("copy 1 native").ok();
    let late = fs::read_to_string(store.path("2/changes/etc/late")).unwrap();
    assert_eq!(late, "in the journal");
    assert!(
        fs::read(&image).unwrap() == before,
        "the session is as it was"
    );
    assert_tidy(&store);
}

/// The same, with a disk that a process serves, whose files are read as they are at one moment.
#[test]
fn privileged_check_65_also_where_the_disk_is_served() {
    let store = Store::on_disk();
    store.perch("create dynfilefs 64").ok();
    let namespace = Namespace::new();
    let script = "mkdir $1/at $1/in $1/2
        $2 dynfilefs mount $1/1/changes.dat $1/at
        mount -o loop $1/at/virtual.dat $1/in
        mkdir -p $1/in/changes/etc $1/in/workdir
        echo late > $1/in/changes/etc/late
        sync -f $1/in/changes/etc/late
        echo later > $1/in/changes/etc/late
        sync $1/in/changes/etc/late $1/at/virtual.dat
        cp $1/1/changes.dat* $1/2
        umount $1/in; $2 dynfilefs umount $1/at";
    let (dir, perch) = (store.dir_text(), env!("CARGO_BIN_EXE_perch"));
    let said = namespace.run("sh", &[&"-ec", &script, &"sh", &dir, &perch]);
    said.ok();
    let before = fs::read(store.path("2/changes.dat.0")).unwrap();
    store.perch("copy 2 native").ok();
    let late = fs::read_to_string(store.path("3/changes/etc/late")).unwrap();
    assert_eq!(late, "later\n");
    let after = fs::read(store.path("2/changes.dat.0")).unwrap();
    assert!(after == before, "the session is as it was");
    assert_tidy(&store);
}

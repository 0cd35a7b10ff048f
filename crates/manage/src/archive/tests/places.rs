//! Real file systems: what each can keep, and what is said of what it cannot.

use super::*;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::tree::{Lost, copy, is_blind, samples};

/// A file system in a file, mounted until this is dropped.
struct Mounted(PathBuf);

impl Mounted {
    /// `None` where the machine has no such formatter, or its kernel no such file system.
    fn new(dir: &Path, kind: &str) -> Option<Self> {
        let place = dir.join(kind);
        fs::create_dir(&place).unwrap();
        let path = place.to_str().unwrap();
        if kind == "tmpfs" {
            run("mount", &["-t", "tmpfs", "none", path], dir);
            return Some(Self(place));
        }
        let image = dir.join(format!("{kind}.img"));
        File::create(&image).unwrap().set_len(600 << 20).unwrap();
        let image = image.to_str().unwrap();
        let made = Command::new(format!("mkfs.{kind}"))
            .arg(image)
            .output()
            .ok()?;
        assert!(made.status.success(), "{made:?}");
        let mount = Command::new("mount")
            .args(["-o", "loop", image, path])
            .output();
        let mounted = mount.unwrap();
        if !mounted.status.success() {
            eprintln!("{kind}: {}", String::from_utf8_lossy(&mounted.stderr));
            return None;
        }
        Some(Self(place))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn privileged_sessions_move_between_file_systems() {
    let dir = tempfile::tempdir().unwrap();
    let places: Vec<Mounted> = ["ext4", "xfs", "btrfs", "tmpfs"]
        .into_iter()
        .filter_map(|kind| Mounted::new(dir.path(), kind))
        .collect();
    assert!(places.len() > 1);
    let (session, tree) = overlay(dir.path());
    samples::special(&tree);
    // tmpfs has user attributes since Linux 6.6 only.
    let _ = rustix::fs::removexattr(tree.join("large"), "user.note");
    let mut before = session;
    for (number, place) in places.iter().enumerate() {
        let copied = place.0.join("copied");
        fs::create_dir_all(&copied).unwrap();
        let (from, to) = (open_dir(&before).unwrap(), open_dir(&copied).unwrap());
        let report = copy(from.as_fd(), to.as_fd(), &mut go_on).unwrap();
        assert!(report.losses.is_empty(), "{:?}", report.losses);
        let out = dir.path().join(format!("{number}.tar.zst"));
        export(&copied, Layout::Overlayfs, &out);
        let new = place.0.join("imported");
        let imported = import(&out, OWN, &new).unwrap();
        assert!(imported.losses.is_empty(), "{:?}", imported.losses);
        let different = differences(&tree, &new.join("changes"));
        assert_eq!(different, Vec::<String>::new(), "{}", place.0.display());
        before = new;
    }
}

#[test]
fn privileged_a_copy_on_one_file_system_shares_its_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let Some(place) = Mounted::new(dir.path(), "btrfs") else {
        eprintln!("skipped: no btrfs");
        return;
    };
    for name in ["a", "b"] {
        fs::create_dir(place.0.join(name)).unwrap();
    }
    samples::special(&place.0.join("a"));
    let (a, b) = (place.0.join("a"), place.0.join("b"));
    let (from, to) = (open_dir(&a).unwrap(), open_dir(&b).unwrap());
    let report = copy(from.as_fd(), to.as_fd(), &mut go_on).unwrap();
    assert!(report.shared >= 12_000_000, "{report:?}");
    assert!(report.losses.is_empty());
    drop((from, to));
    assert_eq!(differences(&a, &b), Vec::<String>::new());
}

#[test]
fn privileged_what_fat_cannot_keep_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let Some(place) = Mounted::new(dir.path(), "vfat") else {
        eprintln!("skipped: no vfat");
        return;
    };
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("file"), "x").unwrap();
    std::os::unix::fs::chown(tree.join("file"), Some(1000), None).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        tree.join("gone"),
        rustix::fs::FileType::CharacterDevice,
        rustix::fs::Mode::empty(),
        0,
    )
    .unwrap();
    let (from, to) = (open_dir(&tree).unwrap(), open_dir(&place.0).unwrap());
    let report = copy(from.as_fd(), to.as_fd(), &mut go_on).unwrap();
    let told: Vec<String> = report
        .losses
        .first
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        told.iter()
            .any(|text| text.starts_with("file: the owner is not kept")),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|text| text.starts_with("gone: cannot be made here")),
        "{told:?}"
    );
}

/// What a user may not do is no reason to do nothing, and none to say nothing.
#[test]
fn privileged_what_a_user_cannot_keep_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    samples::special(&tree);
    let out = dir.path().join("a.tar.zst");
    export(&session, Layout::Overlayfs, &out);
    let new = dir.path().join("2");
    // Capabilities are those of a thread.
    let imported = std::thread::scope(|scope| {
        let user = scope.spawn(|| {
            let mut sets = capabilities(None).unwrap();
            sets.effective = CapabilitySet::DAC_OVERRIDE;
            set_capabilities(None, sets).unwrap();
            assert!(is_blind());
            import(&out, OWN, &new)
        });
        user.join().unwrap()
    });
    let losses = imported.unwrap().losses;
    let lost = |path: &str, what: Lost| {
        let of = |loss: &&crate::tree::Loss| loss.path == path.as_bytes() && loss.lost == what;
        losses.first.iter().any(|loss| of(&loss))
    };
    let xattr = |name: &str| Lost::Xattr(name.into());
    for (path, what) in [
        ("home/user", Lost::Owner),
        ("etc/mtab", Lost::Owner),
        ("etc/null", Lost::Special),
        ("etc/disk", Lost::Special),
        ("opaque", xattr("trusted.overlay.opaque")),
        ("shared", xattr("trusted.mine")),
        ("shared/ping", xattr("security.capability")),
    ] {
        assert!(lost(path, what.clone()), "{path}: {what:?} in {losses:?}");
    }
    assert_eq!(losses.count, 7, "{losses:?}");
    // All else is there.
    let mut different = differences(&tree, &new.join("changes"));
    different.retain(|text| {
        !losses
            .first
            .iter()
            .any(|loss| text.starts_with(&format!("{}: ", String::from_utf8_lossy(&loss.path))))
    });
    assert_eq!(different, Vec::<String>::new());
}

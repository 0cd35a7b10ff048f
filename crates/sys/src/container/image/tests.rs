use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use perch_core::units::Mib;

use super::*;
use crate::container::GrowError;
use crate::dir;
use crate::layout::{IMAGE, IMAGE_UNFINISHED};
use crate::test_namespace::{isolated, unmount};

const MIB: u64 = 1 << 20;

/// A session's directory.
fn session() -> (tempfile::TempDir, OwnedFd) {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let fd = dir::open_dir(dir.path()).unwrap();
    (dir, fd)
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// What e2fsck says to the container without changing it; 0 is "in order".
fn judged(dir: &Path) -> i32 {
    let e2fsck = Command::new("/sbin/e2fsck")
        .args(["-f", "-n"])
        .arg(dir.join(IMAGE))
        .output();
    e2fsck.unwrap().status.code().unwrap()
}

fn debugfs(dir: &Path, request: &str) {
    let debugfs = Command::new("/sbin/debugfs")
        .args(["-w", "-R", request])
        .arg(dir.join(IMAGE))
        .output();
    assert!(debugfs.unwrap().status.success());
}

/// Sets `s_state`: 1 clean, 2 has errors (`Documentation/filesystems/ext4/super.rst`).
fn set_state(dir: &Path, state: u16) {
    debugfs(dir, &format!("set_super_value state {state}"));
}

#[test]
fn a_new_container_is_whole_sparse_and_has_its_name_at_the_end() {
    let (dir, fd) = session();
    let image = Image::make(fd.as_fd(), Mib(64)).unwrap();
    assert_eq!(names(dir.path()), [IMAGE]);
    let metadata = fs::metadata(dir.path().join(IMAGE)).unwrap();
    assert_eq!(metadata.len(), 64 * MIB);
    assert!(metadata.blocks() * 512 < 8 * MIB, "it is sparse");
    let found = image.superblock().unwrap();
    assert_eq!((found.kind, found.label), (FsKind::Ext4, None));
    assert_eq!(found.bytes, Some(64 * MIB));
    assert_eq!(judged(dir.path()), 0);
    assert_eq!(image.check().unwrap(), None);
}

#[test]
fn nothing_that_exists_is_formatted() {
    for name in [IMAGE, IMAGE_UNFINISHED] {
        let (dir, fd) = session();
        fs::write(dir.path().join(name), "somebody's").unwrap();
        assert!(Image::make(fd.as_fd(), Mib(64)).is_err(), "{name}");
        let kept = fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(kept, "somebody's", "{name}");
        assert_eq!(names(dir.path()), [name]);
    }
}

#[test]
fn privileged_a_medium_that_fills_up_leaves_nothing_behind() {
    isolated(|dir| {
        // Too small for the file system that mke2fs writes into the hole.
        let options = Options::default().with("size", "3m");
        let small = mount::mount_device("tmpfs", "small", &options).unwrap();
        let place = dir.join("small");
        fs::create_dir(&place).unwrap();
        mount::attach_path(small, &place).unwrap();
        let fd = dir::open_dir(&place).unwrap();
        fs::write(place.join("full"), vec![1; 3 << 20]).unwrap();
        let error = Image::make(fd.as_fd(), Mib(1024)).unwrap_err();
        assert!(matches!(error, ContainerError::Failed { .. }), "{error}");
        assert_eq!(names(&place), ["full"]);
    });
}

#[test]
fn only_a_regular_file_is_opened_and_no_link_followed() {
    let (dir, fd) = session();
    symlink("/etc/passwd", dir.path().join(IMAGE)).unwrap();
    assert!(matches!(
        Image::open(fd.as_fd()),
        Err(ContainerError::Open(_))
    ));
    fs::remove_file(dir.path().join(IMAGE)).unwrap();
    let fifo = dir.path().join(IMAGE);
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
    )
    .unwrap();
    assert!(matches!(
        Image::open(fd.as_fd()),
        Err(ContainerError::NotAFile { .. })
    ));
}

#[test]
fn a_container_grows_and_keeps_what_is_in_it() {
    let (dir, fd) = session();
    drop(Image::make(fd.as_fd(), Mib(64)).unwrap());
    debugfs(dir.path(), "mkdir changes");
    let image = Image::open(fd.as_fd()).unwrap();
    image.grow(Mib(300)).unwrap();
    let metadata = fs::metadata(dir.path().join(IMAGE)).unwrap();
    assert_eq!(metadata.len(), 300 * MIB);
    assert_eq!(image.superblock().unwrap().bytes, Some(300 * MIB));
    assert_eq!(judged(dir.path()), 0);
    // Smaller is no growth, and nothing is cut off.
    image.grow(Mib(100)).unwrap();
    let metadata = fs::metadata(dir.path().join(IMAGE)).unwrap();
    assert_eq!(metadata.len(), 300 * MIB);
}

#[test]
fn a_container_that_cannot_grow_is_as_it_was() {
    let (dir, fd) = session();
    let image = Image::make(fd.as_fd(), Mib(64)).unwrap();
    // 16 TiB and more is beyond what a file can have here, whatever is free.
    let error = image.grow(Mib(1 << 40)).unwrap_err();
    assert!(
        matches!(error, GrowError::AsItWas(ContainerError::Extend { .. })),
        "{error}"
    );
    let metadata = fs::metadata(dir.path().join(IMAGE)).unwrap();
    assert_eq!(metadata.len(), 64 * MIB);
    assert_eq!(judged(dir.path()), 0);
}

#[test]
fn a_file_system_that_resize2fs_refuses_is_as_it_was() {
    let (dir, fd) = session();
    let path = dir.path().join(IMAGE);
    File::create(&path).unwrap().set_len(64 * MIB).unwrap();
    // 32 bits for the number of a block of 1 KiB: 4 TiB is the end of it.
    let mke2fs = Command::new("/sbin/mke2fs")
        .args(["-q", "-F", "-t", "ext4", "-b", "1024", "-O", "^64bit"])
        .arg(&path)
        .status();
    assert!(mke2fs.unwrap().success());
    let image = Image::open(fd.as_fd()).unwrap();
    let error = image.grow(Mib(5 << 20)).unwrap_err();
    let by_resize2fs = matches!(
        error,
        GrowError::AsItWas(ContainerError::Failed {
            program: "resize2fs",
            ..
        })
    );
    assert!(by_resize2fs, "{error}");
    let metadata = fs::metadata(dir.path().join(IMAGE)).unwrap();
    assert_eq!(metadata.len(), 64 * MIB);
    assert_eq!(judged(dir.path()), 0);
}

#[test]
fn what_is_no_whole_file_system_is_refused_and_left_alone() {
    type Damage = fn(&File);
    let damage: [(&str, Damage); 3] = [
        ("zeroes", |file| {
            file.write_all_at(&[0; 4096], 0).unwrap();
        }),
        ("noise", |file| {
            file.write_all_at(&[0x5a; 4096], 0).unwrap();
        }),
        ("cut short", |file| file.set_len(60 << 20).unwrap()),
    ];
    for (what, damage) in damage {
        let (dir, fd) = session();
        drop(Image::make(fd.as_fd(), Mib(64)).unwrap());
        let file = File::options()
            .write(true)
            .open(dir.path().join(IMAGE))
            .unwrap();
        damage(&file);
        let before = fs::read(dir.path().join(IMAGE)).unwrap();
        let image = Image::open(fd.as_fd()).unwrap();
        let error = image.check().unwrap_err();
        let cut = matches!(error, ContainerError::CutShort { .. });
        let none = matches!(error, ContainerError::NoFileSystem { .. });
        assert!(
            cut == (what == "cut short") && none != cut,
            "{what}: {error}"
        );
        assert!(image.grow(Mib(128)).is_err(), "{what}");
        assert!(image.mount("test").is_err(), "{what}");
        assert!(
            before == fs::read(dir.path().join(IMAGE)).unwrap(),
            "{what}"
        );
    }
}

#[test]
fn errors_are_repaired_and_said_or_refused() {
    // A file system marked as damaged, with an entry that names a deleted file: e2fsck repairs that.
    let (dir, fd) = session();
    drop(Image::make(fd.as_fd(), Mib(64)).unwrap());
    debugfs(dir.path(), "mknod node p");
    debugfs(dir.path(), "clri node");
    set_state(dir.path(), 2);
    let image = Image::open(fd.as_fd()).unwrap();
    let said = image.check().unwrap().unwrap_or_default();
    assert!(said.contains("node"), "{said}");
    assert_eq!(judged(dir.path()), 0);

    // A root directory that is gone needs a decision.
    let (dir, fd) = session();
    drop(Image::make(fd.as_fd(), Mib(64)).unwrap());
    debugfs(dir.path(), "clri <2>");
    set_state(dir.path(), 2);
    let image = Image::open(fd.as_fd()).unwrap();
    let error = image.check().unwrap_err();
    assert!(matches!(error, ContainerError::Errors { .. }), "{error}");
    let grown = image.grow(Mib(128)).unwrap_err();
    assert!(matches!(grown, GrowError::NotInOrder(_)), "{grown}");
}

#[test]
fn a_clean_file_system_is_not_checked_whatever_its_counters_say() {
    let (dir, fd) = session();
    drop(Image::make(fd.as_fd(), Mib(64)).unwrap());
    debugfs(dir.path(), "set_super_value max_mnt_count 1");
    debugfs(dir.path(), "set_super_value mnt_count 5");
    let before = fs::read(dir.path().join(IMAGE)).unwrap();
    assert_eq!(Image::open(fd.as_fd()).unwrap().check().unwrap(), None);
    assert!(before == fs::read(dir.path().join(IMAGE)).unwrap());
}

#[test]
fn privileged_a_container_is_mounted_without_lost_and_found_and_keeps_a_file() {
    let (dir, fd) = session();
    let image = Image::make(fd.as_fd(), Mib(64)).unwrap();
    for boot in 1..=2 {
        let image = match boot {
            1 => Image::open(fd.as_fd()).unwrap(),
            _ => {
                assert_eq!(image.check().unwrap(), None, "boot {boot}");
                Image::open(fd.as_fd()).unwrap()
            }
        };
        isolated(|place| {
            let place = place.join("changes");
            fs::create_dir(&place).unwrap();
            let mounted = image.mount("changes/1/changes.img").unwrap();
            mount::attach_path(mounted.mount, &place).unwrap();
            let kept = fs::read_to_string(place.join("kept")).ok();
            assert_eq!(kept.as_deref(), (boot == 2).then_some("yes"));
            fs::write(place.join("kept"), "yes").unwrap();
            assert!(!place.join("lost+found").exists());
            unmount(&place);
        });
    }
    drop(dir);
}

#[test]
fn privileged_other_file_systems_are_mounted_as_what_they_are() {
    let (dir, fd) = session();
    let path = dir.path().join(IMAGE);
    File::create(&path).unwrap().set_len(320 * MIB).unwrap();
    let mkfs = Command::new("/sbin/mkfs.xfs").arg("-q").arg(&path).status();
    assert!(mkfs.unwrap().success());
    let image = Image::open(fd.as_fd()).unwrap();
    assert_eq!(image.check().unwrap(), None);
    let error = image.grow(Mib(400)).unwrap_err();
    assert!(
        matches!(error, GrowError::AsItWas(ContainerError::CannotGrow { .. })),
        "{error}"
    );
    let before = fs::read(&path).unwrap();
    match image.mount("test") {
        Ok(mounted) => drop(mounted),
        // A kernel without XFS.
        Err(error) => assert!(matches!(error, ContainerError::Mount(_)), "{error}"),
    }
    let after = fs::read(&path).unwrap();
    assert_eq!(before[..4], after[..4], "it is not formatted");
}

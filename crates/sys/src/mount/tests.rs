use std::fs;
use std::process::Command;

use super::*;
use crate::dir::{open_beneath, open_dir};
use crate::loopdev;
use crate::mountinfo;
use crate::test_namespace::isolated;

use rustix::fs::OFlags;

/// An image of `mib` MiB with an empty ext4 in `dir`, attached.
fn ext4(dir: &Path, mib: u64) -> loopdev::LoopDevice {
    let path = dir.join("ext4.img");
    fs::File::create(&path)
        .unwrap()
        .set_len(mib * 1024 * 1024)
        .unwrap();
    let made = Command::new("mke2fs")
        .args(["-q", "-F", "-t", "ext4"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let image = fs::File::options().read(true).write(true).open(&path);
    let config = loopdev::Config {
        read_only: false,
        ..Default::default()
    };
    loopdev::attach(image.unwrap(), "ext4.img", &config).unwrap()
}

fn entry(target: &Path) -> Option<mountinfo::Mount> {
    mountinfo::at(&mountinfo::read().unwrap(), target).cloned()
}

#[test]
fn privileged_a_detached_mount_is_usable_and_goes_with_its_descriptor() {
    isolated(|dir| {
        let before = mountinfo::read().unwrap();
        let mount = tmpfs("ram", Some(1 << 20), 0o700, &Options::default()).unwrap();
        crate::dir::make_dir(&mount, "sub", 0o755).unwrap();
        let flags = OFlags::CREATE | OFlags::WRONLY;
        open_beneath(&mount, "sub/file", flags).unwrap();
        assert_eq!(mountinfo::read().unwrap(), before, "no path shows it");
        fs::create_dir(dir.join("a")).unwrap();
        attach(&mount, open_dir(dir).unwrap(), "a").unwrap();
        assert!(dir.join("a/sub/file").exists());
        drop(mount);
        let seen = entry(&dir.join("a")).unwrap();
        assert_eq!(seen.source, "ram");
        assert!(seen.options.to_str().unwrap().contains("size=1024k"));
        unmount(dir.join("a"), false).unwrap();
        assert_eq!(mountinfo::read().unwrap(), before);
    });
}

#[test]
fn privileged_flags_reach_the_mount_table() {
    isolated(|dir| {
        for (options, want) in [
            (Options::default(), "rw,relatime"),
            (
                Options {
                    read_only: true,
                    nosuid: true,
                    nodev: true,
                    noexec: true,
                    noatime: true,
                    data: Vec::new(),
                },
                "ro,nosuid,nodev,noexec,noatime",
            ),
        ] {
            attach_path(tmpfs("x", None, 0o755, &options).unwrap(), dir).unwrap();
            assert_eq!(entry(dir).unwrap().flags.join(","), want);
            unmount(dir, false).unwrap();
        }
    });
}

#[test]
fn privileged_the_medium_is_looked_at_read_only_then_made_writable() {
    isolated(|dir| {
        let device = ext4(dir, 8);
        let options = Options {
            read_only: true,
            ..Options::default()
        };
        let mount = mount_device("ext4", &device.path, &options).unwrap();
        drop(device);
        let create = OFlags::CREATE | OFlags::WRONLY;
        let denied = open_beneath(&mount, "file", create).unwrap_err();
        assert_eq!(denied.errno(), Some(Errno::ROFS));

        // Detached, then attached: both work.
        set_read_only(&mount, false).unwrap();
        open_beneath(&mount, "file", create).unwrap();
        fs::create_dir(dir.join("m")).unwrap();
        attach_path(&mount, dir.join("m")).unwrap();
        set_read_only(&mount, true).unwrap();
        assert!(entry(&dir.join("m")).unwrap().is_read_only());
        let denied = open_beneath(&mount, "file2", create).unwrap_err();
        assert_eq!(denied.errno(), Some(Errno::ROFS));

        // The superblock alone does not open the mount.
        set_superblock_read_only(&mount, false).unwrap();
        let denied = open_beneath(&mount, "file2", create).unwrap_err();
        assert_eq!(denied.errno(), Some(Errno::ROFS));
        set_mount_read_only(&mount, false).unwrap();
        let writer = open_beneath(&mount, "file2", create).unwrap();

        let busy = set_read_only(&mount, true).unwrap_err();
        assert_eq!(busy.errno(), Errno::BUSY);
        let text = busy.to_string();
        assert!(
            text.contains(&dir.join("m").display().to_string()),
            "{text}"
        );
        assert!(text.contains("read-only"), "{text}");
        drop(writer);
    });
}

#[test]
fn privileged_a_read_only_device_cannot_be_made_writable() {
    isolated(|dir| {
        drop(ext4(dir, 8));
        let image = fs::File::open(dir.join("ext4.img")).unwrap();
        let device = loopdev::attach(image, "ro", &Default::default()).unwrap();
        let options = Options {
            read_only: true,
            ..Options::default()
        };
        let mount = mount_device("ext4", &device.path, &options).unwrap();
        let error = set_read_only(&mount, false).unwrap_err();
        assert!(
            matches!(error.errno(), Errno::ACCESS | Errno::ROFS),
            "{error:?}"
        );
    });
}

#[test]
fn privileged_failures_name_the_device_and_quote_the_kernel() {
    isolated(|dir| {
        let device = ext4(dir, 8);
        let none = Options::default();
        let long = none.clone().with("data", "x".repeat(300));
        for (fs_type, options, errno, want) in [
            ("nosuchfs", &none, Errno::NODEV, "no nosuchfs filesystem"),
            ("squashfs", &none, Errno::INVAL, "as squashfs"),
            (
                "ext4",
                &none.clone().with("bogus", "1"),
                Errno::INVAL,
                "(kernel: ext4: Unknown parameter 'bogus')",
            ),
            ("ext4", &long, Errno::TOOBIG, "option data=xxx"),
        ] {
            let error = mount_device(fs_type, &device.path, options).unwrap_err();
            assert_eq!(error.errno(), errno, "{fs_type}: {error}");
            assert!(error.to_string().contains(want), "{error}");
            let named = error.to_string().contains(device.path.to_str().unwrap());
            assert!(named || fs_type == "nosuchfs", "{error}");
        }
        let error = attach_path(tmpfs("x", None, 0o755, &none).unwrap(), dir.join("missing"));
        assert_eq!(error.unwrap_err().errno(), Errno::NOENT);
        let error = unmount(dir.join("missing"), true).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    });
}

#[test]
fn privileged_a_link_is_not_mounted_upon() {
    isolated(|dir| {
        fs::create_dir(dir.join("real")).unwrap();
        std::os::unix::fs::symlink("real", dir.join("link")).unwrap();
        let mount = tmpfs("x", None, 0o755, &Options::default()).unwrap();
        let error = attach(&mount, open_dir(dir).unwrap(), "link");
        assert!(error.is_err());
        assert!(entry(&dir.join("real")).is_none());
    });
}

#[test]
fn privileged_a_clone_shows_a_directory_elsewhere() {
    isolated(|dir| {
        for name in ["from", "from/below", "to"] {
            fs::create_dir(dir.join(name)).unwrap();
        }
        let below = tmpfs("below", None, 0o755, &Options::default()).unwrap();
        attach_path(&below, dir.join("from/below")).unwrap();
        fs::write(dir.join("from/below/file"), "x").unwrap();
        for (recursive, shown) in [(false, false), (true, true)] {
            let clone = clone_tree(open_dir(dir.join("from")).unwrap(), recursive).unwrap();
            attach_path(clone, dir.join("to")).unwrap();
            let seen = dir.join("to/below/file").exists();
            assert_eq!(seen, shown, "recursive {recursive}");
            unmount(dir.join("to"), true).unwrap();
        }
    });
}

#[test]
fn privileged_mounts_move_with_what_is_below() {
    isolated(|dir| {
        for name in ["from", "to"] {
            fs::create_dir(dir.join(name)).unwrap();
        }
        let mount = tmpfs("moved", None, 0o755, &Options::default()).unwrap();
        attach_path(mount, dir.join("from")).unwrap();
        fs::create_dir(dir.join("from/sub")).unwrap();
        let sub = tmpfs("sub", None, 0o755, &Options::default()).unwrap();
        attach_path(sub, dir.join("from/sub")).unwrap();
        move_mount_path(dir.join("from"), dir.join("to")).unwrap();
        assert_eq!(entry(&dir.join("to")).unwrap().source, "moved");
        assert_eq!(entry(&dir.join("to/sub")).unwrap().source, "sub");
        assert!(entry(&dir.join("from")).is_none());
        let error = move_mount_path(dir.join("from"), dir.join("to")).unwrap_err();
        assert_eq!(error.errno(), Errno::INVAL);
    });
}

#[test]
fn privileged_api_filesystems_are_mounted_once() {
    isolated(|dir| {
        for (kind, fs_type, flags) in [
            (Api::Proc, "proc", "rw,nosuid,nodev,noexec,relatime"),
            (Api::Sys, "sysfs", "rw,nosuid,nodev,noexec,relatime"),
            (Api::Dev, "devtmpfs", "rw,nosuid,noexec,relatime"),
            (Api::Run, "tmpfs", "rw,nosuid,nodev,relatime"),
        ] {
            let target = dir.join(fs_type);
            fs::create_dir(&target).unwrap();
            assert!(mount_api(kind, &target).unwrap(), "{fs_type}");
            assert!(!mount_api(kind, &target).unwrap(), "{fs_type} again");
            let seen = entry(&target).unwrap();
            assert_eq!((&*seen.fs_type, &*seen.flags.join(",")), (fs_type, flags));
        }
        assert!(dir.join("devtmpfs/null").exists());
        assert!(mount_api(Api::Proc, dir.join("made/for/it")).unwrap());
    });
}

/// As a host initramfs under systemd has it: `/run` without programs, and shared.
#[test]
fn privileged_programs_start_below_a_directory_that_barred_them_and_nothing_is_mounted_twice() {
    isolated(|dir| {
        let barred = Options {
            noexec: true,
            ..Options::default()
        };
        attach_path(tmpfs("run", None, 0o755, &barred).unwrap(), dir).unwrap();
        rustix::mount::mount_change(dir, MountPropagationFlags::SHARED).unwrap();
        let place = dir.join("initramfs");
        fs::create_dir_all(place.join("memory")).unwrap();
        fs::copy("/bin/true", place.join("program")).unwrap();
        let start = || Command::new(place.join("program")).status();
        assert!(start().is_err());
        cover_executable(&place).unwrap();
        assert!(start().unwrap().success(), "what was there is there still");

        attach_path(
            tmpfs("medium", None, 0o755, &Options::default()).unwrap(),
            place.join("memory"),
        )
        .unwrap();
        let mounts = mountinfo::read().unwrap();
        let media = mounts.iter().filter(|mount| mount.source == "medium");
        assert_eq!(media.count(), 1, "{mounts:?}");
        assert!(cover_executable(dir.join("missing")).is_err());
    });
}

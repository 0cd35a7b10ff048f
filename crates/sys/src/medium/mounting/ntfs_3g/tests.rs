//! With the real program and kernel: an NTFS image on a loop device, in a mount namespace of the test.

use std::io::Write;

use rustix::fs::{StatVfsMountFlags, fstatvfs};

use super::*;
use crate::child::End;
use crate::loopdev::{self, Config, LoopDevice};
use crate::test_namespace::isolated;
use crate::{dir, programs};

/// A new NTFS file system, whose file is called `ntfs.img` in `dir`.
fn ntfs(dir: &Path) -> (LoopDevice, PathBuf) {
    let image = dir.join("ntfs.img");
    File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let made = programs::run(
        "mkntfs",
        ["--quick", "--force", "--quiet", image.to_str().unwrap()],
        Duration::from_secs(60),
    )
    .unwrap();
    assert_eq!(made.end, End::Exited(0), "{}", made.said());
    let file = File::options().read(true).write(true).open(&image).unwrap();
    let config = Config {
        read_only: false,
        ..Config::default()
    };
    let device = loopdev::attach(&file, "ntfs.img", &config).unwrap();
    let node = PathBuf::from(format!("/dev/loop{}", device.number));
    (device, node)
}

fn create(mount: &OwnedFd, name: &str) -> Result<File, dir::DirError> {
    let flags = OFlags::WRONLY | OFlags::CREATE;
    dir::open_beneath(mount, name, flags).map(File::from)
}

fn ended(device: &Path) -> bool {
    settle(device, Instant::now() + LAST_WORDS);
    started().iter().all(|(served, _)| served != device)
}

#[test]
fn privileged_looked_at_then_written_to_and_the_program_ends_with_the_mount() {
    isolated(|dir| {
        let (_device, node) = ntfs(dir);
        let point = dir.join("point");
        let look = mount(&node, &point, false).unwrap();
        assert!(mountinfo::at(&mountinfo::read().unwrap(), &point).is_none());
        let flags = fstatvfs(&look).unwrap().f_flag;
        for flag in [
            StatVfsMountFlags::RDONLY,
            StatVfsMountFlags::NOSUID,
            StatVfsMountFlags::NODEV,
            StatVfsMountFlags::NOEXEC,
        ] {
            assert!(flags.contains(flag), "{flags:?}");
        }
        drop(look);

        let take = mount(&node, &point, true).unwrap();
        assert!(create(&take, "file").is_err(), "still read-only");
        mount::set_read_only(&take, false).unwrap();
        create(&take, "file").unwrap().write_all(b"kept").unwrap();
        drop(take);

        let again = mount(&node, &point, false).unwrap();
        let kept = dir::read_bounded(&again, "file", 16).unwrap();
        assert!(matches!(kept, dir::Content::Bytes { bytes, .. } if bytes == b"kept"));
        drop(again);
        assert!(ended(&node), "a process is left");
    });
}

#[test]
fn privileged_a_hibernated_windows_is_not_written_to() {
    isolated(|dir| {
        let (_device, node) = ntfs(dir);
        let point = dir.join("point");
        let take = mount(&node, &point, true).unwrap();
        mount::set_read_only(&take, false).unwrap();
        let mut file = create(&take, "hiberfil.sys").unwrap();
        file.write_all(b"hibr").unwrap();
        file.set_len(8192).unwrap();
        drop((file, take));

        let Err(Ntfs3gError::ReadOnly { said, .. }) = mount(&node, &point, true) else {
            panic!("it would be written to");
        };
        assert!(said.contains("hibernated"), "{said}");
        let look = mount(&node, &point, false).unwrap();
        drop(look);
        assert!(ended(&node), "a process is left");
    });
}

#[test]
fn privileged_what_is_no_ntfs_is_refused_with_its_words() {
    isolated(|dir| {
        let image = dir.join("zeros");
        File::create(&image).unwrap().set_len(1 << 20).unwrap();
        let Err(Ntfs3gError::Refused { said, .. }) = mount(&image, &dir.join("point"), false)
        else {
            panic!("mounted");
        };
        assert!(said.contains("NTFS"), "{said}");
        assert!(ended(&image), "a process is left");
    });
}

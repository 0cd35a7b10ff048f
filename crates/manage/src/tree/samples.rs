//! A tree with everything in it that a session may have. Only for tests.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{
    CWD, FileType, Mode, Timespec, Timestamps, XattrFlags, makedev, mkdirat, mknodat, openat,
    setxattr, utimensat,
};

/// user::rw- user:1234:r-- group::r-- mask::r-- other::---, as Linux keeps it: version 2, then tag, permissions and
/// number of each entry. acl(5), include/uapi/linux/posix_acl_xattr.h.
pub(crate) const ACL: &[u8] =
    b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x04\0\xd2\x04\0\0\x04\0\x04\0\xff\xff\xff\xff\
    \x10\0\x04\0\xff\xff\xff\xff\x20\0\0\0\xff\xff\xff\xff";
/// cap_net_raw+ep, revision 2. include/uapi/linux/capability.h, `struct vfs_cap_data`.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// What everybody may make: directories, files, links, times, names.
pub(crate) fn plain(root: &Path) {
    for dir in ["empty", "home/user/workdir", "etc", "deep"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    fs::write(
        root.join("home/user/workdir/kept"),
        "a user's own directory",
    )
    .unwrap();
    fs::write(root.join("etc/empty"), "").unwrap();
    fs::write(root.join("etc/café und mehr"), "c").unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"not \xff utf-8 \n \\ \x1b[31m");
    fs::write(root.join("etc").join(odd), "o").unwrap();
    fs::write(root.join("metadata.json"), "the user's").unwrap();
    fs::write(root.join("session.info"), "the user's").unwrap();
    fs::write(root.join(".wh.gone"), "").unwrap();
    let long = "n".repeat(255);
    fs::write(root.join(&long), "long name").unwrap();
    symlink("l".repeat(300), root.join("long link")).unwrap();
    symlink("../proc/self/mounts", root.join("etc/mtab")).unwrap();
    symlink("/nowhere", root.join("etc/dangling")).unwrap();
    fs::hard_link(root.join(&long), root.join("etc/same")).unwrap();
    fs::hard_link(root.join("long link"), root.join("etc/same link")).unwrap();
    let path = vec!["d".repeat(50); 8].join("/");
    fs::create_dir_all(root.join("deep").join(&path)).unwrap();
    fs::write(root.join("deep").join(path).join("file"), "at the end").unwrap();
    let content: Vec<u8> = (0..3_000_000_u32)
        .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
        .collect();
    fs::write(root.join("large"), &content[..content.len() - 5]).unwrap();
    sparse(
        &root.join("home/sparse"),
        &[(0, 4096), (10 << 20, 100_000)],
        64 << 20,
    );
    sparse(&root.join("home/hole"), &[], 5 << 20);
    sparse(
        &root.join("home/hole first"),
        &[(8 << 20, 4096)],
        (8 << 20) + 4096,
    );
    mknodat(
        CWD,
        root.join("etc/fifo"),
        FileType::Fifo,
        Mode::from_raw_mode(0o640),
        0,
    )
    .unwrap();
    fs::set_permissions(root.join("large"), fs::Permissions::from_mode(0o500)).unwrap();
    fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o1777)).unwrap();
    let _ = setxattr(
        root.join("large"),
        "user.note",
        b"a\0=%\n",
        XattrFlags::empty(),
    );
    time(&root.join("etc/mtab"), 1_600_000_000, 5);
    time(&root.join("etc/empty"), -86_400, 250_000_000);
    time(&root.join("etc"), 1_234_567_890, 123_456_789);
    time(root, 1_700_000_000, 999_999_999);
}

/// What only root may make, besides.
pub(crate) fn special(root: &Path) {
    plain(root);
    let device = |name: &str, kind, mode, major, minor| {
        let number = makedev(major, minor);
        mknodat(
            CWD,
            root.join(name),
            kind,
            Mode::from_raw_mode(mode),
            number,
        )
        .unwrap();
    };
    device("etc/whiteout", FileType::CharacterDevice, 0, 0, 0);
    device("etc/null", FileType::CharacterDevice, 0o666, 1, 3);
    device("etc/disk", FileType::BlockDevice, 0o660, 259, 70_000);
    fs::hard_link(root.join("etc/whiteout"), root.join("etc/whiteout too")).unwrap();
    fs::create_dir(root.join("opaque")).unwrap();
    fs::create_dir(root.join("shared")).unwrap();
    fs::write(root.join("shared/ping"), "#!").unwrap();
    fs::write(root.join("shared/su"), "#!").unwrap();
    fs::set_permissions(root.join("shared/su"), fs::Permissions::from_mode(0o6755)).unwrap();
    let set = |name: &str, key: &str, value: &[u8]| {
        setxattr(root.join(name), key, value, XattrFlags::empty()).unwrap();
    };
    set("opaque", "trusted.overlay.opaque", b"y");
    set("opaque", "trusted.overlay.origin", b"\0\xfb\x21");
    set("shared/ping", "security.capability", CAPABILITY);
    set("shared/ping", "system.posix_acl_access", ACL);
    set("shared", "system.posix_acl_default", ACL);
    set("shared", "trusted.mine", b"");
    for (name, uid, gid) in [
        ("home/user", 1000, 1001),
        ("etc/mtab", 3_000_000, 4_000_000_000),
    ] {
        lchown(root.join(name), Some(uid), Some(gid)).unwrap();
    }
    time(&root.join("opaque"), 1_000_000_000, 1);
}

/// A socket, which only a copy keeps.
pub(crate) fn socket(root: &Path) {
    // Its path may be longer than that of a socket can be.
    let dir = openat(CWD, root, rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    use std::os::fd::AsRawFd;
    UnixListener::bind(format!("/proc/self/fd/{}/socket", dir.as_raw_fd())).unwrap();
}

/// Directories in directories, more than a process may have open, and further than a path may be long.
pub(crate) fn deep(root: &Path, depth: usize) {
    let mut dir = rustix::fs::open(root, rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    for _ in 0..depth {
        mkdirat(&dir, "down", Mode::RWXU).unwrap();
        dir = openat(&dir, "down", rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    }
    mkdirat(&dir, "end", Mode::RWXU).unwrap();
}

fn sparse(path: &Path, pieces: &[(u64, usize)], size: u64) {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    for &(at, len) in pieces {
        file.write_all_at(&vec![b's'; len], at).unwrap();
    }
}

fn time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds as _,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    utimensat(CWD, path, &times, flags).unwrap();
}

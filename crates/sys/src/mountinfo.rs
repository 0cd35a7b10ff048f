//! The mount table: `/proc/<pid>/mountinfo`, proc_pid_mountinfo(5).
//!
//! Pure but for [`read`]. What the kernel writes is trusted to have the documented shape; a line
//! that has not is left out.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its number; may be used again after it is gone.
    pub id: u32,
    /// The mount it is attached to.
    pub parent: u32,
    /// Device number of the filesystem: major and minor, as in `st_dev`.
    pub device: (u32, u32),
    /// The directory of the filesystem that the mount shows as its root; not `/` for bind mounts.
    pub root: PathBuf,
    /// Where it is mounted, relative to the root directory of the reader.
    pub target: PathBuf,
    /// Flags of the mount: `rw`, `nosuid`, …
    pub flags: Vec<String>,
    /// Type of the filesystem, with the subtype after a dot: `fuse.sshfs`.
    pub fs_type: String,
    /// The device, or a name without meaning to the kernel.
    pub source: OsString,
    /// Options of the superblock, not split: values may contain escaped commas.
    pub options: OsString,
}

impl Mount {
    /// Whether writes fail: by the mount's own flag or the superblock's.
    pub fn is_read_only(&self) -> bool {
        self.flags.iter().any(|flag| flag == "ro")
            || self.options.as_encoded_bytes().split(|b| *b == b',').next() == Some(b"ro")
    }
}

/// Reads the mounts that the calling thread sees, in the order they were made.
pub fn read() -> std::io::Result<Vec<Mount>> {
    // Not /proc/self: that is the main thread, which may live in another namespace.
    std::fs::read("/proc/thread-self/mountinfo").map(|text| parse(&text))
}

/// Finds the mount that is visible at `target`: of several on top of each other, the last.
pub fn at<'a>(mounts: &'a [Mount], target: &Path) -> Option<&'a Mount> {
    mounts.iter().rev().find(|mount| mount.target == target)
}

/// Parses the whole table.
pub fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|b| *b == b'\n').filter_map(line).collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn line(text: &[u8]) -> Option<Mount> {
    let mut words = text.split(|b| *b == b' ');
    let id = number(words.next()?)?;
    let parent = number(words.next()?)?;
    let device = words.next()?;
    let colon = device.iter().position(|b| *b == b':')?;
    let device = (
        number(device.get(..colon)?)?,
        number(device.get(colon + 1..)?)?,
    );
    let root = PathBuf::from(unescape(words.next()?));
    let target = PathBuf::from(unescape(words.next()?));
    let flags = std::str::from_utf8(words.next()?).ok()?;
    // Any number of propagation fields, then a single hyphen.
    words.find(|word| *word == b"-")?;
    Some(Mount {
        id,
        parent,
        device,
        root,
        target,
        flags: flags.split(',').map(str::to_owned).collect(),
        fs_type: unescape(words.next()?).into_string().ok()?,
        source: unescape(words.next()?),
        options: unescape(words.next().unwrap_or_default()),
    })
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Undoes the kernel's escapes: space, tab, line feed, `#` and backslash as three octal digits.
pub(crate) fn unescape(text: &[u8]) -> OsString {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (
            b'\\',
            [
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                after @ ..,
            ],
        ) = (first, tail)
        {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            rest = after;
        } else {
            out.push(*first);
        }
    }
    OsString::from_vec(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let table = b"36 35 98:0 /mnt1 /mnt\\0402 ro,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n\
            37 36 0:25 / /a\\134b\\011c rw - fuse.sshfs me@host:\\043x ro,user_id=0\n\
            38 36 0:26 / /x rw - tmpfs  rw\n\
            rubbish\n\n\
            39 36 026 / /x rw - tmpfs none rw\n";
        let mounts = parse(table);
        assert_eq!(mounts.len(), 3);
        assert_eq!(
            mounts[0],
            Mount {
                id: 36,
                parent: 35,
                device: (98, 0),
                root: "/mnt1".into(),
                target: "/mnt 2".into(),
                flags: vec!["ro".into(), "noatime".into()],
                fs_type: "ext3".into(),
                source: "/dev/root".into(),
                options: "rw,errors=continue".into(),
            }
        );
        assert_eq!(mounts[1].target, Path::new("/a\\b\tc"));
        assert_eq!(mounts[1].source, "me@host:#x");
        assert_eq!(mounts[2].source, "", "a mount without a name");
        let read_only: Vec<_> = mounts.iter().map(Mount::is_read_only).collect();
        assert_eq!(read_only, [true, true, false]);
    }

    #[test]
    fn escapes() {
        for (text, want) in [
            (&b"a\\040b"[..], &b"a b"[..]),
            (b"\\134040", b"\\040"),
            (b"\\04", b"\\04"),
            (b"\\", b"\\"),
            (b"\\999", b"\\999"),
            (b"\\777", b"\\777"),
            (b"\\377", b"\xff"),
            (b"", b""),
        ] {
            let got = unescape(text).into_vec();
            assert_eq!(got, want, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn the_real_table_has_a_root() {
        let mounts = read().unwrap();
        let root = at(&mounts, Path::new("/")).unwrap();
        assert!(!root.fs_type.is_empty());
    }
}

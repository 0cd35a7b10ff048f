//! Extended attributes of anything: of open files by their descriptor, of links and devices by their name.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{
    XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, fstatfs, lgetxattr, llistxattr,
    lsetxattr,
};
use rustix::io::{Errno, Result};

use super::Xattr;

/// The longest list of names, and the longest value, that Linux has. xattr(7).
const MAX: usize = 64 * 1024;

/// How XFS shows root the ACLs that it has as `system.posix_acl_*` too. fs/xfs/xfs_xattr.c.
const RAW_ACLS: [&[u8]; 2] = [b"trusted.SGI_ACL_FILE", b"trusted.SGI_ACL_DEFAULT"];

/// Whose attributes.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// An open file or directory.
    Open(BorrowedFd<'a>),
    /// `name` in a directory: a link, fifo or device, which is not opened. The calls have no form with a descriptor
    /// and a name; `/proc/self/fd` leads to the directory, and the last name is not followed.
    Named(BorrowedFd<'a>, &'a [u8]),
}

/// Memory for names and values, used again and again.
#[derive(Debug)]
pub(crate) struct Buffers {
    names: Vec<u8>,
    value: Vec<u8>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            names: vec![0; MAX],
            value: vec![0; MAX],
        }
    }
}

impl Buffers {
    /// All attributes, sorted by name; none where the file system has none.
    pub(super) fn read(&mut self, of: Of<'_>) -> Result<Vec<Xattr>> {
        let names = self.names.as_mut_slice();
        let listed = match of {
            Of::Open(fd) => flistxattr(fd, names),
            Of::Named(dir, name) => llistxattr(named(dir, name), names),
        };
        let len = match listed {
            Ok(len) => len,
            Err(Errno::OPNOTSUPP) => 0,
            Err(error) => return Err(error),
        };
        let mut xattrs = Vec::new();
        let names = self.names.get(..len).unwrap_or_default();
        for name in names.split(|&b| b == 0) {
            if name.is_empty() || RAW_ACLS.contains(&name) {
                continue;
            }
            let value = self.value.as_mut_slice();
            let got = match of {
                Of::Open(fd) => fgetxattr(fd, name, value),
                Of::Named(dir, file) => lgetxattr(named(dir, file), name, value),
            };
            match got {
                Ok(len) => xattrs.push(Xattr {
                    name: name.into(),
                    value: self.value.get(..len).unwrap_or_default().into(),
                }),
                // Gone meanwhile, or a name that a file system lists and does not have.
                Err(Errno::NODATA) => {}
                Err(error) => return Err(error),
            }
        }
        xattrs.sort();
        Ok(xattrs)
    }
}

/// Sets one attribute.
pub(super) fn set(of: Of<'_>, xattr: &Xattr) -> Result<()> {
    let (name, value) = (xattr.name.as_slice(), xattr.value.as_slice());
    match of {
        Of::Open(fd) => fsetxattr(fd, name, value, XattrFlags::empty()),
        Of::Named(dir, file) => lsetxattr(named(dir, file), name, value, XattrFlags::empty()),
    }
}

/// Whether ext4 has a place for all of these: one block, behind a header of 32 bytes; each takes 16 bytes, name and value,
/// up to a multiple of four, and four zeros end the list (fs/ext4/xattr.h). What fits and is refused meets a full disk.
pub(super) fn fit_beside_an_inode(of: Of<'_>, xattrs: &[Xattr]) -> bool {
    let fd = match of {
        Of::Open(fd) | Of::Named(fd, _) => fd,
    };
    let block = fstatfs(fd).map_or(0, |found| u64::try_from(found.f_bsize).unwrap_or(0));
    let padded = |bytes: &[u8]| bytes.len().next_multiple_of(4);
    let entries = xattrs
        .iter()
        .map(|xattr| 16 + padded(&xattr.name) + padded(&xattr.value));
    let all: usize = entries.sum();
    (all + 32 + 4) as u64 <= block
}

/// Takes the ACL away that new entries in `dir` would get. acl(5).
pub(super) fn remove_default_acl(dir: impl AsFd) -> Result<()> {
    match fremovexattr(dir, "system.posix_acl_default") {
        Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
        Err(error) => Err(error),
    }
}

fn named(dir: BorrowedFd<'_>, name: &[u8]) -> Vec<u8> {
    let mut path = format!("/proc/self/fd/{}/", dir.as_raw_fd()).into_bytes();
    path.extend_from_slice(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ext4 does with the attributes that it has just been asked for, when it has room.
    #[test]
    fn what_fits_is_told_from_what_never_does() {
        let dir = tempfile::tempdir().unwrap();
        let fd = std::fs::File::open(dir.path()).unwrap();
        let of = Of::Open(fd.as_fd());
        let xattr = |len| Xattr {
            name: b"user.note".to_vec(),
            value: vec![7; len],
        };
        for (lengths, want) in [
            (&[][..], true),
            (&[0], true),
            (&[1000, 1000], true),
            (&[3000, 3000], false),
            (&[60_000], false),
        ] {
            let xattrs: Vec<Xattr> = lengths.iter().map(|len| xattr(*len)).collect();
            assert_eq!(fit_beside_an_inode(of, &xattrs), want, "{lengths:?}");
        }
    }
}

//! What aufs is told: the mount(2) data that join a writable branch and the bundles.
//!
//! Sources: aufs(5) ("aufs manual" below) and `fs/aufs` of the aufs kernel tree. Only the texts are
//! made here; `perch_sys::aufs` hands them to the kernel.
//!
//! | option | why |
//! |---|---|
//! | `xino=FILE` | The table of inode numbers. Left alone, aufs puts it on the writable branch: every look-up would write to the stick, and FAT refuses it. Ours lies in RAM. The kernel unlinks it at once and refuses a file that exists (aufs manual, "xino"). |
//! | `trunc_xino` | Gives back blocks of that table that are no longer used, since they are RAM. The file system of `FILE` is one that can do so (aufs manual, "trunc_xino"). |
//! | `dirperm1` | The rights of a directory are those of its topmost copy. Without it a `chmod` of a directory that a bundle brought has no effect for users (aufs manual, "dirperm1"); overlayfs always works so. |
//! | `br:DIR=rw` | The writable branch, the first and highest. |
//! | `DIR=rr+wh` | A bundle: a file system that can never change (`rr`), whose marks for deleted files count (`wh`), so that a bundle may delete what a lower one brought (aufs manual, "Branch Syntax"). |
//! | `add:1:DIR=…` | On remount: a branch directly beneath the writable one, above all bundles so far. |
//!
//! Left as the kernel has them: `udba=reval`, because tools write to the session's directory behind
//! the union's back; `plink`, without which files with several names fall apart; `warn_perm`, a line
//! in the kernel log.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The most branches, the writable one included: `CONFIG_AUFS_BRANCH_MAX_127`, the kernel's default
/// and smallest choice (aufs manual, "Branch Syntax"). What a kernel was built for cannot be asked.
pub const MAX_BRANCHES: usize = 127;

/// The most bundles that [`calls`] takes.
pub const MAX_BUNDLES: usize = MAX_BRANCHES - 1;

/// The longest text for one call, in bytes. mount(2) copies one page and cuts what does not fit
/// without an error; a page has at least 4096 bytes, the last of them a zero.
pub const MAX_DATA: usize = 4095;

/// The most branches in one call. `fs/aufs/super.c` parses into one page of `struct au_opt`, some 80
/// of them on a 64-bit machine, and fails with `E2BIG` beyond.
pub const MAX_BRANCHES_A_CALL: usize = 60;

/// The files that aufs makes in the root of a writable branch: what hard links of deletion marks point
/// to, orphans, and files with several names (aufs manual, `AUFS_WH_BASE`, `AUFS_WH_ORPHDIR`,
/// `AUFS_WH_PLINKDIR`).
pub const MARKS: [Mark; 3] = [
    Mark {
        name: MARKER,
        is_dir: false,
    },
    Mark {
        name: ".wh..wh.orph",
        is_dir: true,
    },
    Mark {
        name: ".wh..wh.plnk",
        is_dir: true,
    },
];

/// The one of [`MARKS`] that every writable branch has: a session with it was written through aufs.
pub const MARKER: &str = ".wh..wh.aufs";

/// A file or directory of aufs itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its name in the root of the branch.
    pub name: &'static str,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// What mount(2) is called with, in this order: once to mount, then to remount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// The data of the first call.
    pub mount: Vec<u8>,
    /// The data of each remount that follows; usually none.
    pub remounts: Vec<Vec<u8>>,
}

/// Why the layers cannot be put into words that aufs understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing to lie below.
    #[error("a union needs at least one bundle")]
    NoBundle,
    /// More bundles than branches.
    #[error(
        "{count} bundles are more than the {MAX_BUNDLES} that aufs takes: merge some, or boot with union=overlayfs"
    )]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A path with a character that separates options, for which aufs has no escape.
    #[error("aufs cannot be told of {}: a comma, colon, equals sign or backslash is in its path", .path.display())]
    Character {
        /// That path.
        path: PathBuf,
    },
    /// A path that leaves no room for anything else.
    #[error("aufs cannot be told of {}: its path is too long", .path.display())]
    TooLong {
        /// That path.
        path: PathBuf,
    },
}

/// Whether aufs can be told of `path`. "Comma, colon and the permission flags string (including `=`)
/// in the path are not allowed" (aufs manual, "Branch Syntax"); a backslash is left out because the
/// mount table and mount(8) read it as an escape.
pub fn is_plain(path: &Path) -> bool {
    let special = |byte: &u8| matches!(byte, b',' | b':' | b'=' | b'\\' | 0);
    !path.as_os_str().as_bytes().iter().any(special)
}

/// The calls that join `bundles`, the lowest first, below the directory `writable`. `xino` is a file
/// that does not exist, on a file system in memory.
///
/// All paths are absolute: a remount may come from another working directory. Usually one call holds
/// everything. Where it does not, the first one takes the lowest bundles and each remount inserts the
/// next ones, ascending, directly beneath the writable branch: the order in which MiniOS inserts them.
pub fn calls(writable: &Path, bundles: &[&Path], xino: &Path) -> Result<Calls, Unfit> {
    if bundles.is_empty() {
        return Err(Unfit::NoBundle);
    }
    if bundles.len() > MAX_BUNDLES {
        return Err(Unfit::TooMany {
            count: bundles.len(),
        });
    }
    for path in bundles.iter().copied().chain([writable, xino]) {
        if !is_plain(path) {
            return Err(Unfit::Character { path: path.into() });
        }
    }
    let head = [
        b"xino=",
        bytes(xino),
        b",trunc_xino,dirperm1,br:",
        bytes(writable),
        b"=rw",
    ]
    .concat();
    if head.len() > MAX_DATA {
        return Err(Unfit::TooLong {
            path: writable.into(),
        });
    }
    let branch = |path: &Path| [b":", bytes(path), b"=rr+wh"].concat();
    let (first, mut rest) = fill(bundles, head.len(), 1, branch)?;
    let mount = first
        .into_iter()
        .rev()
        .fold(head, |data, branch| [data, branch].concat());
    let mut remounts = Vec::new();
    while !rest.is_empty() {
        let insertion = |path: &Path| [b",add:1:", bytes(path), b"=rr+wh"].concat();
        let (texts, left) = fill(rest, 0, 0, insertion)?;
        // The comma before the first one separates it from nothing.
        remounts.push(texts.concat().split_off(1));
        rest = left;
    }
    Ok(Calls { mount, remounts })
}

/// As many texts as one call holds beside `used` bytes and `branches` branches, and the paths that are
/// left over. The first path of a remount must fit, or it never will.
fn fill<'a, 'p>(
    paths: &'a [&'p Path],
    mut used: usize,
    branches: usize,
    text: impl Fn(&Path) -> Vec<u8>,
) -> Result<(Vec<Vec<u8>>, &'a [&'p Path]), Unfit> {
    let alone = used == 0;
    let mut texts = Vec::new();
    for path in paths.iter().take(MAX_BRANCHES_A_CALL - branches) {
        let text = text(path);
        used += text.len();
        if used > MAX_DATA {
            if texts.is_empty() && alone {
                return Err(Unfit::TooLong {
                    path: path.to_path_buf(),
                });
            }
            break;
        }
        texts.push(text);
    }
    let rest = paths.get(texts.len()..).unwrap_or_default();
    Ok((texts, rest))
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests;

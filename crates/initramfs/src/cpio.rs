//! The archive that the kernel unpacks into its first root: cpio in the "newc" format (Linux,
//! `Documentation/driver-api/early-userspace/buffer-format.rst`).
//!
//! Reproducible: entries are sorted, owned by root and dated 1970, numbered from one.

use std::collections::BTreeMap;

/// What a name in the archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Directory,
    /// With permission bits.
    File(Vec<u8>, u32),
    /// A symbolic link to this target.
    Link(String),
}

/// A directory tree; names are relative, without `./`. The order of the map puts directories before
/// what is in them.
#[derive(Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, Node>);

impl Tree {
    /// Adds `node` as `path` together with the directories above it; an earlier node of that name
    /// is replaced.
    pub(crate) fn add(&mut self, path: &str, node: Node) {
        for (at, _) in path.match_indices('/') {
            self.0.entry(path[..at].into()).or_insert(Node::Directory);
        }
        self.0.insert(path.into(), node);
    }

    /// The nodes by path.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Node)> {
        self.0.iter()
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The whole archive.
    pub(crate) fn to_cpio(&self) -> Vec<u8> {
        self.aligned(4)
    }

    /// The whole archive, with the content of each file at a multiple of `alignment`, a power of two from
    /// 4 on. What the format does not fill lies as further zeros behind the file's name.
    pub(crate) fn aligned(&self, alignment: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, (path, node)) in (1..).zip(&self.0) {
            let (mode, links, data) = match node {
                Node::Directory => (0o040_755, 2, &[][..]),
                Node::File(bytes, permissions) => (0o100_000 | permissions, 1, bytes.as_slice()),
                Node::Link(target) => (0o120_777, 1, target.as_bytes()),
            };
            let alignment = match node {
                Node::File(..) => alignment,
                Node::Directory | Node::Link(_) => 4,
            };
            entry(&mut out, path, (number, mode, links), data, alignment);
        }
        entry(&mut out, "TRAILER!!!", (0, 0, 1), &[], 4);
        out
    }
}

fn entry(
    out: &mut Vec<u8>,
    path: &str,
    (number, mode, links): (u32, u32, u32),
    data: &[u8],
    alignment: usize,
) {
    const HEADER: usize = 110;
    let name = out.len() + HEADER;
    let begin = (name + path.len() + 1).next_multiple_of(alignment);
    // Up to the last four the zeros belong to the name, as the format rounds no further.
    let name_size = match alignment {
        4 => path.len() + 1,
        _ => begin - name,
    };
    // Eight digits of hexadecimal: no file of an initramfs has 4 GiB.
    // Inode, mode, owner, group, links, time, size, device (2), device of a node (2), length of the
    // name with its NUL, checksum (unused).
    let fields = [
        number,
        mode,
        0,
        0,
        links,
        0,
        data.len() as u32,
        0,
        0,
        0,
        0,
        name_size as u32,
        0,
    ];
    out.extend_from_slice(b"070701");
    for field in fields {
        out.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    out.extend_from_slice(path.as_bytes());
    out.resize(begin, 0);
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.add("sbin/modprobe", Node::Link("/init".into()));
        tree.add("init", Node::File(b"#!/bin/true".to_vec(), 0o755));
        tree.add("etc/deep/file", Node::File(vec![], 0o644));
        tree.add("proc", Node::Directory);
        tree
    }

    /// cpio(1) is the judge: names, kinds, modes, owners, sizes, targets.
    #[test]
    fn cpio_reads_what_was_written() {
        let mut cpio = Command::new("cpio")
            .args(["--list", "--verbose", "--numeric-uid-gid", "--quiet"])
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cpio is installed");
        cpio.stdin
            .take()
            .unwrap()
            .write_all(&tree().to_cpio())
            .unwrap();
        let listing = cpio.wait_with_output().unwrap();
        assert!(listing.status.success());
        let listing = String::from_utf8(listing.stdout).unwrap();
        let lines: Vec<Vec<&str>> = listing
            .lines()
            .map(|line| line.split_ascii_whitespace().collect())
            .collect();
        let want = [
            "drwxr-xr-x 2 0 0 0 Jan 1 1970 etc",
            "drwxr-xr-x 2 0 0 0 Jan 1 1970 etc/deep",
            "-rw-r--r-- 1 0 0 0 Jan 1 1970 etc/deep/file",
            "-rwxr-xr-x 1 0 0 11 Jan 1 1970 init",
            "drwxr-xr-x 2 0 0 0 Jan 1 1970 proc",
            "drwxr-xr-x 2 0 0 0 Jan 1 1970 sbin",
            "lrwxrwxrwx 1 0 0 5 Jan 1 1970 sbin/modprobe -> /init",
        ];
        let lines: Vec<String> = lines.iter().map(|words| words.join(" ")).collect();
        assert_eq!(lines, want);
    }

    #[test]
    fn the_same_tree_gives_the_same_bytes() {
        assert_eq!(tree().to_cpio(), tree().to_cpio());
        assert_eq!(tree().to_cpio().len() % 4, 0);
    }
}

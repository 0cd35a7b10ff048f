//! An entry as the blocks that begin it in an archive: a header, and before it an extended one where the plain one has
//! no room.

use super::header::{Header, MAX_LONG, MAX_SHORT};
use super::{padding, pax, sparse};
use crate::tree::{Attributes, Device, Entry, Extent, Kind, Time};

/// The longest name and target in a plain header.
const MAX_NAME: usize = 100;

/// The blocks of `entry`, up to its content; `None` for a socket, which an archive has no place for.
///
/// `holes` are the pieces of a file that has holes; the map of them is part of the blocks. `at` is the directory in the
/// archive that the tree lies in; empty for the archive itself.
pub(super) fn blocks(entry: &Entry, holes: Option<&[Extent]>, at: &[u8]) -> Option<Vec<u8>> {
    let none = Device { major: 0, minor: 0 };
    let (kind, size, link, device) = match &entry.kind {
        Kind::File { size } => (b'0', *size, Vec::new(), none),
        Kind::HardLink { to } => (b'1', 0, inside(at, to), none),
        Kind::Symlink { target } => (b'2', 0, target.clone(), none),
        Kind::Character(device) => (b'3', 0, Vec::new(), *device),
        Kind::Block(device) => (b'4', 0, Vec::new(), *device),
        Kind::Directory => (b'5', 0, Vec::new(), none),
        Kind::Fifo => (b'6', 0, Vec::new(), none),
        Kind::Socket => return None,
    };
    let mut name = inside(at, &entry.path);
    if kind == b'5' {
        name.push(b'/');
    }
    let mut records = Vec::new();
    let mut map = Vec::new();
    let mut stored = size;
    if let Some(holes) = holes {
        map = sparse::map(holes, size);
        let data: u64 = holes.iter().map(|extent| extent.len).sum();
        stored = data + u64::try_from(map.len()).unwrap_or(0);
        pax::put(&mut records, b"GNU.sparse.major", b"1");
        pax::put(&mut records, b"GNU.sparse.minor", b"0");
        pax::put(&mut records, b"GNU.sparse.name", &name);
        let size = size.to_string();
        pax::put(&mut records, b"GNU.sparse.realsize", size.as_bytes());
        // What a tar without holes would make: another name, so that it does not pass for the file.
        name = inside(at, &[b"GNUSparseFile.0/", entry.path.as_slice()].concat());
    }
    describe(&mut records, &entry.attributes, &name, &link, stored);
    let header = header(&entry.attributes, name, kind, stored, link, device);
    let mut blocks = Vec::new();
    if !records.is_empty() {
        let len = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let extended = Header {
            name: b"PaxHeaders/entry".into(),
            mode: 0o644,
            size: len,
            modified: header.modified,
            kind: b'x',
            ..Header::default()
        };
        blocks.extend_from_slice(&extended.block());
        blocks.extend_from_slice(&records);
        blocks.resize(blocks.len() + padding(len), 0);
    }
    blocks.extend_from_slice(&header.block());
    blocks.extend_from_slice(&map);
    Some(blocks)
}

/// The blocks of a small file that belongs to the archive, with its content.
pub(super) fn own_file(name: &[u8], content: &[u8], modified: Time) -> Vec<u8> {
    let len = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let header = Header {
        name: name.into(),
        mode: 0o644,
        size: len,
        modified: modified.seconds,
        kind: b'0',
        ..Header::default()
    };
    let mut blocks = header.block().to_vec();
    blocks.extend_from_slice(content);
    blocks.resize(blocks.len() + padding(len), 0);
    blocks
}

/// A path of the tree as name in the archive.
fn inside(at: &[u8], path: &[u8]) -> Vec<u8> {
    match (at, path) {
        ([], []) => b".".into(),
        ([], path) => path.into(),
        (at, []) => at.into(),
        (at, path) => [at, b"/", path].concat(),
    }
}

fn header(
    attributes: &Attributes,
    name: Vec<u8>,
    kind: u8,
    size: u64,
    link: Vec<u8>,
    device: Device,
) -> Header {
    Header {
        name,
        mode: attributes.mode,
        uid: attributes.uid.into(),
        gid: attributes.gid.into(),
        size,
        modified: attributes.modified.seconds,
        kind,
        link,
        major: device.major.into(),
        minor: device.minor.into(),
    }
}

/// The records for what does not fit into a plain header, or has no place in one.
fn describe(records: &mut Vec<u8>, attributes: &Attributes, name: &[u8], link: &[u8], size: u64) {
    if !is_plain(name) {
        pax::put(records, b"path", name);
    }
    if !is_plain(link) {
        pax::put(records, b"linkpath", link);
    }
    for (key, number, max) in [
        (&b"size"[..], size, MAX_LONG),
        (b"uid", attributes.uid.into(), MAX_SHORT),
        (b"gid", attributes.gid.into(), MAX_SHORT),
    ] {
        if number > max {
            pax::put(records, key, number.to_string().as_bytes());
        }
    }
    let time = attributes.modified;
    let fits = u64::try_from(time.seconds).is_ok_and(|seconds| seconds <= MAX_LONG);
    if !fits || time.nanoseconds != 0 {
        pax::put(records, b"mtime", pax::time_text(time).as_bytes());
    }
    for xattr in &attributes.xattrs {
        pax::put_xattr(records, xattr);
    }
}

/// Whether a plain header can hold a name: not too long, and meaning the same to everybody.
fn is_plain(name: &[u8]) -> bool {
    name.len() <= MAX_NAME && name.is_ascii()
}

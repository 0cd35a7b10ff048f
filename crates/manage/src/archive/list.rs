//! The list of an archive's files. Its checksum is in `metadata.json`, before the files: what is missing, or was changed
//! by whoever packed an archive again, is noticed.
//!
//! One line for each entry, in the order of the archive, and one for each extended attribute below it:
//!
//! ```text
//! f 0644 1000 1000 1763736000.123456789 5 home/user/caf\303\251
//!  user.mime_type=746578742f706c61696e
//! l 0777 0 0 1763736000.000000000 etc/mtab -> ../proc/self/mounts
//! c 0000 0 0 1763736000.000000000 0,0 etc/deleted
//! h home/user/name -> home/user/other
//! ```

use std::io::Write;

use sha2::{Digest, Sha256};

use crate::tree::{Entry, Kind};

/// What a list comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// SHA-256 of the list, in hexadecimal digits.
    pub sha256: String,
    /// How many entries it has, directories and the tree's own one among them.
    pub files: u64,
    /// Length of all files together in bytes, holes included; those with several names count once.
    pub bytes: u64,
}

/// A list that is being made. Only its checksum is kept.
#[derive(Debug, Default)]
pub struct List {
    hash: Sha256,
    line: Vec<u8>,
    files: u64,
    bytes: u64,
}

impl List {
    /// Adds an entry. Sockets have no place in an archive, nor in its list.
    pub fn add(&mut self, entry: &Entry) {
        self.line.clear();
        line(&mut self.line, entry);
        self.hash.update(&self.line);
        self.files += 1;
        if let Kind::File { size } = entry.kind {
            self.bytes = self.bytes.saturating_add(size);
        }
    }

    /// What the list comes to.
    pub fn sum(self) -> Sum {
        let digest = self.hash.finalize();
        Sum {
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            files: self.files,
            bytes: self.bytes,
        }
    }
}

/// Appends the lines of `entry`. Writing to memory does not fail.
fn line(text: &mut Vec<u8>, entry: &Entry) {
    let Entry {
        path,
        kind,
        attributes,
    } = entry;
    if let Kind::HardLink { to } = kind {
        text.extend(b"h ");
        escape(text, path);
        text.extend(b" -> ");
        escape(text, to);
        text.push(b'\n');
        return;
    }
    let letter = match kind {
        Kind::File { .. } => 'f',
        Kind::Directory => 'd',
        Kind::Symlink { .. } => 'l',
        Kind::HardLink { .. } => 'h',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::Character(_) => 'c',
        Kind::Block(_) => 'b',
    };
    // Linux has no permissions of a symbolic link; whoever packs one may say what they like.
    let mode = match kind {
        Kind::Symlink { .. } => 0o777,
        _ => attributes.mode,
    };
    let time = attributes.modified;
    let _ = write!(
        text,
        "{letter} {mode:04o} {} {} {}.{:09} ",
        attributes.uid, attributes.gid, time.seconds, time.nanoseconds
    );
    match kind {
        Kind::File { size } => {
            let _ = write!(text, "{size} ");
        }
        Kind::Character(device) | Kind::Block(device) => {
            let _ = write!(text, "{},{} ", device.major, device.minor);
        }
        _ => {}
    }
    escape(text, path);
    if let Kind::Symlink { target } = kind {
        text.extend(b" -> ");
        escape(text, target);
    }
    text.push(b'\n');
    for xattr in &attributes.xattrs {
        text.push(b' ');
        escape(text, &xattr.name);
        text.push(b'=');
        for byte in &xattr.value {
            let _ = write!(text, "{byte:02x}");
        }
        text.push(b'\n');
    }
}

/// Printable ASCII as it is; blanks, backslashes and all else in octal digits, so that no name looks like two.
fn escape(text: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'!'..=b'[' | b']'..=b'~' => text.push(*byte),
            _ => {
                let _ = write!(text, "\\{byte:03o}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Attributes, Time, Xattr};

    #[test]
    fn lines_are_as_documented() {
        let attributes = Attributes {
            mode: 0o644,
            uid: 1000,
            gid: 1000,
            modified: Time {
                seconds: 1_763_736_000,
                nanoseconds: 123_456_789,
            },
            xattrs: vec![Xattr {
                name: b"user.mime_type".into(),
                value: b"text/plain".into(),
            }],
        };
        let mut text = Vec::new();
        let path: Vec<u8> = "home/user/café".into();
        for kind in [
            Kind::File { size: 5 },
            Kind::HardLink {
                to: b"a b\\".into(),
            },
            Kind::WHITEOUT,
        ] {
            let (path, attributes) = (path.clone(), attributes.clone());
            line(
                &mut text,
                &Entry {
                    path,
                    kind,
                    attributes,
                },
            );
        }
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "f 0644 1000 1000 1763736000.123456789 5 home/user/caf\\303\\251\n \
             user.mime_type=746578742f706c61696e\n\
             h home/user/caf\\303\\251 -> a\\040b\\134\n\
             c 0644 1000 1000 1763736000.123456789 0,0 home/user/caf\\303\\251\n \
             user.mime_type=746578742f706c61696e\n"
        );
    }
}

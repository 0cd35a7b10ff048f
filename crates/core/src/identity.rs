//! How a block device is named: by its node, or by a name that stays the same on every machine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a block device is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// A device node, without `/dev/`: `sda1`, `mapper/ventoy`.
    Node(String),
    /// The label of its file system.
    Label(String),
    /// The UUID of its file system, as `blkid` writes it.
    Uuid(String),
    /// The UUID of the partition: of a GPT's entry, or an MBR's signature and the number, `1234abcd-01`.
    PartUuid(String),
    /// The name of the partition in a GPT.
    PartLabel(String),
    /// The name that udev gives its link below `/dev/disk/by-id/`: bus, model, serial number, and
    /// `-partN` for a partition.
    Id(String),
}

type Make = fn(String) -> Identity;

/// What a text begins with, and what follows then.
const TAGS: [(&str, Make); 5] = [
    ("label:", Identity::Label),
    ("uuid:", Identity::Uuid),
    ("partuuid:", Identity::PartUuid),
    ("partlabel:", Identity::PartLabel),
    ("id:", Identity::Id),
];

/// The same as udev's links, in whose names other than plain characters are escaped.
const LINKS: [(&str, Make); 5] = [
    ("/dev/disk/by-label/", Identity::Label),
    ("/dev/disk/by-uuid/", Identity::Uuid),
    ("/dev/disk/by-partuuid/", Identity::PartUuid),
    ("/dev/disk/by-partlabel/", Identity::PartLabel),
    ("/dev/disk/by-id/", Identity::Id),
];

impl Identity {
    /// Takes the device part off `/dev/…[/dir]`, `label:L[/dir]`, `uuid:`, `partuuid:`,
    /// `partlabel:`, `id:`; the rest is the directory. `None` if the text names no device.
    ///
    /// The names of udev's links may be written as they are, with `\x20` for a blank and `\x2f` for a
    /// slash.
    pub fn parse(text: &str) -> Option<(Self, String)> {
        for (prefix, make) in TAGS {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (name, dir) = cut(rest);
                return (!name.is_empty()).then(|| (make(name), dir));
            }
        }
        for (prefix, make) in LINKS {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (name, dir) = cut(rest);
                return (!name.is_empty()).then(|| (make(unescaped(&name)), dir));
            }
        }
        let node = text.strip_prefix("/dev/")?;
        // What is left of udev's links says where a device is plugged in, or when: no name of it.
        if node == "disk" || node.starts_with("disk/") {
            return None;
        }
        let (name, dir) = match node.strip_prefix("mapper/") {
            Some(rest) => {
                let (name, dir) = cut(rest);
                (format!("mapper/{name}"), dir)
            }
            None => cut(node),
        };
        (!name.is_empty() && name != "mapper/").then_some((Self::Node(name), dir))
    }
}

/// The first component and the rest.
fn cut(text: &str) -> (String, String) {
    let (head, tail) = text.split_once('/').unwrap_or((text, ""));
    (head.to_owned(), tail.to_owned())
}

/// Without udev's `\xNN` (`udev_util_encode_string` in libudev). What is not one stays, and so does
/// one that stands for a control character: no name has any, and it could drive a terminal.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let code = rest.strip_prefix("\\x").and_then(|tail| tail.get(..2));
        match code.map(|code| u8::from_str_radix(code, 16)) {
            Some(Ok(byte)) => {
                bytes.push(byte);
                rest = rest.get(4..).unwrap_or_default();
            }
            Some(Err(_)) | None => {
                bytes.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text,
        _ => name.to_owned(),
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "/dev/{name}"),
            Self::Label(label) => write!(f, "label:{label}"),
            Self::Uuid(uuid) => write!(f, "uuid:{uuid}"),
            Self::PartUuid(uuid) => write!(f, "partuuid:{uuid}"),
            Self::PartLabel(label) => write!(f, "partlabel:{label}"),
            Self::Id(id) => write!(f, "id:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_udev_writes_them() {
        for (text, want) in [
            (
                r"/dev/disk/by-label/MY\x20STICK/a",
                Some((Identity::Label("MY STICK".into()), "a")),
            ),
            (
                r"/dev/disk/by-partlabel/a\x2fb\x5cc",
                Some((Identity::PartLabel(r"a/b\c".into()), "")),
            ),
            (
                r"/dev/disk/by-label/Z\xc3\xbcrich",
                Some((Identity::Label("Zürich".into()), "")),
            ),
            (
                "/dev/disk/by-label/Zürich",
                Some((Identity::Label("Zürich".into()), "")),
            ),
            (
                "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_1-0:0-part1/minios/5",
                Some((
                    Identity::Id("usb-QEMU_QEMU_HARDDISK_1-0:0-part1".into()),
                    "minios/5",
                )),
            ),
            (
                "id:virtio-one",
                Some((Identity::Id("virtio-one".into()), "")),
            ),
            (
                r"label:MY\x20STICK",
                Some((Identity::Label(r"MY\x20STICK".into()), "")),
            ),
            // Not udev's, or nothing that a name can hold.
            (
                r"/dev/disk/by-label/a\x1b[2J",
                Some((Identity::Label(r"a\x1b[2J".into()), "")),
            ),
            (
                r"/dev/disk/by-label/a\xff",
                Some((Identity::Label(r"a\xff".into()), "")),
            ),
            (
                r"/dev/disk/by-label/a\x2",
                Some((Identity::Label(r"a\x2".into()), "")),
            ),
            (
                r"/dev/disk/by-label/a\xé1",
                Some((Identity::Label(r"a\xé1".into()), "")),
            ),
            (
                r"/dev/disk/by-label/a\x+1",
                Some((Identity::Label(r"a\x+1".into()), "")),
            ),
            (
                "/dev/disk/by-path/pci-0000:00:14.0-usb-0:1:1.0-scsi-0:0:0:0-part1",
                None,
            ),
            ("/dev/disk/by-diskseq/9/minios", None),
            ("/dev/disk", None),
            ("id:", None),
            ("/dev/disk/by-id/", None),
        ] {
            let got = Identity::parse(text);
            assert_eq!(got, want.map(|(i, d)| (i, d.to_owned())), "text {text:?}");
        }
    }

    #[test]
    fn what_is_shown_names_the_same_device() {
        for text in [
            "/dev/sda1",
            "/dev/mapper/v",
            "label:L",
            "uuid:1234-ABCD",
            "partuuid:1234abcd-01",
            "partlabel:P",
            "id:ata-X_1",
        ] {
            let (identity, _) = Identity::parse(text).unwrap();
            assert_eq!(identity.to_string(), text);
        }
    }
}

//! `modules.alias`: which modules claim a device, a filesystem or an algorithm.
//!
//! Format: `alias PATTERN MODULE`, written by depmod from the modules' own `alias=` entries. The
//! patterns are globs ([`super::glob`]).

use super::{glob, name};

/// How much of a pattern's beginning puts it into a group: `pci:v00008086` and `usb:v0781p000` are
/// that long, so that a device skips nearly all patterns of other vendors at once.
const HEAD: usize = 13;

/// The aliases of one file, in groups of neighbours that begin alike: a distribution kernel has
/// 26,000 patterns, which come sorted by module and so, mostly, by vendor.
#[derive(Debug)]
pub struct Aliases {
    text: String,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    head: Head,
    /// Where the first line starts and the last one ends.
    start: usize,
    end: usize,
}

/// What a pattern begins with before its first wildcard, up to [`HEAD`] bytes.
///
/// Kept as a number, as this is compared some thousand times for each device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    bytes: u128,
    /// All bits set in the bytes that count.
    mask: u128,
}

impl Head {
    /// The head of a pattern, which ends at a wildcard or with the pattern.
    fn of_pattern(line: &[u8]) -> Self {
        let special = |b: &u8| matches!(b, b'*' | b'?' | b'[' | b'\\' | b' ' | b'\n');
        let end = line.iter().take(HEAD).position(special).unwrap_or(HEAD);
        Self::of_text(line.get(..end).unwrap_or(line))
    }

    /// The head of a text, in which all bytes stand for themselves.
    fn of_text(text: &[u8]) -> Self {
        let (mut bytes, mut mask) = ([0; 16], [0; 16]);
        for ((byte, mask), text) in bytes.iter_mut().zip(&mut mask).zip(text.iter().take(HEAD)) {
            *byte = name::fold(*text);
            *mask = 0xff;
        }
        Self {
            bytes: u128::from_ne_bytes(bytes),
            mask: u128::from_ne_bytes(mask),
        }
    }

    /// How many bytes it has.
    fn len(self) -> usize {
        self.mask.count_ones() as usize / 8
    }

    /// Whether a text whose own head is `text` can match: it begins with all of this one.
    fn begins(self, text: Self) -> bool {
        (self.bytes ^ text.bytes) & self.mask == 0
    }
}

impl Aliases {
    /// Takes `text` apart; lines that are no alias are passed over.
    pub fn parse(text: String) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let Some(pattern) = line.as_bytes().strip_prefix(KEYWORD) else {
                continue;
            };
            let head = Head::of_pattern(pattern);
            match groups.last_mut() {
                // A group is all the text between its ends, so nothing may lie in between.
                Some(last) if last.end == start && last.head == head => last.end = offset,
                _ => groups.push(Group {
                    head,
                    start,
                    end: offset,
                }),
            }
        }
        Self { text, groups }
    }

    /// The modules that claim `alias`, each once, in the order of the file.
    pub fn find<'s>(&'s self, alias: &str) -> Vec<&'s str> {
        let wanted = Head::of_text(alias.as_bytes());
        let mut found: Vec<&str> = Vec::new();
        for group in self.groups.iter().filter(|g| g.head.begins(wanted)) {
            // What both begin with is known to match.
            let known = group.head.len();
            let rest = alias.as_bytes().get(known..).unwrap_or_default();
            let lines = self.text.get(group.start..group.end).unwrap_or_default();
            for line in lines.as_bytes().split(|byte| *byte == b'\n') {
                let pattern = line.strip_prefix(KEYWORD).unwrap_or_default();
                let Some(end) = pattern.iter().position(|byte| *byte == b' ') else {
                    continue;
                };
                let (pattern, module) = pattern.split_at(end);
                let pattern = pattern.get(known..).unwrap_or_default();
                if glob::matches(pattern, rest) {
                    let module = str::from_utf8(module.trim_ascii()).unwrap_or_default();
                    if !found.iter().any(|known| name::same(known, module)) {
                        found.push(module);
                    }
                }
            }
        }
        found
    }
}

const KEYWORD: &[u8] = b"alias ";

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Aliases extracted from modules themselves.\n\
        alias pci:v00008086d00002922sv*sd*bc*sc*i* ahci\n\
        alias pci:v*d*sv*sd*bc01sc06i01* ahci\n\
        alias pci:v*d*sv*sd*bc0Csc03i30* xhci-pci\n\
        alias fs-ext4 ext4\n\
        alias acpi*:PNP0C0A:* battery\n\
        alias crypto-crc32c crc32c_generic\n\
        alias crypto-crc32c crc32c-intel\n\
        alias xen-backend:vbd xen-blkback\n\
        alias net-pf-1* unix\n\
        alias broken\n\
        alias \n\
        aliaspci:v* nothing\n\
        alias virtio:d00000002v* virtio_blk";

    #[test]
    fn every_module_that_claims_the_text_is_found_once() {
        let aliases = Aliases::parse(TEXT.into());
        for (alias, want) in [
            (
                "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01",
                &["ahci"][..],
            ),
            ("pci:v00001B36d0000000Dsv0sd0bc0Csc03i30", &["xhci-pci"]),
            ("fs-ext4", &["ext4"]),
            ("fs_ext4", &["ext4"]),
            ("acpi:PNP0C0A:", &["battery"]),
            ("acpixyz:PNP0C0A:", &["battery"]),
            ("crypto-crc32c", &["crc32c_generic", "crc32c-intel"]),
            ("xen_backend:vbd", &["xen-blkback"]),
            ("net-pf-10", &["unix"]),
            ("net-pf-1:x", &["unix"]),
            ("net-pf-1*", &["unix"]),
            ("virtio:*", &[]),
            ("virtio:d00000002v00001AF4", &["virtio_blk"]),
            ("virtio:d00000003v00001AF4", &[]),
            ("broken", &[]),
            ("", &[]),
            (":", &[]),
        ] {
            assert_eq!(aliases.find(alias), want, "alias {alias:?}");
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in [
            "",
            "\n",
            "alias",
            "alias ",
            "alias  ",
            "alias é* é",
            "alias : x",
            "alias [ x",
        ] {
            let aliases = Aliases::parse(text.into());
            for alias in ["", "é", ":", "[", "x"] {
                aliases.find(alias);
            }
        }
    }
}

//! Firmware that the modules of an image load from files.
//!
//! Most drivers of storage bring theirs on their card. Some USB hosts without a chip for it and card readers do not,
//! and no stick behind them can be read without: so what the chosen modules name is packed where the system has it,
//! and what it has not is told. Drivers of other things, whose firmware is large, are in no set of ours.

use std::collections::BTreeSet;
use std::path::Path;

use object::read::elf::ElfFile;
use object::{Endianness, FileKind, Object, ObjectSection, elf};
use serde::Serialize;

use crate::compress::Compression;
use crate::cpio::{Node, Tree};
use crate::error::Error;
use crate::read::read;

/// A file of firmware in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirmwareFile {
    /// Its name below `/lib/firmware`.
    pub name: String,
    /// Its length in bytes.
    pub bytes: usize,
}

/// The firmware of an image.
#[derive(Debug, Default)]
pub(crate) struct Firmware {
    /// What is in it.
    pub(crate) files: Vec<FirmwareFile>,
    /// What the system does not have.
    pub(crate) missing: Vec<String>,
}

impl Firmware {
    /// Adds to `tree` what is `wanted` from the system in `root`, from where its kernel would take it (Linux,
    /// `Documentation/driver-api/firmware/fw_search_path.rst`).
    pub(super) fn pack(
        root: &Path,
        version: &str,
        wanted: &BTreeSet<String>,
        tree: &mut Tree,
    ) -> Result<Self, Error> {
        let updates = format!("updates/{version}");
        let mut firmware = Self::default();
        for name in wanted {
            let mut found = None;
            for place in [updates.as_str(), "updates", version, ""] {
                for system in ["lib/firmware", "usr/lib/firmware"] {
                    let dir = root.join(system).join(place);
                    found = match found {
                        None => content(&dir, name)?,
                        found => found,
                    };
                }
            }
            let Some(content) = found else {
                firmware.missing.push(name.clone());
                continue;
            };
            firmware.files.push(FirmwareFile {
                name: name.clone(),
                bytes: content.len(),
            });
            tree.add(&format!("lib/firmware/{name}"), Node::File(content, 0o644));
        }
        Ok(firmware)
    }
}

/// The firmware `name` in `dir`, unpacked: not every kernel unpacks it.
fn content(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    for kind in [Compression::None, Compression::Zstd, Compression::Xz] {
        let name = format!("{name}{}", kind.suffix());
        let file = dir.join(&name);
        if file.is_file() {
            let (_, content) = match kind {
                Compression::None => ("", read(&file)?),
                _ => Compression::undo(&name, read(&file)?, &file)?,
            };
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// The names that a module's section `.modinfo` lists as firmware: `key=value` texts, each with a NUL behind it (Linux,
/// `include/linux/moduleparam.h`). None for what is no module.
pub(super) fn wanted_by(module: &[u8]) -> Vec<String> {
    let section = match FileKind::parse(module) {
        Ok(FileKind::Elf64) => modinfo::<elf::FileHeader64<Endianness>>(module),
        Ok(FileKind::Elf32) => modinfo::<elf::FileHeader32<Endianness>>(module),
        _ => None,
    };
    let texts = section.unwrap_or_default().split(|byte| *byte == 0);
    texts
        .filter_map(|text| std::str::from_utf8(text).ok()?.strip_prefix("firmware="))
        .filter(|name| is_below(name))
        .map(str::to_owned)
        .collect()
}

fn modinfo<H: object::read::elf::FileHeader<Endian = Endianness>>(module: &[u8]) -> Option<&[u8]> {
    let file = ElfFile::<H>::parse(module).ok()?;
    file.section_by_name_bytes(b".modinfo")?.data().ok()
}

/// Patterns stand for too much, and nothing outside of the directory is firmware.
fn is_below(name: &str) -> bool {
    let mut parts = name.split('/');
    !name.contains('*') && parts.all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_there_is_packed_and_the_rest_is_told() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("usr/lib/firmware");
        fs::create_dir_all(dir.join("updates")).unwrap();
        fs::write(dir.join("host.mem"), "old").unwrap();
        fs::write(dir.join("updates/host.mem"), "new").unwrap();
        let packed = Compression::Xz.apply(b"reader").unwrap();
        fs::write(dir.join("reader.bin.xz"), packed).unwrap();
        let wanted = ["host.mem", "nobody.bin", "reader.bin"].map(str::to_owned);
        let mut tree = Tree::default();
        let firmware = Firmware::pack(root.path(), "6.1", &wanted.into(), &mut tree).unwrap();
        assert_eq!(firmware.missing, ["nobody.bin"]);
        let files: Vec<(&str, &[u8])> = tree
            .iter()
            .filter_map(|(path, node)| match node {
                Node::File(bytes, _) => Some((path.as_str(), bytes.as_slice())),
                Node::Directory | Node::Link(_) => None,
            })
            .collect();
        assert_eq!(
            files,
            [
                ("lib/firmware/host.mem", &b"new"[..]),
                ("lib/firmware/reader.bin", b"reader")
            ]
        );
    }

    #[test]
    fn only_modules_name_firmware() {
        assert!(wanted_by(b"").is_empty());
        assert!(wanted_by(b"firmware=x").is_empty());
        let program = fs::read("/proc/self/exe").unwrap();
        assert!(wanted_by(&program).is_empty());
        for (name, want) in [
            ("renesas_usb_fw.mem", true),
            ("ene-ub6250/sd_init1.bin", true),
            ("brcm/*", false),
            ("../shadow", false),
            ("/etc/shadow", false),
            ("", false),
        ] {
            assert_eq!(is_below(name), want, "{name:?}");
        }
    }
}

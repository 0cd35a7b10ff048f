//! Microcode for the processor, which the kernel takes from an uncompressed archive at the very start of an
//! image, before it unpacks anything (Linux, `Documentation/arch/x86/microcode.rst`).
//!
//! Each maker's file is all pieces one behind the other with nothing in between, which AMD's form does not
//! allow; the kernel picks the one that fits.

mod early;
mod processor;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::compress::Compression;
use crate::cpio::{Node, Tree};
use crate::error::Error;
use crate::read::{names, read};

/// Where the kernel looks for it in the archive.
const DIRECTORY: &str = "kernel/x86/microcode";

/// The multiple at which the first piece has to begin, and all of Intel's then do, as their lengths are multiples
/// of 1024: the processor reads them where they lie (Intel's Software Developer's Manual, volume 3, "Microcode
/// Update Facilities").
const ALIGNMENT: usize = 16;

/// The size to which cpio(1) fills an archive; tools that take images apart count in it.
const BLOCK: usize = 512;

/// Whose microcode goes into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Microcode {
    /// Nobody's.
    None,
    /// That for the processor of this machine.
    Host,
    /// That for all processors of which the system has any.
    All,
    /// Whatever this image begins with.
    From(PathBuf),
}

/// A maker's file in the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MicrocodeFile {
    /// Its name, `GenuineIntel.bin`.
    pub name: String,
    /// The files that it is made of; none if it came from an image.
    pub pieces: Vec<String>,
    /// Its length in bytes.
    pub bytes: usize,
}

/// A maker: the directory of its firmware, and the file in an image.
const MAKERS: [(&str, &str); 2] = [
    ("amd-ucode", "AuthenticAMD.bin"),
    ("intel-ucode", "GenuineIntel.bin"),
];

/// The early archive with the `wanted` microcode of the system in `root`, and what is in it; empty if there is
/// none. `cpuinfo` is the text of `/proc/cpuinfo`.
pub(crate) fn archive(
    wanted: &Microcode,
    root: &Path,
    cpuinfo: &str,
) -> Result<(Vec<u8>, Vec<MicrocodeFile>), Error> {
    let files = match wanted {
        Microcode::None => BTreeMap::new(),
        Microcode::From(image) => early::read_from(image)?
            .into_iter()
            .map(|(name, bytes)| (name, (Vec::new(), bytes)))
            .collect(),
        Microcode::All => of_system(root, processor::is_piece)?,
        Microcode::Host => {
            let names = processor::pieces(cpuinfo);
            of_system(root, |name| names.iter().any(|wanted| wanted == name))?
        }
    };
    if files.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut tree = Tree::default();
    let mut told = Vec::new();
    for (name, (pieces, bytes)) in files {
        told.push(MicrocodeFile {
            name: name.clone(),
            pieces,
            bytes: bytes.len(),
        });
        tree.add(&format!("{DIRECTORY}/{name}"), Node::File(bytes, 0o644));
    }
    let mut archive = tree.aligned(ALIGNMENT);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    Ok((archive, told))
}

type Files = BTreeMap<String, (Vec<String>, Vec<u8>)>;

fn of_system(root: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Files, Error> {
    let mut files = Files::new();
    for (maker, file) in MAKERS {
        for place in ["lib/firmware", "usr/lib/firmware"] {
            if files.contains_key(file) {
                continue;
            }
            let dir = root.join(place).join(maker);
            let mut all: (Vec<String>, Vec<u8>) = Default::default();
            for name in names(&dir)? {
                let path = dir.join(&name);
                let packed = [".xz", ".zst"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end));
                if !is_wanted(packed.unwrap_or(&name)) {
                    continue;
                }
                let (plain, bytes) = Compression::undo(&name, read(&path)?, &path)?;
                all.0.push(plain.to_owned());
                all.1.extend(bytes);
            }
            if !all.1.is_empty() {
                files.insert(file.to_owned(), all);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;

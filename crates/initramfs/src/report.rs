//! What an image holds, and what takes how much of it.

use std::fmt;

use perch_core::session::System;
use serde::{Serialize, Serializer};

use crate::compress::Compression;
use crate::microcode::MicrocodeFile;
use crate::modules::{FirmwareFile, ModuleFile};

/// What an image holds. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The kernel it is for.
    pub kernel: String,
    /// The system it says it belongs to.
    pub system: System,
    /// Microcode, at its start.
    pub microcode: Vec<MicrocodeFile>,
    /// perch-init.
    pub init: usize,
    /// The index of the modules.
    pub index: usize,
    /// All modules.
    pub modules: Vec<ModuleFile>,
    /// How modules and programs that few boots need are packed, each by itself.
    pub packing: Compression,
    /// Firmware of the modules.
    pub firmware: Vec<FirmwareFile>,
    /// Firmware that they name, and that the system does not have.
    pub missing_firmware: Vec<String>,
    /// Programs of others.
    pub programs: Vec<String>,
    /// Programs that were looked for, and that the system does not have.
    pub missing_programs: Vec<String>,
    /// The programs with their libraries, before and after packing.
    pub program_bytes: [usize; 2],
    /// Hooks, as `STAGE.d/NAME`.
    pub hooks: Vec<String>,
    /// How the main archive is compressed.
    pub compression: Compression,
    /// The main archive, before and after compression.
    pub archive_bytes: [usize; 2],
    /// The whole image.
    pub bytes: usize,
    /// What may not be as wanted.
    #[serde(skip)]
    pub notices: Vec<Notice>,
}

/// Something about an image that may not be as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// What every boot needs is neither in the image nor part of the kernel.
    Lacks(&'static str),
    /// There is no union file system.
    NoUnion,
    /// Nobody tells which version the system has.
    NoVersion,
    /// The kernel cannot unpack what is usual.
    Slower(Compression),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks(name) => write!(
                f,
                "no medium can be used without the module {name}, which is not among those chosen: add it to --modules"
            ),
            Self::NoUnion => write!(
                f,
                "no session can be opened without overlay or aufs, and neither is among the modules chosen: add one to --modules"
            ),
            Self::NoVersion => write!(
                f,
                "the system tells no version, so sessions of other versions are opened without a word: give --system-version"
            ),
            Self::Slower(kind) => {
                write!(f, "this kernel cannot unpack lz4: {kind} is used instead")
            }
        }
    }
}

impl Report {
    /// Number, unpacked bytes, and bytes in the image, of the modules that are packed by themselves or of those
    /// that are not.
    pub fn modules_that_are(&self, packed: bool) -> (usize, [usize; 2]) {
        let of_these = self
            .modules
            .iter()
            .filter(|it| it.packed.is_some() == packed);
        of_these.fold((0, [0, 0]), |(count, [before, after]), file| {
            let lies = file.packed.unwrap_or(file.bytes);
            (count + 1, [before + file.bytes, after + lies])
        })
    }
}

impl Serialize for Compression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

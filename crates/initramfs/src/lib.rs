//! The stand-alone initial file system, with perch as its process 1: what goes into it, as bytes.
//!
//! It holds `/init` (perch-init, which is also `/sbin/modprobe`), the kernel modules that lead to the medium,
//! `/etc/minios-release`, and the few programs of others that perch-init runs: checkers, formatters, NTFS-3G.
//!
//! The same input gives the same bytes: nothing of file times, owners, modes, the order of directories, or the
//! environment gets into an image. Nothing is written here; where an image goes is for the caller to say.
#![forbid(unsafe_code)]

pub mod compress;
mod cpio;
mod error;
#[cfg(test)]
mod hook_lists;
mod hooks;
mod identity;
mod kernel;
mod microcode;
mod modules;
mod needed;
mod parallel;
mod programs;
mod read;
mod report;
mod selection;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use perch_core::session::System;

pub use compress::Compression;
use cpio::{Node, Tree};
pub use error::Error;
use kernel::Config;
pub use kernel::running as running_kernel;
pub use microcode::{Microcode, MicrocodeFile};
use modules::{DEP, Modules};
pub use modules::{FirmwareFile, ModuleFile};
pub use needed::Machine;
pub use programs::ElfError;
use programs::Programs;
use programs::elf;
pub use report::{Notice, Report};

/// What an image is to hold.
#[derive(Debug, Clone)]
pub struct Request {
    /// The kernel whose modules are packed, as `uname -r` names it.
    pub kernel: String,
    /// The system that it is installed in.
    pub root: PathBuf,
    /// perch-init.
    pub init: PathBuf,
    /// Names, patterns or aliases of modules, and the sets `most`, `common` and `dep`.
    pub modules: Vec<String>,
    /// How the main archive is compressed; absent for the fastest that the kernel can unpack.
    pub compression: Option<Compression>,
    /// How the modules and programs that few boots need are packed, each by itself; perch-init unpacks them, and
    /// knows xz and zstd.
    pub packing: Compression,
    /// Names of programs of others, and the sets `most` and `none`.
    pub programs: Vec<String>,
    /// The system that they are taken from.
    pub programs_root: PathBuf,
    /// What the system is called, where its own files are not to tell.
    pub system: System,
    /// The directory with hooks.
    pub hooks: Option<PathBuf>,
    /// Whether hooks on the medium may run.
    pub medium_hooks: bool,
    /// Whose microcode.
    pub microcode: Microcode,
}

/// What the system's makers set for all boots, perch.conf(5); from the system to the same place in the image.
const SETTINGS: &str = "etc/perch/perch.conf";

/// An image.
#[derive(Debug)]
pub struct Image {
    /// All of it.
    pub bytes: Vec<u8>,
    /// What it holds.
    pub report: Report,
}

/// Makes an image. `machine` is looked at for the module set `dep` and the host's own microcode only.
///
/// # Errors
/// If something that was asked for is not there, or the kernel could not unpack the image.
pub fn build(request: &Request, machine: &Machine) -> Result<Image, Error> {
    let version = request.kernel.as_str();
    let source = kernel::modules(&request.root, version)?;
    let config = Config::find(&request.root, version, &source)?;
    let compression = kernel::compression(config.as_ref(), version, request.compression)?;
    let program = init(&request.init)?;
    let words = || request.modules.iter().map(String::as_str);
    let needed = match words().any(|word| word == DEP) {
        true => machine.needed()?,
        false => BTreeSet::new(),
    };
    let chosen = Modules::select(&source, words(), &needed)?;
    let names = request.programs.iter().map(String::as_str);
    let programs = Programs::select(&request.programs_root, names)?;
    let system = identity::of(&request.root, &request.system)?;
    let (early, microcode) =
        microcode::archive(&request.microcode, &request.root, &machine.cpuinfo)?;

    let (mut main, mut rest) = (Tree::default(), Tree::default());
    for directory in ["dev", "proc", "run", "sys"] {
        main.add(directory, Node::Directory);
    }
    let init = program.len();
    main.add("init", Node::File(program, 0o755));
    main.add("sbin/modprobe", Node::Link("/init".into()));
    let release = identity::release(&system)?;
    main.add("etc/minios-release", Node::File(release.into(), 0o644));
    if let Some(settings) = read::read_text(&request.root.join(SETTINGS))? {
        main.add(SETTINGS, Node::File(settings.into(), 0o644));
    }
    let hooks = hooks::add(request.hooks.as_deref(), request.medium_hooks, &mut main)?;
    let packing = request.packing;
    let packed = chosen.pack((&request.root, version), packing, &mut main, &mut rest)?;
    let program_sizes = programs.pack(packing, &mut rest)?;
    let archive = main.to_cpio();
    let compressed = compression.apply(&archive)?;
    let bytes = join(early, &compressed, &rest);

    let mut notices = notices(&chosen, &system)?;
    if request.compression.is_none() && compression != Compression::Lz4 {
        notices.push(Notice::Slower(compression));
    }
    let report = Report {
        kernel: request.kernel.clone(),
        system,
        microcode,
        init,
        index: packed.index,
        modules: packed.modules,
        packing,
        firmware: packed.firmware.files,
        missing_firmware: packed.firmware.missing,
        programs: program_sizes.names,
        missing_programs: programs.missing,
        program_bytes: [program_sizes.before, program_sizes.after],
        hooks,
        compression,
        archive_bytes: [archive.len(), compressed.len()],
        bytes: bytes.len(),
        notices,
    };
    Ok(Image { bytes, report })
}

fn notices(chosen: &Modules, system: &System) -> Result<Vec<Notice>, Error> {
    let lacking = chosen.lacks(selection::ALWAYS)?;
    let mut notices = Vec::new();
    for name in lacking
        .iter()
        .filter(|name| !selection::UNIONS.contains(*name))
    {
        notices.push(Notice::Lacks(name));
    }
    if selection::UNIONS.iter().all(|name| lacking.contains(name)) {
        notices.push(Notice::NoUnion);
    }
    if system.version.is_none() {
        notices.push(Notice::NoVersion);
    }
    Ok(notices)
}

/// perch-init, which must need nothing else: an image has no libraries where a loader would look for them.
fn init(path: &Path) -> Result<Vec<u8>, Error> {
    if !path.exists() {
        return Err(Error::NoInit {
            path: path.to_owned(),
        });
    }
    let bytes = read::read(path)?;
    let bad = |reason| Error::BadInit {
        path: path.to_owned(),
        reason,
    };
    match elf::needs(&bytes) {
        Ok(Some(needs)) if needs.interpreter.is_none() && needs.libraries.is_empty() => Ok(bytes),
        Ok(Some(_)) => Err(bad("it needs libraries, which an image does not have")),
        Ok(None) => Err(bad("it is not a program in machine code")),
        Err(_) => Err(bad("it is damaged")),
    }
}

/// The image: the early archive, the compressed one, then the other one as it is, if it holds anything.
///
/// The kernel unpacks archives one after the other and skips zeros between them; one that is not
/// compressed must begin at a multiple of four (Linux, `init/initramfs.c`). The last one may have
/// more appended to it.
fn join(early: Vec<u8>, compressed: &[u8], rest: &Tree) -> Vec<u8> {
    let mut image = early;
    image.extend_from_slice(compressed);
    // Four at least: they end an lz4 archive.
    image.resize((image.len() + 4).next_multiple_of(4), 0);
    if !rest.is_empty() {
        image.extend_from_slice(&rest.to_cpio());
    }
    image
}

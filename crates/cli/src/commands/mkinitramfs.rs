//! `perch mkinitramfs`

mod shown;

use std::path::{Path, PathBuf};

use perch_core::session::System;
use perch_core::units::Bytes;
use perch_initramfs::{Compression, Machine, Microcode, Report, Request, build, running_kernel};
use perch_sys::replace::replace_file;
use rustix::fs::{Mode, OFlags, open};
use serde::Serialize;

use crate::args::mkinitramfs::{Compress, Mkinitramfs, Pack, Whose};
use crate::error::Error;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// What was made, for programs.
#[derive(Serialize)]
struct Made<'a> {
    dry_run: bool,
    /// Absent if it was not said where the image is to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(flatten)]
    report: &'a Report,
}

/// Carries it out.
pub(crate) fn run(args: Mkinitramfs, output: &Output) -> Result<Outcome, Error> {
    let (target, dry_run) = (args.output.clone(), args.dry_run);
    // Whether it can be written is known before the work.
    let place = match &target {
        Some(file) if !dry_run => Some(Place::of(file)?),
        _ => None,
    };
    let progress = Progress::of_waiting(output, "packing");
    let image = build(&request(args), &Machine::this())?;
    drop(progress);
    for notice in &image.report.notices {
        output.notice(notice.to_string());
    }
    if let Some(place) = &place {
        place.write(&image.bytes)?;
    }
    let report = &image.report;
    let size = Bytes(report.bytes as u64);
    let (kernel, name) = (&report.kernel, target.as_deref().map(Path::display));
    let message = match name {
        Some(name) if dry_run => format!("{name} would have {size}, for kernel {kernel}"),
        Some(name) => format!("{name} has {size}, for kernel {kernel}"),
        None => format!("the image would have {size}, for kernel {kernel}"),
    };
    let text = format!("{}{message}", shown::text(report, dry_run));
    let made = Made {
        dry_run,
        path: target.map(|path| path.display().to_string()),
        report,
    };
    Ok(Outcome::new(message).text(text).data(&made))
}

fn request(args: Mkinitramfs) -> Request {
    let dep = args.modules.iter().any(|word| word == "dep");
    let microcode = match (args.microcode_from, args.microcode) {
        (Some(image), _) => Microcode::From(image),
        (None, Some(Whose::None)) => Microcode::None,
        (None, Some(Whose::Host)) => Microcode::Host,
        (None, Some(Whose::All)) => Microcode::All,
        (None, None) if dep => Microcode::Host,
        // A stick is carried from one machine to another.
        (None, None) => Microcode::All,
    };
    Request {
        kernel: args.kernel_version.unwrap_or_else(running_kernel),
        init: args.init,
        modules: args.modules,
        compression: args.compress.map(|kind| match kind {
            Compress::None => Compression::None,
            Compress::Gzip => Compression::Gzip,
            Compress::Lz4 => Compression::Lz4,
            Compress::Xz => Compression::Xz,
            Compress::Zstd => Compression::Zstd,
        }),
        packing: match args.pack {
            Pack::None => Compression::None,
            Pack::Xz => Compression::Xz,
            Pack::Zstd => Compression::Zstd,
        },
        programs: args.programs,
        programs_root: args.programs_root.unwrap_or_else(|| args.root.clone()),
        root: args.root,
        system: System {
            name: args.system_name,
            version: args.system_version,
            edition: args.system_edition,
        },
        hooks: args.hooks,
        medium_hooks: args.allow_medium_hooks,
        microcode,
    }
}

/// Where an image goes: its directory, and its name there.
struct Place {
    path: PathBuf,
    dir: rustix::fd::OwnedFd,
    name: String,
}

impl Place {
    fn of(path: &Path) -> Result<Self, Error> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Error::Name { path: path.into() })?;
        if path.is_dir() {
            return Err(Error::ImageIsDirectory { path: path.into() });
        }
        let parent = path.parent().filter(|dir| *dir != Path::new(""));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = open(parent.unwrap_or(Path::new(".")), flags, Mode::empty());
        Ok(Self {
            path: path.to_owned(),
            dir: dir.map_err(|error| Error::Look {
                path: parent.unwrap_or(path).to_owned(),
                source: error.into(),
            })?,
            name: name.to_owned(),
        })
    }

    /// Replaces it, so that a boot loader finds all of the old image or all of the new, whenever power fails.
    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let replaced = replace_file(&self.dir, &self.name, bytes, 0o644);
        replaced.map_err(|source| Error::Image {
            path: self.path.clone(),
            source: Box::new(source),
        })
    }
}

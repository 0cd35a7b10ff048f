//! `perch dynfilefs mount`, and the existing program's way to say it.

mod foreground;
mod plan;

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use dynfilefs::container::{self, Access, Container};
use dynfilefs::error::Error as ContainerError;
use dynfilefs::files::Files;
use dynfilefs::header::HeaderError;
use dynfilefs::store::Store;
use perch_core::serving::{self, BaseName};
use perch_core::units::Mib;
use perch_sys::container::dynfilefs::{ServeError, Server};
use perch_sys::mountinfo;
use rustix::process::geteuid;
use serde::Serialize;

use crate::args::dynfilefs::Mount;
use crate::error::Error;
use crate::old_names::OldMount;
use crate::output::{Outcome, Output};
use crate::storage::Storage;
use plan::{Before, Sizes, Unclear};

/// A container that is served, or would be.
#[derive(Serialize)]
struct Mounted {
    container: String,
    directory: String,
    disk: String,
    size: u64,
    created: bool,
    grown: bool,
    read_only: bool,
    server: Option<u32>,
    dry_run: bool,
}

/// What is to be mounted, whoever asked.
#[derive(Debug)]
struct Request<'a> {
    file: &'a Path,
    dir: &'a Path,
    sizes: Sizes,
    access: Access,
    /// Whether a container is made where none is.
    create: bool,
    foreground: bool,
    dry_run: bool,
}

pub(super) fn run(args: &Mount, output: &Output) -> Result<Outcome, Error> {
    let access = match (args.rescue, args.read_only) {
        (true, _) => Access::Rescue,
        (false, true) => Access::Read,
        (false, false) => Access::Write,
    };
    let request = Request {
        file: &args.container.file,
        dir: &args.dir,
        sizes: Sizes {
            size: args.size,
            split: None,
        },
        access,
        create: false,
        foreground: args.foreground,
        dry_run: args.dry_run,
    };
    mount(&request, output)
}

/// What the existing program does: it makes the container too.
pub(crate) fn run_old(args: &OldMount, output: &Output) -> Result<Outcome, Error> {
    let access = match args.read_only {
        true => Access::Read,
        false => Access::Write,
    };
    let request = Request {
        file: &args.file,
        dir: &args.dir,
        sizes: Sizes {
            size: args.size,
            split: args.split,
        },
        access,
        create: !args.read_only,
        foreground: args.foreground,
        dry_run: false,
    };
    mount(&request, output)
}

fn mount(request: &Request<'_>, output: &Output) -> Result<Outcome, Error> {
    if !geteuid().is_root() && !request.dry_run {
        return Err(Error::NeedsRoot { what: "mounting" });
    }
    let target = check_directory(request.dir)?;
    let storage = Storage::at(request.file)?;
    let (before, size) = prepare(request, &storage, output)?;
    let directory = request.dir.display().to_string();
    let mut mounted = Mounted {
        container: request.file.display().to_string(),
        disk: format!("{}/{}", directory.trim_end_matches('/'), serving::DISK),
        directory,
        size,
        created: matches!(before, Before::Create(_)),
        grown: matches!(before, Before::Grow(_)),
        read_only: request.access != Access::Write,
        server: None,
        dry_run: request.dry_run,
    };
    let size = Mib(size >> 20);
    let what = match before {
        Before::Create(_) => "create it and serve",
        Before::Grow(_) => "let it grow and serve",
        Before::Nothing => "serve",
    };
    if request.dry_run {
        let message = format!(
            "would {what} {} as {}, {size}",
            mounted.container, mounted.disk
        );
        return Ok(Outcome::new(message).data(&mounted));
    }
    let server = serve(request, &storage, &target)?;
    mounted.server = Some(server);
    let message = format!("{} is {}, {size}", mounted.container, mounted.disk);
    if !request.foreground {
        return Ok(Outcome::new(message).data(&mounted));
    }
    output.show(&format!("{message}; Ctrl-C unmounts it\n"));
    foreground::stay(&target, server, output)?;
    let message = format!("unmounted {}", mounted.directory);
    Ok(Outcome::new(message).data(&mounted))
}

/// An empty directory, by its real path: what was in it would be out of sight.
fn check_directory(dir: &Path) -> Result<PathBuf, Error> {
    let look = |source| Error::Look {
        path: dir.to_owned(),
        source,
    };
    let target = dir.canonicalize().map_err(look)?;
    let mounts = mountinfo::read().map_err(look)?;
    if super::umount::find(&mounts, &target).is_some() {
        return Err(Error::AlreadyMounted {
            dir: dir.to_owned(),
        });
    }
    let mut entries = fs::read_dir(&target).map_err(look)?;
    match entries.next() {
        None => Ok(target),
        Some(_) => Err(Error::NotEmpty {
            dir: dir.to_owned(),
        }),
    }
}

/// Makes the container, or lets it grow; what was to be done, and the size of its disk then.
fn prepare(
    request: &Request<'_>,
    storage: &Storage,
    output: &Output,
) -> Result<(Before, u64), Error> {
    let unclear = |unclear| match unclear {
        Unclear::SizeMissing => Error::SizeMissing {
            path: storage.path().to_owned(),
        },
        Unclear::Sizes(error) => Error::Size(error),
    };
    // Looking changes nothing, and refuses one that is in use.
    let looking = match request.access {
        Access::Rescue => Access::Rescue,
        Access::Write | Access::Read => Access::Read,
    };
    let ((before, notes), size) = match storage.open(looking) {
        Ok(found) => {
            if request.access == Access::Write {
                refuse_old(storage, &found)?;
            }
            let geometry = found.geometry();
            let planned = plan::for_existing(&geometry, request.sizes).map_err(unclear)?;
            (planned, geometry.size())
        }
        Err(error) if request.create && nothing_there(&error) => {
            let files = storage.files(Access::Read)?;
            let planned = plan::for_new(request.sizes, files.max_len()).map_err(unclear)?;
            (planned, 0)
        }
        Err(error) => return Err(error),
    };
    for note in notes {
        output.notice(note.to_string());
    }
    let size = match before {
        Before::Nothing => size,
        Before::Create(geometry) => geometry.size(),
        Before::Grow(size) => size,
    };
    if request.access != Access::Write && before != Before::Nothing {
        return Err(storage.error(ContainerError::ReadOnly));
    }
    if !request.dry_run {
        match before {
            Before::Nothing => {}
            Before::Create(geometry) => super::create::make(storage, &geometry)?,
            Before::Grow(size) => grow(storage, size)?,
        }
    }
    Ok((before, size))
}

fn grow(storage: &Storage, size: u64) -> Result<(), Error> {
    let container = storage.open(Access::Write)?;
    let grown = container.grow(size).and_then(|()| container.flush());
    grown.map_err(|error| storage.error(error))
}

fn refuse_old(storage: &Storage, found: &Container<Files>) -> Result<(), Error> {
    match found.form() {
        container::Form::Current => Ok(()),
        _ => Err(storage.error(ContainerError::Legacy)),
    }
}

/// Whether a container can be made in its place: none is there, or only the empty file that a power cut leaves of the
/// existing program's attempt.
fn nothing_there(error: &Error) -> bool {
    let empty = |source: &ContainerError| {
        matches!(
            source,
            ContainerError::Header {
                source: HeaderError::Empty,
                ..
            }
        )
    };
    match error {
        Error::NotFound { .. } => true,
        Error::Container { source, .. } => empty(source),
        _ => false,
    }
}

/// Starts the server and shows its disk; the server's number.
fn serve(request: &Request<'_>, storage: &Storage, target: &Path) -> Result<u32, Error> {
    if request.access == Access::Write {
        storage.refuse_users()?;
    }
    let failed = |source: ServeError| Error::Serve {
        path: storage.path().to_owned(),
        source: Box::new(source),
    };
    let base = BaseName::try_from(storage.base().to_owned()).map_err(|_| Error::Name {
        path: storage.path().to_owned(),
    })?;
    let access = match request.access {
        Access::Write => serving::Access::Write,
        Access::Read => serving::Access::Read,
        Access::Rescue => serving::Access::Rescue,
    };
    let server = Server::new(base);
    let served = server.open(storage.directory().as_fd(), access);
    let served = served.map_err(failed)?;
    served.attach(target).map_err(failed)?;
    Ok(served.process().pid)
}

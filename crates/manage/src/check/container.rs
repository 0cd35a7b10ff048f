//! The container of a session: its own structure, and the file system on its disk.

use std::os::fd::BorrowedFd;

use dynfilefs::container::{Access, Container};
use dynfilefs::error::Error as StructureError;
use dynfilefs::files::Files;
use dynfilefs::store::FileName;
use perch_core::cause::Causes;
use perch_core::manage::check::{Finding, Verdict, verdict};
use perch_core::quoted::Quoted;
use perch_core::serving::{BaseName, FailureKind, SESSION_BASE};
use perch_core::session::Mode;
use perch_sys::container::dynfilefs::{ServeError, Server};
use perch_sys::container::{ContainerError, Expandable, Health, Image};

use super::Repair;

/// Looks a container over, and repairs what may be.
pub(super) fn look(dir: BorrowedFd<'_>, mode: Mode, repair: Repair, findings: &mut Vec<Finding>) {
    if verdict(findings) == Verdict::Lost {
        return;
    }
    if mode == Mode::Dynfilefs
        && let Err(error) = structure(dir, repair, findings)
    {
        findings.push(of_structure(&error));
        return;
    }
    if !verdict(findings).is_good() {
        return;
    }
    let looked = match repair {
        Repair::No => health(dir, mode, findings),
        Repair::Safe => repaired(dir, mode, findings),
    };
    if let Err(error) = looked {
        findings.push(of_file_system(&error));
    }
}

/// The index of a dynfilefs container. What reads as zeros is made a hole, what lies in one place twice gets two: content
/// stays as it reads now.
fn structure(
    dir: BorrowedFd<'_>,
    repair: Repair,
    findings: &mut Vec<Finding>,
) -> Result<(), StructureError> {
    let access = match repair {
        Repair::No => Access::Read,
        Repair::Safe => Access::Write,
    };
    let failed = |source| StructureError::Io {
        what: "open",
        file: FileName::Main,
        source,
    };
    let own = perch_sys::dir::open_dir_beneath(dir, ".");
    let own = own.map_err(|error| failed(std::io::Error::other(error)))?;
    let files = Files::new(own, SESSION_BASE, access).map_err(failed)?;
    let container = Container::open(files, access)?;
    let report = container.check()?;
    let repairs = report.repairs();
    let first = report.findings.first().map(ToString::to_string);
    let Some(first) = first else {
        return Ok(());
    };
    let count = report.findings.len();
    let text = format!("its container has {count} things wrong with its index, first: {first}");
    if repairs.is_empty() {
        findings.push(Finding::note("container-index", text));
        return Ok(());
    }
    findings.push(match repair {
        Repair::No => Finding::wrong(
            "container-index",
            text,
            "perch check --repair puts it right; no content changes by that",
        ),
        Repair::Safe => {
            container.repair(&repairs)?;
            Finding::repaired("container-index", text)
        }
    });
    Ok(())
}

fn health(
    dir: BorrowedFd<'_>,
    mode: Mode,
    findings: &mut Vec<Finding>,
) -> Result<(), ContainerError> {
    let server = Server::new(BaseName::of_session());
    let health = match mode {
        Mode::Dynfilefs => {
            let container = Expandable::open_to_read(&server, dir)?;
            let health = container.image().health(&server);
            container.end();
            health?
        }
        Mode::Raw | Mode::Native => Image::open_to_read(dir)?.health(&server)?,
    };
    findings.extend(of_health(health));
    Ok(())
}

fn repaired(
    dir: BorrowedFd<'_>,
    mode: Mode,
    findings: &mut Vec<Finding>,
) -> Result<(), ContainerError> {
    let server = Server::new(BaseName::of_session());
    let (repaired, now) = match mode {
        Mode::Dynfilefs => {
            let container = Expandable::open(&server, dir)?;
            let outcome = put_in_order(container.image(), &server);
            container.end();
            outcome?
        }
        Mode::Raw | Mode::Native => put_in_order(&Image::open(dir)?, &server)?,
    };
    if let Some(said) = repaired {
        findings.push(Finding::repaired(
            "file-system",
            format!("its file system was repaired: {}", Quoted(&said)),
        ));
    }
    findings.extend(now.and_then(of_health));
    Ok(())
}

/// What was repaired, and how it is where it is still not in order.
fn put_in_order(
    image: &Image,
    server: &Server,
) -> Result<(Option<String>, Option<Health>), ContainerError> {
    match image.repair() {
        Ok(repaired) => Ok((repaired, None)),
        Err(ContainerError::Errors { .. }) => Ok((None, Some(image.health(server)?))),
        Err(error) => Err(error),
    }
}

fn of_health(health: Health) -> Option<Finding> {
    match health {
        Health::InOrder { cut_off: false } => None,
        Health::InOrder { cut_off: true } => Some(Finding::note(
            "cut-off",
            "it was not closed, as by a power cut; its journal is whole, and is replayed when it is opened next",
        )),
        Health::Repairable(said) => Some(Finding::wrong(
            "file-system",
            format!("its file system has errors: {}", Quoted(&said)),
            "perch check --repair repairs them, as the next boot would; no decision is needed",
        )),
        Health::Errors { said, would } => {
            let would = would.join("; ");
            Some(Finding::wrong(
                "file-system-errors",
                format!(
                    "its file system has errors that need decisions: {}. With yes to everything e2fsck would: {}",
                    Quoted(&said),
                    Quoted(&would)
                ),
                "copy the session's directory first, then run e2fsck -f on its disk and decide",
            ))
        }
        Health::NotChecked(kind) => Some(Finding::note(
            "file-system-not-checked",
            format!("its file system is {kind}, which checks itself when it is mounted"),
        )),
    }
}

fn of_structure(error: &StructureError) -> Finding {
    let text = format!("its container cannot be opened: {}", Causes(error));
    let copy = "bring the missing or damaged file back from a copy; copy what is left before anything else";
    match error {
        StructureError::NotFound | StructureError::MainMissing => {
            Finding::lost("container-lost", text, copy)
        }
        StructureError::Legacy => Finding::wrong(
            "container-old",
            text,
            "copy it into a new one: perch dynfilefs import OLD NEW",
        ),
        _ => Finding::wrong("container-damaged", text, copy),
    }
}

fn of_file_system(error: &ContainerError) -> Finding {
    let text = Causes(error).to_string();
    match error {
        ContainerError::Program(_) => Finding::note(
            "not-checked",
            format!("its file system was not checked: {text}"),
        )
        .next("install the package e2fsprogs"),
        ContainerError::Serve(ServeError::Refused(failure))
            if failure.kind == FailureKind::Kernel =>
        {
            Finding::wrong(
                "not-checked",
                format!("it was not checked: {text}"),
                "load what is missing, then check again: modprobe fuse",
            )
        }
        ContainerError::NoFileSystem { .. } => Finding::wrong(
            "no-file-system",
            text,
            "copy it first; e2fsck -b 32768 looks for a copy of the superblock",
        ),
        ContainerError::CutShort { .. } => Finding::wrong(
            "cut-short",
            text,
            "bring the file back from a copy: its end is missing",
        ),
        _ => Finding::wrong(
            "container",
            text,
            "look at the kernel's log, and check the medium",
        ),
    }
}

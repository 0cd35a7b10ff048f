//! Notices in words: what is the case, then in parentheses the next step.

use std::fmt;

use super::{Notice, Question};
use crate::growth::Obstacle;
use crate::quoted::Quoted;
use crate::sizing::RESERVE;

/// Text that is a name: quoted and escaped.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", Quoted(self.0))
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SystemDisk => "which disk holds the system",
            Self::Disk => "which disk to use",
            Self::Session => "which session to open",
        })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        write!(f, " ({})", self.hint())
    }
}

impl Notice {
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KernelFileSystem { error } => write!(f, "{}", Quoted(error)),
            Self::SettingIgnored { error } => {
                write!(
                    f,
                    "/etc/perch/perch.conf: {} and is left out",
                    Quoted(error)
                )
            }
            Self::DebugLimited { error } => write!(
                f,
                "debug: the console cannot be made to show everything: {}",
                Quoted(error)
            ),
            Self::NoDeviceEvents { error } => {
                write!(f, "device events cannot be followed: {}", Quoted(error))
            }
            Self::DriversNotLoaded { error } => {
                write!(f, "cannot start loading drivers: {}", Quoted(error))
            }
            Self::DevicesUnlisted { error } => {
                write!(f, "cannot list the block devices: {}", Quoted(error))
            }
            Self::Waiting { target, seconds } => {
                write!(f, "waiting for {}, up to {seconds} s", Quoted(target))
            }
            Self::NobodyToAsk { question } => {
                write!(f, "nobody can be asked {question}: no console works")
            }
            Self::Unanswered { question } => write!(f, "nobody answered {question}"),
            Self::NoDiskPicked => {
                f.write_str("from=askdisk: no disk was picked; every device is searched")
            }
            Self::PickedRefused { device, verdict } => {
                write!(f, "/dev/{} {}", Quoted(device), Quoted(verdict))
            }
            Self::SeveralDevices {
                name,
                devices,
                boot_disk,
            } => {
                write!(f, "{} is the name of {}", Quoted(name), Quoted(devices))?;
                match boot_disk {
                    true => f.write_str(": the one on the boot disk is used"),
                    false => Ok(()),
                }
            }
            Self::LeaseUnreadable { device, error } => write!(
                f,
                "whether another machine has /dev/{} open cannot be seen: {}",
                Quoted(device),
                Quoted(error)
            ),
            Self::LeaseNotHeld { device, error } => write!(
                f,
                "other machines cannot see that /dev/{} is open here: {}",
                Quoted(device),
                Quoted(error)
            ),
            Self::TableStoredOnce { disk, error } => write!(
                f,
                "the partition table of /dev/{} is stored once only: {}",
                Quoted(disk),
                Quoted(error)
            ),
            Self::MediumDamaged { device } => write!(
                f,
                "the file system of the medium, /dev/{}, is marked as damaged",
                Quoted(device)
            ),
            Self::ToRamRefused { why } => write!(
                f,
                "the system runs from the medium, not from RAM: {}",
                Quoted(why)
            ),
            Self::CoreLeftOut { by, path } => write!(
                f,
                "{} leaves out {}, which the system is likely to need",
                Quoted(by),
                Quoted(path)
            ),
            Self::NoBundleChosen => f.write_str("load= and noload= leave out every bundle"),
            Self::BundleLeftOut { path, why } => {
                write!(f, "bundle {} is left out: it {}", Quoted(path), Quoted(why))
            }
            Self::BundleIsLink { name } => write!(
                f,
                "{} is left out: it is a link, and a bundle has to be a file",
                Name(name)
            ),
            Self::NameNotUtf8 { name, not } => {
                write!(f, "{} is not {not}: its name is not UTF-8", Name(name))
            }
            Self::ModulesTooMany { path } => write!(
                f,
                "/{} and what lies below is not searched: too much of it",
                Quoted(path)
            ),
            Self::ModulesUnreadable { path, error } => write!(
                f,
                "modules in /{} are left out: {}",
                Quoted(path),
                Quoted(error)
            ),
            Self::AufsUnusable { error } => {
                write!(f, "the kernel's aufs cannot be used: {}", Quoted(error))
            }
            Self::AufsTooManyBundles { bundles, most } => write!(
                f,
                "aufs is not used: {bundles} bundles are more than the {most} that it takes"
            ),
            Self::StoreNameIgnored { name } => write!(
                f,
                "{} in the session store is no session and is left alone",
                Name(name)
            ),
            Self::MetadataSetAside { name } => {
                write!(f, "damaged session metadata is kept as {}", Quoted(name))
            }
            Self::ContainerRepaired { id, said } => write!(
                f,
                "the file system of session {id} was repaired: {}",
                Quoted(said)
            ),
            Self::ContainerGrown {
                id,
                percent,
                from,
                to,
                free,
            } => write!(
                f,
                "session {id}: {percent} % full, grown from {} to {to}; {free} free on the medium",
                from.0
            ),
            Self::ContainerFull {
                id,
                percent,
                size,
                why: Obstacle::Cap(cap),
            } => write!(
                f,
                "session {id}: {percent} % of {size} full, and perchsize={} is its limit",
                cap.0
            ),
            Self::ContainerFull {
                id,
                percent,
                size,
                why: Obstacle::Medium { free },
            } => write!(
                f,
                "session {id}: {percent} % of {size} full, and the medium has no room for it to grow: {free} free, of which {RESERVE} stay free"
            ),
            Self::ContainerNotGrown { id, error } => write!(
                f,
                "session {id} is nearly full and could not grow: {}",
                Quoted(error)
            ),
            Self::ContainerStaysLonger { error } => write!(
                f,
                "the container stays longer than its file system: {}",
                Quoted(error)
            ),
            Self::LeftBehind { what, error } => {
                write!(f, "{} stays: {}", Quoted(what), Quoted(error))
            }
            Self::StepFailedAfterwards { step, error } => {
                write!(f, "{} failed: {}", Quoted(step), Quoted(error))
            }
            Self::RamFallback { union } => write!(
                f,
                "changes stay in RAM, although a session was asked for (union {union})"
            ),
            Self::TouchesSkipped { error } => {
                write!(f, "no files are put into the system: {}", Quoted(error))
            }
            Self::RootcopyFile { failure } => write!(f, "rootcopy: {}", Quoted(failure)),
            Self::TouchFailed { touch, result } => write!(f, "{touch}: {}", Quoted(result)),
            Self::MediumHooksOff { dir } => write!(
                f,
                "the hooks of the medium ({}) do not run: this image was made without --allow-medium-hooks",
                Quoted(dir)
            ),
            Self::HooksUnreadable { stage, from, error } => write!(
                f,
                "the {stage} hooks of the {from} do not run: {}",
                Quoted(error)
            ),
            Self::HookFailed {
                stage,
                name,
                from,
                outcome,
            } => write!(
                f,
                "the {stage} hook {} of the {from} failed: {}",
                Quoted(name),
                Quoted(outcome)
            ),
            Self::InitMissing { asked } => write!(
                f,
                "init={}: there is no such program in the system; the usual one is used",
                Quoted(asked)
            ),
            Self::RecordNotWritten { error } => write!(f, "{}", Quoted(error)),
            Self::NoShell => f.write_str("this image carries no shell"),
            Self::ShutdownNotLeft { error } => write!(
                f,
                "nothing can be unmounted when this system ends: {}",
                Quoted(error)
            ),
            Self::RootNotLeft { error } => {
                write!(f, "the root file system cannot be left: {}", Quoted(error))
            }
            Self::ProcessesKilled { which } => {
                write!(f, "killed, since they did not end: {}", Quoted(which))
            }
            Self::StillInUse { target, users } => {
                write!(f, "{} is in use by {}", Quoted(target), Quoted(users))
            }
            Self::NotUnmounted {
                target,
                error,
                read_only,
            } => {
                write!(
                    f,
                    "{} cannot be unmounted: {}",
                    Quoted(target),
                    Quoted(error)
                )?;
                match read_only {
                    true => f.write_str("; it is read-only now"),
                    false => f.write_str("; it is still writable"),
                }
            }
            Self::ServerUnfinished { server, seconds } => write!(
                f,
                "{}, which serves a container, did not end within {seconds} s",
                Quoted(server)
            ),
            Self::ShutdownStuck { step, seconds } => write!(
                f,
                "{}: nothing happened for {seconds} s, the rest is left out",
                Quoted(step)
            ),
            Self::ForcedReadOnly { why } => {
                write!(
                    f,
                    "every file system was made read-only by force: {}",
                    Quoted(why)
                )
            }
            Self::LeftDirty { error } => write!(
                f,
                "file systems could not be made read-only: {}",
                Quoted(error)
            ),
        }
    }
}

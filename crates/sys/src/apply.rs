//! Carries out the steps of a plan on this machine, and undoes them.

mod containers;

use containers::{Container, RecordError};

use std::error::Error;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use perch_core::cause::Causes;
use perch_core::decide::FailureKind;
use perch_core::in_use::InUse;
use perch_core::init;
use perch_core::ladder::Apply;
use perch_core::notice::Notice;
use perch_core::plan::Step;
use perch_core::serving::{self, BaseName};
use perch_core::session::{Mode, UnionKind};
use perch_core::units::SessionId;
use rustix::fs::{AtFlags, OFlags, Timespec, Timestamps, UTIME_NOW, fsync, unlinkat, utimensat};
use rustix::io::Errno;

use crate::aufs::{self, AufsError};
use crate::container::dynfilefs::{ServeError, Server};
use crate::container::probe::ProbeError;
use crate::container::{self, ContainerError, Expandable};
use crate::dir::{self, DirError, Made};
use crate::in_use::{Lock, LockError, mounted};
use crate::kmsg;
use crate::layout::{Layout, UPPER, WORK};
use crate::mount::{self, MountError, Options};
use crate::overlay::{self, Lower, OverlayError};
use crate::store::{self, WriteError};
use crate::switch_root;

/// What was made writable so far.
#[derive(Debug, Default)]
struct Writable {
    medium: bool,
    store: bool,
}

/// A bundle that is mounted below the layout's directory of bundles.
#[derive(Debug)]
pub struct Layer {
    /// Its file name.
    pub name: String,
    /// Its mount.
    pub mount: OwnedFd,
    /// Where it is mounted.
    pub path: PathBuf,
}

/// The machine, as far as the steps touch it.
#[derive(Debug)]
pub struct Machine {
    /// Where things are mounted.
    pub layout: Layout,
    /// The medium's mount.
    pub medium: OwnedFd,
    /// Where the session store is.
    pub store: StorePlace,
    /// The mounted bundles, lowest first.
    pub layers: Vec<Layer>,
    /// How dynfilefs containers are served.
    pub server: Server,
    /// The real init that was asked for; absent means the usual places.
    pub init: Option<String>,
    writable: Writable,
    /// The container that is being checked, grown or made, and is opened next.
    container: Option<Container>,
    /// The container whose file system is mounted, if a server shows it.
    serving: Option<Expandable>,
    /// The lock of the session that was looked at last: held until the real init starts.
    lock: Option<(SessionId, Lock)>,
    undo: Vec<Undo>,
}

/// Where the session store is.
#[derive(Debug)]
pub struct StorePlace {
    /// A directory that exists: the root of a file system, or the data directory.
    pub base: OwnedFd,
    /// The store's path beneath it, which may not exist yet; empty for `base` itself.
    pub path: String,
    /// The mount of the file system that it lies on, if that is not the medium's.
    pub mount: Option<OwnedFd>,
    /// Where tools look for the store, if it is not there; absent if it is.
    pub shown_at: Option<PathBuf>,
}

impl StorePlace {
    /// Opens the store.
    pub fn open(&self) -> Result<OwnedFd, DirError> {
        dir::open_dir_beneath(&self.base, &self.path)
    }
}

/// How a step is taken back.
#[derive(Debug)]
enum Undo {
    Unmount(PathBuf),
    /// Waits for the end of the server, once nobody uses its disk.
    EndServer,
    /// Removes the files of a dynfilefs container that this boot made.
    RemoveContainer(OwnedFd),
    /// Removes a file that this boot made.
    RemoveFile {
        dir: OwnedFd,
        name: &'static str,
    },
    /// Removes a directory that this boot made, if nothing is in it.
    RemoveDir {
        parent: OwnedFd,
        name: String,
    },
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A mount.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// A directory.
    #[error(transparent)]
    Directory(#[from] DirError),
    /// The union.
    #[error(transparent)]
    Union(#[from] OverlayError),
    /// The union of a kernel with aufs.
    #[error(transparent)]
    Aufs(#[from] AufsError),
    /// Metadata.
    #[error(transparent)]
    Metadata(#[from] WriteError),
    /// The store's file system cannot hold a native session, or that could not be tried.
    #[error(transparent)]
    Probe(ProbeError),
    /// A container.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A container did not grow and is as it was.
    #[error(transparent)]
    NotGrown(ContainerError),
    /// The number of a new session is taken after all.
    #[error("the directory {0} is there already")]
    SessionExists(SessionId),
    /// A file or directory could not be forced to the medium.
    #[error("cannot write {what} to the medium")]
    Sync {
        /// What.
        what: String,
        /// Why.
        source: Errno,
    },
    /// A native session has no container; never planned.
    #[error("a session of mode {0} has no container")]
    NoContainer(Mode),
    /// Nothing in the union can be started as init: the session deleted it.
    #[error("it holds no program that can be started as init")]
    NoInit,
    /// Whoever ends the system would not know of the server, and not wait for it.
    #[error("cannot leave a note of the process that serves the container")]
    Record(#[from] RecordError),
    /// The place for changes was written through the other union, which only its content tells: its
    /// files would look wrong, and ours would spoil it.
    #[error(
        "its content was written through {stored}, not {runs}: boot with union={stored}, or start a new session with perchdir=new"
    )]
    OtherUnion {
        /// The union that wrote it.
        stored: UnionKind,
        /// The union of this boot.
        runs: UnionKind,
    },
}

impl Machine {
    /// A machine whose medium is mounted read-only and whose bundles are mounted.
    pub fn new(layout: Layout, medium: OwnedFd, store: StorePlace, layers: Vec<Layer>) -> Self {
        Self {
            layout,
            medium,
            store,
            layers,
            server: Server::new(BaseName::of_session()),
            init: None,
            writable: Writable::default(),
            container: None,
            serving: None,
            lock: None,
            undo: Vec::new(),
        }
    }

    fn store(&self) -> Result<OwnedFd, DirError> {
        self.store.open()
    }

    fn writable_medium(&mut self) -> Result<(), StepError> {
        if !self.writable.medium {
            mount::set_read_only(&self.medium, false)?;
            self.writable.medium = true;
            if self.store.mount.is_none() {
                self.tidy_store();
            }
        }
        Ok(())
    }

    /// What cannot be removed is in nobody's way until metadata is written, which then says so.
    fn tidy_store(&self) {
        let removed = self
            .store()
            .map(|store| store::remove_leftovers(store.as_fd()));
        match removed {
            Ok(Ok(names)) if names.is_empty() => {}
            Ok(Ok(names)) => log::info!("left over from a cut, removed: {}", names.join(", ")),
            Ok(Err(error)) => log::info!("{}", Causes(&error)),
            Err(error) => log::debug!("{}", Causes(&error)),
        }
    }

    fn writable_store(&mut self) -> Result<(), StepError> {
        let Some(mount) = &self.store.mount else {
            return self.writable_medium();
        };
        if !self.writable.store {
            mount::set_read_only(mount, false)?;
            self.writable.store = true;
            self.tidy_store();
        }
        Ok(())
    }

    /// Shows the store where tools look for it. The place is a directory of the medium; where it is
    /// missing nothing is made, because that medium was not chosen for sessions.
    fn show_store(&mut self) -> Result<(), StepError> {
        let Some(place) = self.store.shown_at.clone().filter(|place| place.is_dir()) else {
            return Ok(());
        };
        let mount = mount::clone_tree(self.store()?, false)?;
        mount::attach_path(mount, place)?;
        Ok(())
    }

    /// Who uses the session; where nobody does its lock is taken. What cannot be found out, opening
    /// the session says.
    fn look_for_users(&mut self, id: SessionId) -> Option<InUse> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let open = |store: OwnedFd| dir::open_beneath(store, id.to_string(), flags);
        let session = self.store().and_then(open).ok()?;
        let by = mounted::find(&session);
        if by.is_some() || self.lock.as_ref().is_some_and(|(held, _)| *held == id) {
            return by;
        }
        match Lock::take(session) {
            Ok(lock) => self.lock = Some((id, lock)),
            Err(LockError::Held(by)) => return Some(by),
            Err(error) => log::info!("session {id}: {}", Causes(&error)),
        }
        None
    }

    fn make_store(&mut self) -> Result<(), StepError> {
        let path = self.store.path.clone();
        let mut parent =
            dir::open_beneath(&self.store.base, ".", OFlags::RDONLY | OFlags::DIRECTORY)?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if dir::make_dir(&parent, name, 0o755)? == Made::Created {
                self.remember_dir(&parent.try_clone(), name);
                sync(&parent, "the new session store")?;
            }
            parent = dir::open_beneath(&parent, name, OFlags::RDONLY | OFlags::DIRECTORY)?;
        }
        Ok(())
    }

    fn make_session(&mut self, id: SessionId) -> Result<(), StepError> {
        let store = self.store()?;
        let name = id.to_string();
        match dir::make_dir(&store, &name, 0o755)? {
            Made::Existed => return Err(StepError::SessionExists(id)),
            Made::Created => {}
        }
        sync(&store, "the new session's directory")?;
        self.remember_dir(&Ok(store), &name);
        Ok(())
    }

    fn bind_session(&mut self, id: SessionId) -> Result<(), StepError> {
        let store = self.store()?;
        let session = dir::open_beneath(&store, id.to_string(), OFlags::PATH | OFlags::DIRECTORY)?;
        let mount = mount::clone_tree(&session, false)?;
        self.attach(mount, self.layout.changes())
    }

    /// When it was last used shows in the menu of sessions.
    fn touch_session(&self, id: SessionId) -> Result<(), StepError> {
        let now = Timestamps {
            last_access: NOW,
            last_modification: NOW,
        };
        let name = id.to_string();
        utimensat(self.store()?, name, &now, AtFlags::SYMLINK_NOFOLLOW).map_err(|source| {
            StepError::Sync {
                what: format!("the time of session {id}"),
                source,
            }
        })
    }

    fn mount_ram(&mut self) -> Result<(), StepError> {
        let mount = mount::tmpfs("changes", None, 0o755, &Options::default())?;
        self.attach(mount, self.layout.changes())
    }

    fn make_upper(&mut self) -> Result<(), StepError> {
        let changes = dir::open_dir(self.layout.changes())?;
        refuse_other(&changes, UnionKind::Overlayfs)?;
        for name in [UPPER, WORK] {
            if dir::make_dir(&changes, name, 0o755)? == Made::Created {
                self.remember_dir(&changes.try_clone(), name);
            }
        }
        Ok(())
    }

    fn mount_union(&mut self, union: UnionKind, names: &[String]) -> Result<(), StepError> {
        let mut bundles: Vec<Lower<'_>> = self
            .layers
            .iter()
            .filter(|layer| names.contains(&layer.name))
            .map(|layer| Lower {
                dir: layer.mount.as_fd(),
                path: &layer.path,
            })
            .collect();
        let target = self.layout.union().to_owned();
        mount::make_mount_point(&target)?;
        match union {
            UnionKind::Overlayfs => {
                bundles.reverse();
                let upper = (self.layout.upper(), self.layout.work());
                overlay::assemble(
                    &bundles,
                    Some((upper.0.as_path(), upper.1.as_path())),
                    &self.layout.farm(),
                    &target,
                )?;
            }
            UnionKind::Aufs => {
                let path = self.layout.changes();
                let changes = dir::open_dir(&path)?;
                refuse_other(&changes, union)?;
                // Of the file system in a container; it would show in `/` (contract §1.4).
                let _ = unlinkat(&changes, "lost+found", AtFlags::REMOVEDIR);
                let farm = self.layout.farm();
                aufs::assemble(&bundles, &path, &self.layout.xino(), &farm, &target)?;
            }
        }
        self.undo.push(Undo::Unmount(target));
        Ok(())
    }

    /// What the union is for; a session may have deleted it.
    fn prove_init(&self) -> Result<(), StepError> {
        let union = self.layout.union();
        let mut candidates = init::candidates(self.init.as_deref());
        match candidates.any(|path| switch_root::is_program(union, path.as_ref())) {
            true => Ok(()),
            false => Err(StepError::NoInit),
        }
    }

    fn attach(&mut self, mount: OwnedFd, target: PathBuf) -> Result<(), StepError> {
        mount::put(mount, &target)?;
        self.undo.push(Undo::Unmount(target));
        Ok(())
    }

    /// Notes a directory that this boot made; one whose parent cannot be kept open stays behind, empty.
    fn remember_dir(&mut self, parent: &io::Result<OwnedFd>, name: &str) {
        if let Ok(parent) = parent
            && let Ok(parent) = parent.try_clone()
        {
            let name = name.to_owned();
            self.undo.push(Undo::RemoveDir { parent, name });
        }
    }
}

impl Apply for Machine {
    type Error = StepError;

    fn apply(&mut self, step: &Step) -> Result<(), StepError> {
        log::info!("{step}");
        match step {
            Step::WritableMedium => self.writable_medium(),
            Step::MakeStore => self.make_store(),
            Step::MakeSession { id } => self.make_session(*id),
            Step::BindSession { id } => self.bind_session(*id),
            Step::TouchSession { id } => self.touch_session(*id),
            Step::WritableStore => self.writable_store(),
            Step::ShowStore => self.show_store(),
            Step::ProbeNative { id } => self.probe_native(*id),
            Step::MakeContainer { id, mode, size } => self.make_container(*id, *mode, *size),
            Step::CheckContainer { id, mode } => self.check_container(*id, *mode),
            Step::GrowContainer { id, mode, to } => self.grow_container(*id, *mode, *to),
            Step::OpenContainer { id, mode, cap } => self.open_container(*id, *mode, *cap),
            Step::MountRam => self.mount_ram(),
            Step::MakeUpper => self.make_upper(),
            Step::MountUnion {
                union,
                layers,
                needs_init,
            } => {
                self.mount_union(*union, layers)?;
                match needs_init {
                    true => self.prove_init(),
                    false => Ok(()),
                }
            }
            Step::CountTry { metadata, .. } => {
                Ok(store::write_counts(self.store()?.as_fd(), metadata)?)
            }
            Step::WriteMetadata {
                metadata,
                quarantine,
            } => {
                let aside = store::write(self.store()?.as_fd(), metadata, quarantine)?;
                for name in aside {
                    kmsg::tell(Notice::MetadataSetAside { name });
                }
                Ok(())
            }
        }
    }

    fn in_use(&mut self, id: SessionId) -> Option<InUse> {
        self.look_for_users(id)
    }

    fn kind(&self, error: &StepError) -> FailureKind {
        match error {
            StepError::Probe(ProbeError::Lacks(_)) => FailureKind::NotNative,
            StepError::NotGrown(_) => FailureKind::NotGrown,
            StepError::NoInit => FailureKind::NoInit,
            StepError::Container(ContainerError::Serve(ServeError::Refused(failure)))
                if failure.kind == serving::FailureKind::InUse =>
            {
                FailureKind::InUse
            }
            _ => FailureKind::Other,
        }
    }

    fn undo(&mut self) {
        let opened = self.container.take();
        if let Some(Container::Dynfilefs(container)) = opened {
            end(*container);
        }
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::EndServer => {
                    if let Some(container) = self.serving.take() {
                        end(container);
                    }
                }
                Undo::RemoveContainer(session) => {
                    if let Err(error) = container::remove(&session) {
                        left_behind("files of the new container".to_owned(), &error);
                    }
                }
                Undo::Unmount(path) => {
                    if let Err(error) = mount::unmount(&path, true) {
                        left_behind(format!("the mount {}", path.display()), &error);
                    }
                }
                Undo::RemoveFile { dir, name } => {
                    if let Err(error) = unlinkat(&dir, name, AtFlags::empty()) {
                        left_behind(format!("the new file {name}"), &error);
                    }
                }
                Undo::RemoveDir { parent, name } => {
                    if name == WORK {
                        remove_overlay_work(&parent);
                    }
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                    if let Ok(made) = dir::open_beneath(&parent, &name, flags) {
                        aufs::remove_marks(made);
                    }
                    match unlinkat(&parent, name.as_str(), AtFlags::REMOVEDIR) {
                        Ok(()) | Err(Errno::NOENT) => {}
                        // Whatever is in it, it is not ours to remove.
                        Err(error) => left_behind(format!("the new directory {name}"), &error),
                    }
                }
            }
        }
    }
}

/// Waits for the server of a container that is given up.
fn end(container: Expandable) {
    if !container.close() {
        log::warn!("the server of the container runs on, because its disk is still in use");
    }
}

/// Says what could not be taken back.
fn left_behind(what: String, error: &dyn Error) {
    let error = Causes(error).to_string();
    kmsg::tell(Notice::LeftBehind { what, error });
}

const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: UTIME_NOW,
};

/// Fails if the place for changes was written through the other union. Metadata usually tells that
/// before; of a container or an old session it may not.
fn refuse_other(changes: &OwnedFd, runs: UnionKind) -> Result<(), StepError> {
    match aufs::written_by(changes) {
        Some(stored) if stored != runs => Err(StepError::OtherUnion { stored, runs }),
        Some(_) | None => Ok(()),
    }
}

/// overlayfs makes an empty directory `work` in its work directory, also when the mount fails later
/// (fs/overlayfs/super.c, `ovl_workdir_create`).
fn remove_overlay_work(changes: &OwnedFd) {
    if let Ok(work) = dir::open_beneath(changes, WORK, OFlags::RDONLY | OFlags::DIRECTORY) {
        for name in ["work", "index"] {
            let _ = unlinkat(&work, name, AtFlags::REMOVEDIR);
        }
    }
}

fn sync(dir: &OwnedFd, what: &str) -> Result<(), StepError> {
    fsync(dir).map_err(|source| StepError::Sync {
        what: what.to_owned(),
        source,
    })
}

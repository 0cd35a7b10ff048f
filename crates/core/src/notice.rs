//! What a boot has to tell the user besides the reasons of its decision: each with a stable code, its
//! cause, and the next step. Lines for developers are no notices.

mod hint;
mod words;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::growth::Obstacle;
use crate::hook::HookStage;
use crate::session::UnionKind;
use crate::units::{Bytes, Mib, SessionId};

/// One thing to tell. Codes are stable, words may change. Texts in it come from the command line, from
/// media or from the kernel, and are escaped where it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// One of the kernel's own file systems could not be mounted.
    KernelFileSystem {
        /// Which one, and why.
        error: String,
    },
    /// A line of the settings was not understood.
    SettingIgnored {
        /// Which one, and why.
        error: String,
    },
    /// `debug` was asked for, and the console cannot be made to show everything.
    DebugLimited {
        /// Why.
        error: String,
    },
    /// New devices are not heard of.
    NoDeviceEvents {
        /// Why.
        error: String,
    },
    /// The drivers of slow buses could not be started loading.
    DriversNotLoaded {
        /// Why.
        error: String,
    },
    /// The block devices could not be listed.
    DevicesUnlisted {
        /// Why.
        error: String,
    },
    /// A device is waited for.
    Waiting {
        /// What for.
        target: String,
        /// How long at the most.
        seconds: u64,
    },
    /// A console is needed for a question, and there is none, or none that works.
    NobodyToAsk {
        /// What would have been asked.
        question: Question,
    },
    /// A question was not answered in time.
    Unanswered {
        /// What was asked.
        question: Question,
    },
    /// `from=askdisk`, and no disk was picked: every device is searched.
    NoDiskPicked,
    /// The disk that was picked does not hold the system.
    PickedRefused {
        /// Its name below `/dev/`.
        device: String,
        /// What is wrong with it; reads on after the name.
        verdict: String,
    },
    /// Several devices answer to a name.
    SeveralDevices {
        /// The name.
        name: String,
        /// The devices, in words.
        devices: String,
        /// Whether the one on the boot disk is used; else the user is asked.
        boot_disk: bool,
    },
    /// Whether another machine uses a shared disk cannot be seen.
    LeaseUnreadable {
        /// Its device, below `/dev/`.
        device: String,
        /// Why.
        error: String,
    },
    /// Other machines cannot see that this one uses a shared disk.
    LeaseNotHeld {
        /// Its device, below `/dev/`.
        device: String,
        /// Why.
        error: String,
    },
    /// Only one of the two copies of a partition table could be written.
    TableStoredOnce {
        /// The disk, below `/dev/`.
        disk: String,
        /// Why.
        error: String,
    },
    /// The file system of the medium is marked as damaged.
    MediumDamaged {
        /// Its device, below `/dev/`.
        device: String,
    },
    /// `toram` was asked for, and the system runs from the medium.
    ToRamRefused {
        /// Why.
        why: String,
    },
    /// A parameter leaves out a bundle that the system is likely to need.
    CoreLeftOut {
        /// The parameter.
        by: String,
        /// The bundle's path in the data directory.
        path: String,
    },
    /// Parameters leave out every bundle.
    NoBundleChosen,
    /// A bundle cannot be used.
    BundleLeftOut {
        /// Its path in the data directory.
        path: String,
        /// What is wrong with it; reads on after "it".
        why: String,
    },
    /// A bundle is a link.
    BundleIsLink {
        /// Its name.
        name: String,
    },
    /// The name of a file is not UTF-8.
    NameNotUtf8 {
        /// The name, as far as it can be read.
        name: String,
        /// What is not done with it.
        not: &'static str,
    },
    /// A directory of modules is too deep or too large.
    ModulesTooMany {
        /// Its path in the data directory.
        path: String,
    },
    /// A directory of modules could not be read.
    ModulesUnreadable {
        /// Its path in the data directory.
        path: String,
        /// Why.
        error: String,
    },
    /// The kernel's aufs could not be loaded.
    AufsUnusable {
        /// Why.
        error: String,
    },
    /// There are more bundles than aufs takes.
    AufsTooManyBundles {
        /// How many there are.
        bundles: usize,
        /// How many it takes.
        most: usize,
    },
    /// Something in the session store is no session.
    StoreNameIgnored {
        /// Its name.
        name: String,
    },
    /// Damaged metadata was renamed.
    MetadataSetAside {
        /// Its new name.
        name: String,
    },
    /// The file system in a container had errors and was repaired.
    ContainerRepaired {
        /// The session.
        id: SessionId,
        /// What e2fsck(8) says.
        said: String,
    },
    /// Growing failed, and the file could not be made shorter again.
    ContainerStaysLonger {
        /// Why.
        error: String,
    },
    /// A container was nearly full and has grown by itself.
    ContainerGrown {
        /// The session.
        id: SessionId,
        /// How full its file system was, in percent.
        percent: u64,
        /// Its size before.
        from: Mib,
        /// Its size now.
        to: Mib,
        /// What is free on the medium.
        free: Bytes,
    },
    /// A container is nearly full and cannot grow.
    ContainerFull {
        /// The session.
        id: SessionId,
        /// How full its file system is, in percent.
        percent: u64,
        /// Its size.
        size: Mib,
        /// Why.
        why: Obstacle,
    },
    /// A container was to grow by itself, and something failed.
    ContainerNotGrown {
        /// The session.
        id: SessionId,
        /// What failed.
        error: String,
    },
    /// What a step made could not be taken back.
    LeftBehind {
        /// What stays, in words.
        what: String,
        /// Why.
        error: String,
    },
    /// A step after the union stood failed, without consequence for this boot.
    StepFailedAfterwards {
        /// The step.
        step: String,
        /// Why.
        error: String,
    },
    /// Changes stay in RAM, although a session was asked for. The reasons say why.
    RamFallback {
        /// The union.
        union: UnionKind,
    },
    /// No file of the medium is put into the system.
    TouchesSkipped {
        /// Why.
        error: String,
    },
    /// A file below `rootcopy` was not copied.
    RootcopyFile {
        /// Its path and what is wrong.
        failure: String,
    },
    /// A touch was not done, or not all of it.
    TouchFailed {
        /// Which one.
        touch: &'static str,
        /// What came of it.
        result: String,
    },
    /// The medium has hooks, and the image does not allow them.
    MediumHooksOff {
        /// Their directory.
        dir: String,
    },
    /// The hooks of a stage could not be read.
    HooksUnreadable {
        /// The stage.
        stage: HookStage,
        /// Whose they are: `image` or `medium`.
        from: &'static str,
        /// Why.
        error: String,
    },
    /// A hook failed.
    HookFailed {
        /// The stage.
        stage: HookStage,
        /// Its file name.
        name: String,
        /// Whose it is: `image` or `medium`.
        from: &'static str,
        /// How it ended.
        outcome: String,
    },
    /// `init=` names no program of the system.
    InitMissing {
        /// What it names.
        asked: String,
    },
    /// `/run/perch/boot.json` could not be written.
    RecordNotWritten {
        /// Why.
        error: String,
    },
    /// `frommissing=shell`, and the image has no shell.
    NoShell,
    /// The program for the end of the system could not be left for it.
    ShutdownNotLeft {
        /// Why.
        error: String,
    },
    /// The end of the system: its root cannot be left, so nothing can be unmounted.
    RootNotLeft {
        /// Why.
        error: String,
    },
    /// The end: processes did not end when they were asked to.
    ProcessesKilled {
        /// Which ones, in words.
        which: String,
    },
    /// The end: a file system is in use.
    StillInUse {
        /// Where it is mounted.
        target: String,
        /// By whom, in words.
        users: String,
    },
    /// The end: a file system could not be unmounted, and was taken out of sight.
    NotUnmounted {
        /// Where it was mounted.
        target: String,
        /// Why.
        error: String,
        /// Whether it was made read-only before.
        read_only: bool,
    },
    /// The end: the server of a container did not end.
    ServerUnfinished {
        /// Which process.
        server: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The end: a step does not end, and the rest is left out.
    ShutdownStuck {
        /// The step.
        step: String,
        /// How long nothing happened.
        seconds: u64,
    },
    /// The end: all file systems were made read-only by force.
    ForcedReadOnly {
        /// What made that necessary.
        why: String,
    },
    /// The end: not even that was possible.
    LeftDirty {
        /// Why.
        error: String,
    },
}

/// A question of a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which disk holds the system.
    SystemDisk,
    /// Which disk to use.
    Disk,
    /// Which session to open.
    Session,
}

impl Notice {
    /// A stable word for programs and for tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KernelFileSystem { .. } => "kernel-file-system-not-mounted",
            Self::SettingIgnored { .. } => "setting-ignored",
            Self::DebugLimited { .. } => "debug-limited",
            Self::NoDeviceEvents { .. } => "no-device-events",
            Self::DriversNotLoaded { .. } => "drivers-not-loaded",
            Self::DevicesUnlisted { .. } => "devices-not-listed",
            Self::Waiting { .. } => "waiting-for-device",
            Self::NobodyToAsk { .. } => "no-console-to-ask-on",
            Self::Unanswered { .. } => "question-unanswered",
            Self::NoDiskPicked => "no-disk-picked",
            Self::PickedRefused { .. } => "picked-disk-refused",
            Self::SeveralDevices { .. } => "device-ambiguous",
            Self::LeaseUnreadable { .. } => "lease-unreadable",
            Self::LeaseNotHeld { .. } => "lease-not-held",
            Self::TableStoredOnce { .. } => "partition-table-stored-once",
            Self::MediumDamaged { .. } => "medium-damaged",
            Self::ToRamRefused { .. } => "toram-refused",
            Self::CoreLeftOut { .. } => "core-bundle-left-out",
            Self::NoBundleChosen => "no-bundle-chosen",
            Self::BundleLeftOut { .. } => "bundle-left-out",
            Self::BundleIsLink { .. } => "bundle-is-link",
            Self::NameNotUtf8 { .. } => "name-not-utf8",
            Self::ModulesTooMany { .. } => "modules-too-many",
            Self::ModulesUnreadable { .. } => "modules-unreadable",
            Self::AufsUnusable { .. } => "aufs-unusable",
            Self::AufsTooManyBundles { .. } => "aufs-too-many-bundles",
            Self::StoreNameIgnored { .. } => "store-name-ignored",
            Self::MetadataSetAside { .. } => "metadata-set-aside",
            Self::ContainerRepaired { .. } => "container-repaired",
            Self::ContainerStaysLonger { .. } => "container-stays-longer",
            Self::ContainerGrown { .. } => "container-grown",
            Self::ContainerFull { .. } => "container-full",
            Self::ContainerNotGrown { .. } => "container-growth-failed",
            Self::LeftBehind { .. } => "left-behind",
            Self::StepFailedAfterwards { .. } => "step-failed-afterwards",
            Self::RamFallback { .. } => "ram-fallback",
            Self::TouchesSkipped { .. } => "touches-skipped",
            Self::RootcopyFile { .. } => "rootcopy-file-failed",
            Self::TouchFailed { .. } => "touch-failed",
            Self::MediumHooksOff { .. } => "medium-hooks-not-allowed",
            Self::HooksUnreadable { .. } => "hooks-unreadable",
            Self::HookFailed { .. } => "hook-failed",
            Self::InitMissing { .. } => "init-missing",
            Self::RecordNotWritten { .. } => "record-not-written",
            Self::NoShell => "no-shell",
            Self::ShutdownNotLeft { .. } => "shutdown-not-left",
            Self::RootNotLeft { .. } => "root-not-left",
            Self::ProcessesKilled { .. } => "processes-killed",
            Self::StillInUse { .. } => "still-in-use",
            Self::NotUnmounted { .. } => "not-unmounted",
            Self::ServerUnfinished { .. } => "server-unfinished",
            Self::ShutdownStuck { .. } => "shutdown-stuck",
            Self::ForcedReadOnly { .. } => "forced-read-only",
            Self::LeftDirty { .. } => "left-dirty",
        }
    }

    /// Whether something is not as asked for, or not in order. The others are shown as well.
    pub fn is_warning(&self) -> bool {
        !matches!(self, Self::Waiting { .. } | Self::ContainerGrown { .. })
    }
}

/// An object of `code`, `text` and `warning`, as a [`Reason`](crate::reason::Reason).
impl Serialize for Notice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Notice", 3)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("text", &self.to_string())?;
        object.serialize_field("warning", &self.is_warning())?;
        object.end()
    }
}

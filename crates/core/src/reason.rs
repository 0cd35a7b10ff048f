//! Why a decision was taken, in words for the user and with a code for programs.

mod hint;
mod words;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::fs::FsKind;
use crate::in_use::InUse;
use crate::partition_growth::Outcome;
use crate::session::{Mode, UnionKind};
use crate::units::{Bytes, Mib, SessionId};

/// One reason of a decision. Codes are stable, words may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No persistence parameter was given.
    NotAsked,
    /// `perchdir=fresh`.
    FreshAsked,
    /// `perchdir=new`.
    NewAsked {
        /// The session it becomes.
        id: SessionId,
    },
    /// The store has no session yet.
    FirstSession {
        /// The session it becomes.
        id: SessionId,
    },
    /// The store's directory is not there and is made.
    StoreMade,
    /// The default session is resumed.
    DefaultResumed {
        /// That session.
        id: SessionId,
    },
    /// A session was asked for by its number.
    NumberAsked {
        /// That session.
        id: SessionId,
    },
    /// A session was asked for by its number and is not there.
    NumberMissing {
        /// That number.
        id: SessionId,
        /// The numbers that exist.
        existing: Vec<SessionId>,
        /// Whether somebody is asked what to do instead.
        asks: bool,
    },
    /// A session was picked from the list.
    SessionChosen {
        /// That session.
        id: SessionId,
    },
    /// Nobody answered in the time given.
    AskTimedOut {
        /// Whether the boot goes on as with `perchdir=resume`, rather than in RAM.
        resumes: bool,
    },
    /// The default names a session that is not there; another one is opened.
    DefaultMissing {
        /// The number that metadata names.
        default: SessionId,
        /// The session that was changed last.
        instead: SessionId,
    },
    /// No default is recorded; the session changed last is opened.
    NoDefault {
        /// That session.
        instead: SessionId,
    },
    /// `perchmode=` asks for another mode than the session has.
    ModeDiffers {
        /// The session that would have been resumed.
        id: SessionId,
        /// Its mode.
        stored: Mode,
        /// The mode asked for.
        asked: Mode,
        /// What follows.
        then: Then,
    },
    /// Another union wrote the session.
    UnionDiffers {
        /// The session that would have been resumed.
        id: SessionId,
        /// The union that wrote it.
        stored: UnionKind,
        /// The union of this boot.
        runs: UnionKind,
        /// What follows.
        then: Then,
    },
    /// Another version of the system wrote the session.
    VersionDiffers {
        /// The session that would have been resumed.
        id: SessionId,
        /// The version that wrote it.
        stored: String,
        /// The running version.
        runs: String,
        /// What follows.
        then: Then,
    },
    /// Another edition of the system wrote the session.
    EditionDiffers {
        /// The session that would have been resumed.
        id: SessionId,
        /// The edition that wrote it.
        stored: String,
        /// The running edition.
        runs: String,
        /// What follows.
        then: Then,
    },
    /// `perchdir=ask`, but nobody can be asked.
    NobodyToAsk,
    /// The store's medium cannot be written.
    StoreReadOnly {
        /// The file system or device says so how.
        why: String,
    },
    /// The store cannot be read.
    StoreUnusable {
        /// What is wrong.
        why: String,
    },
    /// The store's file system cannot hold a native session.
    NativeImpossible {
        /// That file system.
        fs: FsKind,
        /// The mode used in its place; absent if there is none.
        instead: Option<Mode>,
    },
    /// The store's file system turned out unable to hold a native session.
    NativeRefused {
        /// What it lacks.
        why: String,
        /// The mode used in its place; absent if there is none.
        instead: Option<Mode>,
    },
    /// A new container gets less than asked for, or than the default, because of the free space.
    SizeCutByFree {
        /// The size asked for; absent for the default and for a share of the free space.
        asked: Option<Mib>,
        /// The size that it gets.
        size: Mib,
        /// What is free.
        free: Bytes,
        /// What stays free.
        reserve: Mib,
    },
    /// A container cannot be as large as asked for, because its file system limits the length of files.
    SizeCutByFileSystem {
        /// The size asked for.
        asked: Mib,
        /// The size that it gets.
        size: Mib,
        /// That file system.
        fs: FsKind,
    },
    /// A size was asked for that is too small for a file system.
    SizeRaised {
        /// The size asked for.
        asked: Mib,
        /// The size that it gets.
        size: Mib,
    },
    /// How much is free on the store's file system is not known.
    FreeUnknown {
        /// The size that the container gets.
        size: Mib,
    },
    /// There is no room for a container.
    TooLittleSpace {
        /// What is free.
        free: Bytes,
        /// What a container needs at least.
        floor: Mib,
        /// What stays free besides.
        reserve: Mib,
    },
    /// A size was asked for that is smaller than what the container has.
    NeverShrinks {
        /// The session.
        id: SessionId,
        /// The size asked for.
        asked: Mib,
        /// What it has.
        length: Bytes,
    },
    /// A container was to grow, but there is no space for it.
    NoRoomToGrow {
        /// The session.
        id: SessionId,
        /// The size asked for.
        asked: Mib,
        /// What it has.
        length: Bytes,
        /// What is free; absent where that is not known.
        free: Option<Bytes>,
    },
    /// Growing a container was tried and failed; it is used as it is.
    NotGrown {
        /// The session.
        id: SessionId,
        /// The error.
        why: String,
    },
    /// A new container was to be made, but there is no mke2fs(8).
    NoMke2fs {
        /// The mode of the session.
        mode: Mode,
    },
    /// A container is opened, and there is no e2fsck(8) to check it.
    NoE2fsck {
        /// The session.
        id: SessionId,
    },
    /// A container was to grow, but there is no resize2fs(8), or no e2fsck(8) that must run before it.
    NoResize2fs {
        /// The session.
        id: SessionId,
    },
    /// This image cannot open or make sessions of that mode.
    ModeUnavailable {
        /// That mode.
        mode: Mode,
    },
    /// There is no program in the session that could be started as init.
    NoInit {
        /// That session.
        id: SessionId,
    },
    /// The session that would have been resumed was started as often as it may without coming up.
    TriesUsedUp {
        /// That session.
        id: SessionId,
        /// How often it was started.
        tries: u32,
        /// The last good session, which is opened in its place; absent if there is none that fits.
        instead: Option<SessionId>,
    },
    /// The session that is opened did not come up the last times.
    TriedBefore {
        /// That session.
        id: SessionId,
        /// How often.
        tries: u32,
    },
    /// The kernel cannot do the union asked for.
    UnionUnavailable {
        /// That union.
        asked: UnionKind,
        /// The one used in its place.
        instead: UnionKind,
    },
    /// The kernel has several unions; the one that wrote the picked session is used.
    UnionOfSession {
        /// That session.
        id: SessionId,
        /// Its union.
        union: UnionKind,
    },
    /// The place that `perchdir=` names cannot be reached.
    StoreNotFound {
        /// Which place, and what is wrong.
        why: String,
    },
    /// The name that `from=` gives belongs to several devices, and the first of them is the medium.
    SeveralMedia {
        /// The medium, below `/dev/`.
        device: String,
        /// The others, below `/dev/`.
        others: Vec<String>,
    },
    /// Somebody else uses the session, or the file system that it lies on: it is not opened.
    SessionInUse {
        /// That session; absent for the whole file system.
        id: Option<SessionId>,
        /// Who.
        by: InUse,
    },
    /// The same, and `perchforce` opens it.
    OpenedInUse {
        /// That session; absent for the whole file system.
        id: Option<SessionId>,
        /// Who.
        by: InUse,
    },
    /// A partition of the boot disk could grow into one for sessions.
    PartitionCanGrow {
        /// Its name below `/dev/`.
        device: String,
        /// The size that it would get.
        bytes: Bytes,
    },
    /// It did.
    PartitionGrown {
        /// Its name below `/dev/`.
        device: String,
        /// Its size now.
        bytes: Bytes,
    },
    /// It was to, and did not.
    PartitionNotGrown {
        /// Why.
        why: String,
    },
    /// Every session number is taken.
    NoNumberLeft,
    /// The session is open, but there is hardly any room left for its changes.
    StoreNearlyFull {
        /// Free space on the store's file system.
        free: Bytes,
    },
    /// A step failed in an earlier attempt of this boot.
    StepFailed {
        /// The session it was for.
        id: Option<SessionId>,
        /// The step, in words.
        step: String,
        /// The error.
        error: String,
    },
}

/// What follows from a difference between session and system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// A new session is made; the other stays untouched.
    New(SessionId),
    /// It is opened all the same, because it was asked for by number.
    Open,
    /// It is opened all the same, because the user picked it and was told.
    Chosen,
    /// Changes stay in RAM.
    Ram,
}

impl Reason {
    /// What there is to say of a partition that can grow.
    pub fn of_growth(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Possible { device, bytes } => Self::PartitionCanGrow {
                device: device.clone(),
                bytes: *bytes,
            },
            Outcome::Done { device, bytes } => Self::PartitionGrown {
                device: device.clone(),
                bytes: *bytes,
            },
            Outcome::Refused { why } | Outcome::Failed { why } => {
                Self::PartitionNotGrown { why: why.clone() }
            }
        }
    }

    /// A stable word for programs and for tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAsked => "persistence-not-asked",
            Self::FreshAsked => "fresh-asked",
            Self::NewAsked { .. } => "new-asked",
            Self::FirstSession { .. } => "first-session",
            Self::StoreMade => "store-made",
            Self::DefaultResumed { .. } => "default-resumed",
            Self::NumberAsked { .. } => "number-asked",
            Self::NumberMissing { .. } => "number-missing",
            Self::SessionChosen { .. } => "session-chosen",
            Self::AskTimedOut { .. } => "ask-timed-out",
            Self::DefaultMissing { .. } => "default-missing",
            Self::NoDefault { .. } => "no-default",
            Self::ModeDiffers { .. } => "mode-differs",
            Self::UnionDiffers { .. } => "union-differs",
            Self::VersionDiffers { .. } => "version-differs",
            Self::EditionDiffers { .. } => "edition-differs",
            Self::NobodyToAsk => "nobody-to-ask",
            Self::StoreReadOnly { .. } => "store-read-only",
            Self::StoreUnusable { .. } => "store-unusable",
            Self::NativeImpossible { .. } => "native-impossible",
            Self::NativeRefused { .. } => "native-impossible",
            Self::SizeCutByFree { .. } => "size-cut-by-free-space",
            Self::SizeCutByFileSystem { .. } => "size-cut-by-file-system",
            Self::SizeRaised { .. } => "size-raised",
            Self::FreeUnknown { .. } => "free-space-unknown",
            Self::TooLittleSpace { .. } => "too-little-space",
            Self::NeverShrinks { .. } => "size-not-shrunk",
            Self::NoRoomToGrow { .. } => "no-room-to-grow",
            Self::NotGrown { .. } => "container-not-grown",
            Self::NoMke2fs { .. } => "mke2fs-missing",
            Self::NoE2fsck { .. } => "e2fsck-missing",
            Self::NoResize2fs { .. } => "resize2fs-missing",
            Self::ModeUnavailable { .. } => "mode-unavailable",
            Self::NoInit { .. } => "session-without-init",
            Self::TriesUsedUp { .. } => "tries-used-up",
            Self::TriedBefore { .. } => "tried-before",
            Self::UnionUnavailable { .. } => "union-unavailable",
            Self::UnionOfSession { .. } => "union-of-session",
            Self::StoreNotFound { .. } => "store-not-found",
            Self::SeveralMedia { .. } => "several-media",
            Self::SessionInUse { .. } => "session-in-use",
            Self::OpenedInUse { .. } => "opened-in-use",
            Self::PartitionCanGrow { .. } => "partition-can-grow",
            Self::PartitionGrown { .. } => "partition-grown",
            Self::PartitionNotGrown { .. } => "partition-not-grown",
            Self::NoNumberLeft => "no-number-left",
            Self::StoreNearlyFull { .. } => "store-nearly-full",
            Self::StepFailed { .. } => "step-failed",
        }
    }

    /// Whether the user has to hear of it even on a quiet boot: something is not as asked for.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::NotAsked
            | Self::FreshAsked
            | Self::NewAsked { .. }
            | Self::FirstSession { .. }
            | Self::StoreMade
            | Self::DefaultResumed { .. }
            | Self::NumberAsked { .. }
            | Self::SessionChosen { .. }
            | Self::PartitionCanGrow { .. }
            | Self::PartitionGrown { .. }
            | Self::TriedBefore { .. }
            | Self::UnionOfSession { .. }
            // The default is a suggestion; whoever names a size is told.
            | Self::SizeCutByFree { asked: None, .. } => false,
            Self::NumberMissing { .. }
            | Self::AskTimedOut { .. }
            | Self::DefaultMissing { .. }
            | Self::NoDefault { .. }
            | Self::ModeDiffers { .. }
            | Self::UnionDiffers { .. }
            | Self::VersionDiffers { .. }
            | Self::EditionDiffers { .. }
            | Self::NobodyToAsk
            | Self::StoreReadOnly { .. }
            | Self::StoreUnusable { .. }
            | Self::NativeImpossible { .. }
            | Self::NativeRefused { .. }
            | Self::SizeCutByFree { .. }
            | Self::SizeCutByFileSystem { .. }
            | Self::SizeRaised { .. }
            | Self::FreeUnknown { .. }
            | Self::TooLittleSpace { .. }
            | Self::NeverShrinks { .. }
            | Self::NoRoomToGrow { .. }
            | Self::NotGrown { .. }
            | Self::NoMke2fs { .. }
            | Self::NoE2fsck { .. }
            | Self::NoResize2fs { .. }
            | Self::ModeUnavailable { .. }
            | Self::NoInit { .. }
            | Self::TriesUsedUp { .. }
            | Self::UnionUnavailable { .. }
            | Self::StoreNotFound { .. }
            | Self::SeveralMedia { .. }
            | Self::SessionInUse { .. }
            | Self::OpenedInUse { .. }
            | Self::PartitionNotGrown { .. }
            | Self::NoNumberLeft
            | Self::StoreNearlyFull { .. }
            | Self::StepFailed { .. } => true,
        }
    }
}

/// An object of `code`, `text` and `warning`.
impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Reason", 3)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("text", &self.to_string())?;
        object.serialize_field("warning", &self.is_warning())?;
        object.end()
    }
}

//! Examples of every reason of a decision.

use perch_core::fs::FsKind;
use perch_core::in_use::InUse;
use perch_core::reason::{Reason, Then};
use perch_core::session::{Mode, UnionKind};
use perch_core::units::{Bytes, Mib, SessionId};

use crate::examples::examples;

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

fn lease(host: String) -> InUse {
    InUse::Lease {
        host,
        session: Some(id(2)),
    }
}

const GB: u64 = 1 << 30;

examples! { reasons, Reason, t;
    Reason::NotAsked => Reason::NotAsked,
    Reason::FreshAsked => Reason::FreshAsked,
    Reason::NewAsked { .. } => Reason::NewAsked { id: id(3) },
    Reason::FirstSession { .. } => Reason::FirstSession { id: id(1) },
    Reason::StoreMade => Reason::StoreMade,
    Reason::DefaultResumed { .. } => Reason::DefaultResumed { id: id(2) },
    Reason::NumberAsked { .. } => Reason::NumberAsked { id: id(2) },
    Reason::NumberMissing { asks: true, .. } => Reason::NumberMissing {
        id: id(5),
        existing: vec![id(1), id(2)],
        asks: true,
    },
    Reason::NumberMissing { .. } => Reason::NumberMissing {
        id: id(5),
        existing: vec![id(1), id(2)],
        asks: false,
    },
    Reason::SessionChosen { .. } => Reason::SessionChosen { id: id(2) },
    Reason::AskTimedOut { resumes: true } => Reason::AskTimedOut { resumes: true },
    Reason::AskTimedOut { resumes: false } => Reason::AskTimedOut { resumes: false },
    Reason::DefaultMissing { .. } => Reason::DefaultMissing { default: id(7), instead: id(1) },
    Reason::NoDefault { .. } => Reason::NoDefault { instead: id(1) },
    Reason::ModeDiffers { then: Then::New(_) | Then::Ram, .. } => Reason::ModeDiffers {
        id: id(1),
        stored: Mode::Native,
        asked: Mode::Raw,
        then: Then::New(id(2)),
    },
    Reason::ModeDiffers { .. } => Reason::ModeDiffers {
        id: id(1),
        stored: Mode::Native,
        asked: Mode::Raw,
        then: Then::Open,
    },
    Reason::UnionDiffers { .. } => Reason::UnionDiffers {
        id: id(1),
        stored: UnionKind::Aufs,
        runs: UnionKind::Overlayfs,
        then: Then::New(id(2)),
    },
    Reason::VersionDiffers { then: Then::New(_) | Then::Ram, .. } => Reason::VersionDiffers {
        id: id(1),
        stored: t("5.0"),
        runs: t("5.1.1"),
        then: Then::New(id(2)),
    },
    Reason::VersionDiffers { .. } => Reason::VersionDiffers {
        id: id(1),
        stored: t("5.0"),
        runs: t("5.1.1"),
        then: Then::Open,
    },
    Reason::EditionDiffers { then: Then::New(_) | Then::Ram, .. } => Reason::EditionDiffers {
        id: id(1),
        stored: t("toolbox"),
        runs: t("standard"),
        then: Then::Ram,
    },
    Reason::EditionDiffers { .. } => Reason::EditionDiffers {
        id: id(1),
        stored: t("toolbox"),
        runs: t("standard"),
        then: Then::Chosen,
    },
    Reason::NobodyToAsk => Reason::NobodyToAsk,
    Reason::StoreReadOnly { .. } => Reason::StoreReadOnly { why: t("/dev/sdb1 is write-protected") },
    Reason::StoreUnusable { .. } => Reason::StoreUnusable {
        why: t("cannot open minios/changes: not a directory"),
    },
    Reason::NativeImpossible { instead: None, .. } => Reason::NativeImpossible {
        fs: FsKind::Vfat,
        instead: None,
    },
    Reason::NativeImpossible { .. } => Reason::NativeImpossible {
        fs: FsKind::Vfat,
        instead: Some(Mode::Dynfilefs),
    },
    Reason::NativeRefused { instead: None, .. } => Reason::NativeRefused {
        why: t("it has no symbolic links"),
        instead: None,
    },
    Reason::NativeRefused { .. } => Reason::NativeRefused {
        why: t("it has no symbolic links"),
        instead: Some(Mode::Raw),
    },
    Reason::SizeCutByFree { asked: None, .. } => Reason::SizeCutByFree {
        asked: None,
        size: Mib(924),
        free: Bytes(GB),
        reserve: Mib(100),
    },
    Reason::SizeCutByFree { .. } => Reason::SizeCutByFree {
        asked: Some(Mib(8000)),
        size: Mib(924),
        free: Bytes(GB),
        reserve: Mib(100),
    },
    Reason::SizeCutByFileSystem { .. } => Reason::SizeCutByFileSystem {
        asked: Mib(8000),
        size: Mib(4095),
        fs: FsKind::Vfat,
    },
    Reason::SizeRaised { .. } => Reason::SizeRaised { asked: Mib(1), size: Mib(100) },
    Reason::FreeUnknown { .. } => Reason::FreeUnknown { size: Mib(1000) },
    Reason::TooLittleSpace { .. } => Reason::TooLittleSpace {
        free: Bytes(GB / 16),
        floor: Mib(100),
        reserve: Mib(100),
    },
    Reason::NeverShrinks { .. } => Reason::NeverShrinks {
        id: id(1),
        asked: Mib(200),
        length: Bytes(GB),
    },
    Reason::NoRoomToGrow { .. } => Reason::NoRoomToGrow {
        id: id(1),
        asked: Mib(8000),
        length: Bytes(GB),
        free: Some(Bytes(GB)),
    },
    Reason::NotGrown { .. } => Reason::NotGrown {
        id: id(1),
        why: t("resize2fs ended with status 1"),
    },
    Reason::NoMke2fs { .. } => Reason::NoMke2fs { mode: Mode::Raw },
    Reason::NoE2fsck { .. } => Reason::NoE2fsck { id: id(1) },
    Reason::NoResize2fs { .. } => Reason::NoResize2fs { id: id(1) },
    Reason::ModeUnavailable { .. } => Reason::ModeUnavailable { mode: Mode::Dynfilefs },
    Reason::NoInit { .. } => Reason::NoInit { id: id(1) },
    Reason::TriesUsedUp { instead: Some(_), .. } => Reason::TriesUsedUp {
        id: id(1),
        tries: 3,
        instead: Some(id(2)),
    },
    Reason::TriesUsedUp { .. } => Reason::TriesUsedUp { id: id(1), tries: 3, instead: None },
    Reason::TriedBefore { .. } => Reason::TriedBefore { id: id(1), tries: 2 },
    Reason::UnionUnavailable { .. } => Reason::UnionUnavailable {
        asked: UnionKind::Aufs,
        instead: UnionKind::Overlayfs,
    },
    Reason::UnionOfSession { .. } => Reason::UnionOfSession { id: id(2), union: UnionKind::Aufs },
    Reason::StoreNotFound { .. } => Reason::StoreNotFound {
        why: t("label:MY_DISK did not appear within 20 s"),
    },
    Reason::SeveralMedia { .. } => Reason::SeveralMedia {
        device: t("sda1"),
        others: vec![t("sdb1"), t("sdc1")],
    },
    Reason::SessionInUse { id: Some(_), .. } => Reason::SessionInUse {
        id: Some(id(2)),
        by: InUse::Mounted {
            device: t("loop0"),
            at: Some(t("/mnt")),
        },
    },
    Reason::SessionInUse { .. } => Reason::SessionInUse { id: None, by: lease(t("desk")) },
    Reason::OpenedInUse { id: Some(_), .. } => Reason::OpenedInUse {
        id: Some(id(2)),
        by: InUse::Lock {
            pid: Some(812),
            program: Some(t("rsync")),
        },
    },
    Reason::OpenedInUse { .. } => Reason::OpenedInUse { id: None, by: lease(t("desk")) },
    Reason::StoreNearlyFull { .. } => Reason::StoreNearlyFull { free: Bytes(GB / 64) },
    Reason::PartitionCanGrow { .. } => Reason::PartitionCanGrow {
        device: t("sda3"),
        bytes: Bytes(28 * GB),
    },
    Reason::PartitionGrown { .. } => Reason::PartitionGrown {
        device: t("sda3"),
        bytes: Bytes(28 * GB),
    },
    Reason::PartitionNotGrown { .. } => Reason::PartitionNotGrown {
        why: t("/dev/sda3 is not empty"),
    },
    Reason::NoNumberLeft => Reason::NoNumberLeft,
    Reason::StepFailed { id: Some(_), .. } => Reason::StepFailed {
        id: Some(id(1)),
        step: t("open the raw container of session 1"),
        error: t("no loop device could be had"),
    },
    Reason::StepFailed { .. } => Reason::StepFailed {
        id: None,
        step: t("join 3 bundles with the place for changes by overlayfs"),
        error: t("this kernel has no overlay filesystem"),
    },
}

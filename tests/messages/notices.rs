//! Examples of every notice.

use perch_core::growth::Obstacle;
use perch_core::hook::HookStage;
use perch_core::notice::{Notice, Question};
use perch_core::session::UnionKind;
use perch_core::units::{Bytes, Mib, SessionId};

use crate::examples::examples;

examples! { notices, Notice, t;
    Notice::KernelFileSystem { .. } => Notice::KernelFileSystem {
        error: t("cannot mount sysfs at /sys: no such device"),
    },
    Notice::SettingIgnored { .. } => Notice::SettingIgnored {
        error: t("line 3 has a key that is not known"),
    },
    Notice::DebugLimited { .. } => Notice::DebugLimited { error: t("permission denied") },
    Notice::NoDeviceEvents { .. } => Notice::NoDeviceEvents {
        error: t("cannot open the socket for device events: protocol not supported"),
    },
    Notice::DriversNotLoaded { .. } => Notice::DriversNotLoaded { error: t("out of memory") },
    Notice::DevicesUnlisted { .. } => Notice::DevicesUnlisted { error: t("cannot open /sys/class/block") },
    Notice::Waiting { .. } => Notice::Waiting { target: t("label:MY_STICK"), seconds: 45 },
    Notice::NobodyToAsk { question: Question::SystemDisk } => Notice::NobodyToAsk {
        question: Question::SystemDisk,
    },
    Notice::NobodyToAsk { question: Question::Disk } => Notice::NobodyToAsk {
        question: Question::Disk,
    },
    Notice::NobodyToAsk { question: Question::Session } => Notice::NobodyToAsk {
        question: Question::Session,
    },
    Notice::Unanswered { question: Question::SystemDisk } => Notice::Unanswered {
        question: Question::SystemDisk,
    },
    Notice::Unanswered { question: Question::Disk } => Notice::Unanswered {
        question: Question::Disk,
    },
    Notice::Unanswered { question: Question::Session } => Notice::Unanswered {
        question: Question::Session,
    },
    Notice::NoDiskPicked => Notice::NoDiskPicked,
    Notice::PickedRefused { .. } => Notice::PickedRefused {
        device: t("sdb1"),
        verdict: t("holds ext4 \"DATA\", but no directory /minios"),
    },
    Notice::SeveralDevices { boot_disk: true, .. } => Notice::SeveralDevices {
        name: t("label:MY_DISK"),
        devices: t("/dev/sda2, /dev/sdb1"),
        boot_disk: true,
    },
    Notice::SeveralDevices { boot_disk: false, .. } => Notice::SeveralDevices {
        name: t("label:MY_DISK"),
        devices: t("/dev/sdb1, /dev/sdc1"),
        boot_disk: false,
    },
    Notice::LeaseUnreadable { .. } => Notice::LeaseUnreadable {
        device: t("sdb1"),
        error: t("input/output error"),
    },
    Notice::LeaseNotHeld { .. } => Notice::LeaseNotHeld {
        device: t("sdb1"),
        error: t("no space left on device"),
    },
    Notice::TableStoredOnce { .. } => Notice::TableStoredOnce {
        disk: t("sda"),
        error: t("input/output error"),
    },
    Notice::MediumDamaged { .. } => Notice::MediumDamaged { device: t("sdb1") },
    Notice::ToRamRefused { .. } => Notice::ToRamRefused {
        why: t("the copy needs 3.1GB and the running system 256.0MB, but only 2.0GB of memory are free"),
    },
    Notice::CoreLeftOut { .. } => Notice::CoreLeftOut {
        by: t("load=00,10"),
        path: t("01-kernel.sb"),
    },
    Notice::NoBundleChosen => Notice::NoBundleChosen,
    Notice::BundleLeftOut { .. } => Notice::BundleLeftOut {
        path: t("modules/11-tools.sb"),
        why: t("is cut short: 4096 of 81920 bytes are there"),
    },
    Notice::BundleIsLink { .. } => Notice::BundleIsLink { name: t("12-mine.sb") },
    Notice::NameNotUtf8 { .. } => Notice::NameNotUtf8 { name: t("gr\u{fffd}n.sb"), not: "used" },
    Notice::ModulesTooMany { .. } => Notice::ModulesTooMany { path: t("modules/a/b/c") },
    Notice::ModulesUnreadable { .. } => Notice::ModulesUnreadable {
        path: t("modules"),
        error: t("cannot list the directory: input/output error"),
    },
    Notice::AufsUnusable { .. } => Notice::AufsUnusable {
        error: t("the kernel refuses module aufs: exec format error"),
    },
    Notice::AufsTooManyBundles { .. } => Notice::AufsTooManyBundles { bundles: 140, most: 126 },
    Notice::StoreNameIgnored { .. } => Notice::StoreNameIgnored { name: t("3 (copy)") },
    Notice::MetadataSetAside { .. } => Notice::MetadataSetAside {
        name: t("session.json.damaged"),
    },
    Notice::ContainerRepaired { .. } => Notice::ContainerRepaired {
        id: SessionId::FIRST,
        said: t("free blocks count wrong, fixed"),
    },
    Notice::ContainerGrown { .. } => Notice::ContainerGrown {
        id: SessionId::FIRST,
        percent: 82,
        from: Mib(1000),
        to: Mib(2000),
        free: Bytes(5 << 30),
    },
    Notice::ContainerFull { why: Obstacle::Cap(_), .. } => Notice::ContainerFull {
        id: SessionId::FIRST,
        percent: 91,
        size: Mib(2000),
        why: Obstacle::Cap(Mib(2000)),
    },
    Notice::ContainerFull { why: Obstacle::Medium { .. }, .. } => Notice::ContainerFull {
        id: SessionId::FIRST,
        percent: 91,
        size: Mib(2000),
        why: Obstacle::Medium { free: Bytes(102 << 20) },
    },
    Notice::ContainerNotGrown { .. } => Notice::ContainerNotGrown {
        id: SessionId::FIRST,
        error: t("cannot write the container's main file: input/output error"),
    },
    Notice::ContainerStaysLonger { .. } => Notice::ContainerStaysLonger {
        error: t("input/output error"),
    },
    Notice::LeftBehind { .. } => Notice::LeftBehind {
        what: t("the new directory 3"),
        error: t("directory not empty"),
    },
    Notice::StepFailedAfterwards { .. } => Notice::StepFailedAfterwards {
        step: t("record it in session.json and session.conf"),
        error: t("cannot write session.json.new: no space left on device"),
    },
    Notice::RamFallback { .. } => Notice::RamFallback { union: UnionKind::Overlayfs },
    Notice::TouchesSkipped { .. } => Notice::TouchesSkipped { error: t("cannot open /sysroot") },
    Notice::RootcopyFile { .. } => Notice::RootcopyFile {
        failure: t("etc/rc/fifo: is a device, fifo or socket"),
    },
    Notice::TouchFailed { .. } => Notice::TouchFailed {
        touch: "preinit",
        result: t("rootcopy/run/preinit.sh: exit 3"),
    },
    Notice::MediumHooksOff { .. } => Notice::MediumHooksOff { dir: t("/minios/hooks") },
    Notice::HooksUnreadable { .. } => Notice::HooksUnreadable {
        stage: HookStage::AfterData,
        from: "medium",
        error: t("cannot list the directory: input/output error"),
    },
    Notice::HookFailed { .. } => Notice::HookFailed {
        stage: HookStage::AfterSession,
        name: t("10-net"),
        from: "image",
        outcome: t("stopped after 30 s"),
    },
    Notice::InitMissing { .. } => Notice::InitMissing { asked: t("/sbin/runit") },
    Notice::RecordNotWritten { .. } => Notice::RecordNotWritten {
        error: t("cannot write the boot record: no space left on device"),
    },
    Notice::NoShell => Notice::NoShell,
    Notice::ShutdownNotLeft { .. } => Notice::ShutdownNotLeft {
        error: t("cannot write /run/initramfs/shutdown: no space left on device"),
    },
    Notice::RootNotLeft { .. } => Notice::RootNotLeft {
        error: t("cannot make /run/initramfs the root directory: invalid argument"),
    },
    Notice::ProcessesKilled { .. } => Notice::ProcessesKilled { which: t("process 812 (backup)") },
    Notice::StillInUse { .. } => Notice::StillInUse {
        target: t("/"),
        users: t("process 812 (backup)"),
    },
    Notice::NotUnmounted { read_only: true, .. } => Notice::NotUnmounted {
        target: t("/"),
        error: t("device or resource busy"),
        read_only: true,
    },
    Notice::NotUnmounted { read_only: false, .. } => Notice::NotUnmounted {
        target: t("/mnt"),
        error: t("device or resource busy"),
        read_only: false,
    },
    Notice::ServerUnfinished { .. } => Notice::ServerUnfinished {
        server: t("process 301 (perch-init)"),
        seconds: 60,
    },
    Notice::ShutdownStuck { .. } => Notice::ShutdownStuck {
        step: t("unmount /run/initramfs/memory/data"),
        seconds: 120,
    },
    Notice::ForcedReadOnly { .. } => Notice::ForcedReadOnly {
        why: t("/dev/sda1 is still in use"),
    },
    Notice::LeftDirty { .. } => Notice::LeftDirty { error: t("timed out") },
}

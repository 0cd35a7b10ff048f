//! The next step to each notice.

use super::{Notice, Question};
use crate::growth::Obstacle;
use crate::quoted::Quoted;

impl Notice {
    /// What the user can do. No catch-all arm, so that a new variant has to answer too.
    pub fn hint(&self) -> String {
        match self {
            Self::SettingIgnored { .. } => {
                "correct it as perch.conf(5) says, and make the initramfs anew".into()
            }
            Self::KernelFileSystem { .. } => "report this line, and boot an earlier kernel".into(),
            Self::DebugLimited { .. } => "loglevel=8 has the kernel do it".into(),
            Self::NoDeviceEvents { .. } => {
                "plug in all disks and start again, as new ones may be missed".into()
            }
            Self::DriversNotLoaded { .. } | Self::DevicesUnlisted { .. } => {
                "start again; if it stays so, boot with debug and report what the console shows"
                    .into()
            }
            Self::Waiting { .. } => "plug it in, or check its name in the boot entry".into(),
            Self::NobodyToAsk {
                question: Question::SystemDisk,
            }
            | Self::Unanswered {
                question: Question::SystemDisk,
            }
            | Self::NoDiskPicked => "name the disk at boot: from=/dev/sdb1".into(),
            Self::NobodyToAsk {
                question: Question::Disk,
            } => "name the disk at boot: perchdir=/dev/sdb1".into(),
            Self::Unanswered {
                question: Question::Disk,
            } => "name the disk at boot: perchdir=/dev/sdb1, or wait longer: asktimeout=0".into(),
            Self::NobodyToAsk {
                question: Question::Session,
            }
            | Self::Unanswered {
                question: Question::Session,
            } => "name the session at boot: perchdir= and its number".into(),
            Self::PickedRefused { .. } => {
                "pick another disk, or name the directory: from=askdisk/directory".into()
            }
            Self::SeveralDevices { .. } => {
                "name one by its path or UUID: /dev/sdb1, uuid:...".into()
            }
            Self::LeaseUnreadable { .. } | Self::LeaseNotHeld { .. } => {
                "use the disk on one machine at a time".into()
            }
            Self::TableStoredOnce { .. } => {
                "write its second copy from another system, with sgdisk or parted".into()
            }
            Self::MediumDamaged { device } => {
                format!("check it from another system: fsck /dev/{}", Quoted(device))
            }
            Self::ToRamRefused { .. } => "toram=trim copies less, or leave toram out".into(),
            Self::CoreLeftOut { .. } | Self::NoBundleChosen => {
                "change load= and noload= in the boot entry if the system does not start".into()
            }
            Self::BundleLeftOut { .. } => "copy it to the medium again".into(),
            Self::BundleIsLink { .. } => "put the file itself there".into(),
            Self::NameNotUtf8 { .. } => "rename it".into(),
            Self::ModulesTooMany { .. } => "move modules that are not needed elsewhere".into(),
            Self::ModulesUnreadable { .. } => {
                "check the file system from another system with fsck".into()
            }
            Self::AufsUnusable { .. } => "union=overlayfs leaves it out".into(),
            Self::AufsTooManyBundles { .. } => "merge some to use it".into(),
            Self::StoreNameIgnored { .. } => {
                "move it elsewhere if it is not needed; sessions are directories named by number"
                    .into()
            }
            Self::MetadataSetAside { .. } => {
                "nothing is lost; delete it once all sessions are listed".into()
            }
            Self::ContainerRepaired { .. } => {
                "look whether files are missing, also in lost+found".into()
            }
            Self::ContainerGrown { .. } => "perchsize= sets a limit".into(),
            Self::ContainerFull {
                why: Obstacle::Cap(_),
                ..
            } => "delete what is not needed in it, or start again with a larger perchsize=".into(),
            Self::ContainerFull {
                why: Obstacle::Medium { .. },
                ..
            } => "delete what is not needed, in it or on the medium".into(),
            Self::ContainerNotGrown { .. } => {
                "delete what is not needed in it, start again, and check the medium with fsck"
                    .into()
            }
            Self::ContainerStaysLonger { .. } => {
                "free space and boot again with the same perchsize=".into()
            }
            Self::LeftBehind { .. } => "restart the machine, and delete it if it is empty".into(),
            Self::StepFailedAfterwards { .. } => {
                "free space on the medium of the sessions, and check that with fsck".into()
            }
            Self::RamFallback { .. } => {
                "save to another disk what you want to keep; the lines above say why".into()
            }
            Self::TouchesSkipped { .. } => {
                "start again; if it stays so, boot with debug and report what the console shows"
                    .into()
            }
            Self::RootcopyFile { .. } => "mend or remove it in rootcopy on the medium".into(),
            Self::TouchFailed { .. } => {
                "mend the file on the medium; the lines above tell more".into()
            }
            Self::MediumHooksOff { .. } => "make the image with it, or remove the hooks".into(),
            Self::HooksUnreadable { .. } => "check the file system and the rights of hooks".into(),
            Self::HookFailed { .. } => "mend the hook; the lines above have what it wrote".into(),
            Self::InitMissing { .. } => "check init= in the boot entry".into(),
            Self::RecordNotWritten { .. } => "the same lines are in the kernel log: dmesg".into(),
            Self::NoShell => "leave out frommissing=shell, or make an image with a shell".into(),
            Self::ShutdownNotLeft { .. } => {
                "make room in /run and start again: without it the next boot may have to repair"
                    .into()
            }
            Self::RootNotLeft { .. } => "report this line; all is made read-only instead".into(),
            Self::ProcessesKilled { .. } => {
                "end what matters before the system; systemd waits as long as DefaultTimeoutStopSec= says".into()
            }
            Self::StillInUse { .. } => "it is waited for, or ended; process 1 and storage servers are not".into(),
            Self::NotUnmounted {
                read_only: true, ..
            } => "what was written is on the disk".into(),
            Self::NotUnmounted {
                read_only: false, ..
            } => "all is made read-only at the end".into(),
            Self::ServerUnfinished { .. } => {
                "report this line; the container is checked at the next boot".into()
            }
            Self::ShutdownStuck { .. } => {
                "check the disk and its cable; file systems are repaired at the next boot".into()
            }
            Self::ForcedReadOnly { .. } => "what was written is on the disk".into(),
            Self::LeftDirty { .. } => {
                "report this line; file systems are repaired at the next boot".into()
            }
        }
    }
}

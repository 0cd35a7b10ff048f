//! The next step to each reason: what the user can do about it.

use super::{Reason, Then};

/// Where sessions can be kept, if not where they are.
const ELSEWHERE: &str = "keep sessions elsewhere: perchdir=/dev/...";

impl Reason {
    /// What the user can do; absent where nothing needs to be done. No catch-all arm, so that a new
    /// variant has to answer too.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAsked => "boot with perch to keep changes".to_owned(),
            Self::FreshAsked
            | Self::NewAsked { .. }
            | Self::FirstSession { .. }
            | Self::StoreMade
            | Self::DefaultResumed { .. }
            | Self::NumberAsked { .. }
            | Self::SessionChosen { .. }
            | Self::UnionOfSession { .. }
            | Self::PartitionGrown { .. }
            | Self::SizeCutByFree { asked: None, .. } => return None,
            Self::NumberMissing { asks: true, .. } => {
                "choose from the list on the screen".to_owned()
            }
            Self::NumberMissing { existing, .. } if existing.is_empty() => {
                "boot with perchdir=new to start one".to_owned()
            }
            Self::NumberMissing { .. } => "boot with perchdir=ask to choose one".to_owned(),
            Self::AskTimedOut { .. } => "asktimeout=0 waits for an answer".to_owned(),
            Self::DefaultMissing { .. } | Self::NoDefault { .. } => {
                "boot with perchdir=ask to choose another".to_owned()
            }
            Self::ModeDiffers {
                then: Then::New(_) | Then::Ram,
                id,
                ..
            } => format!("perchdir={id} opens it in its own mode"),
            Self::ModeDiffers { asked, .. } => {
                format!("perchdir=new perchmode={asked} starts one in that mode")
            }
            Self::UnionDiffers { stored, .. } => {
                format!("union={stored} opens it where the kernel has it")
            }
            Self::VersionDiffers { id, then, .. } | Self::EditionDiffers { id, then, .. } => {
                match then {
                    Then::New(_) | Then::Ram => format!("perchdir={id} opens it"),
                    Then::Open | Then::Chosen => {
                        "if programs misbehave, perchdir=new starts another".to_owned()
                    }
                }
            }
            Self::NobodyToAsk => {
                "name the session: perchdir= and its number; or plug in a keyboard".to_owned()
            }
            Self::StoreReadOnly { .. } => format!("make its medium writable, or {ELSEWHERE}"),
            Self::StoreUnusable { .. } => {
                format!("check its file system from another system with fsck, or {ELSEWHERE}")
            }
            Self::NativeImpossible { instead: None, .. }
            | Self::NativeRefused { instead: None, .. } => {
                "perchmode=raw keeps a session in a container of fixed size".to_owned()
            }
            Self::NativeImpossible { .. } | Self::NativeRefused { .. } => {
                "for a native session name an ext4 partition: perchdir=/dev/...".to_owned()
            }
            Self::SizeCutByFree { .. } => {
                "free space there, or ask for less with perchsize=".to_owned()
            }
            Self::SizeCutByFileSystem { .. } => "perchmode=dynfilefs has no such limit".to_owned(),
            Self::SizeRaised { size, .. } => format!("ask for perchsize={} or more", size.0),
            Self::FreeUnknown { .. } => {
                "perchsize= asks for another size; check the file system with fsck".to_owned()
            }
            Self::TooLittleSpace { .. } => {
                format!("delete what is not needed there, or {ELSEWHERE}")
            }
            Self::NeverShrinks { asked, .. } => {
                format!(
                    "perchdir=new perchsize={} starts a smaller one",
                    asked.0
                )
            }
            Self::NoRoomToGrow { asked, .. } => format!(
                "free space there and boot again with perchsize={}",
                asked.0
            ),
            Self::NotGrown { .. } => {
                "leave perchsize out, or check its file system from another system with e2fsck"
                    .to_owned()
            }
            Self::NoMke2fs { .. } => {
                "make the initramfs where e2fsprogs is installed, or use a native session on ext4"
                    .to_owned()
            }
            Self::NoE2fsck { .. } => {
                "make the initramfs where e2fsprogs is installed, or check it from another system with e2fsck"
                    .to_owned()
            }
            Self::NoResize2fs { .. } => {
                "make the initramfs where e2fsprogs is installed".to_owned()
            }
            Self::ModeUnavailable { .. } => {
                "perchdir=new perchmode=raw starts one that it can open".to_owned()
            }
            Self::NoInit { .. } => {
                "bring back what was deleted in it, or start another with perchdir=new".to_owned()
            }
            Self::TriesUsedUp { id, .. } => {
                format!("perchdir={id} opens it; perch mark-good {id} gives it all its tries again")
            }
            Self::TriedBefore { .. } => {
                "perchtries= sets how many tries a session has, 0 does not count them".to_owned()
            }
            Self::UnionUnavailable { asked, .. } => {
                format!("boot a kernel with {asked}, or leave union= out")
            }
            Self::StoreNotFound { .. } => {
                "check perchdir=, and that the disk is plugged in; perchwait=60 waits longer".to_owned()
            }
            Self::SeveralMedia { .. } => {
                "unplug one, or name the right one by its node or partuuid:".to_owned()
            }
            Self::SessionInUse { id: Some(_), .. } => {
                "end that use and start again, or boot with perchforce: two writers spoil a session"
                    .to_owned()
            }
            Self::SessionInUse { id: None, .. } => {
                "shut that machine down and start again, or boot with perchforce if it is surely off: two machines that write destroy a file system"
                    .to_owned()
            }
            Self::OpenedInUse { .. } => {
                "end the other use now, and leave perchforce out next time".to_owned()
            }
            Self::PartitionCanGrow { .. } => "boot once with perch perchgrow".to_owned(),
            Self::PartitionNotGrown { .. } => {
                format!("leave perchgrow out, or {ELSEWHERE}")
            }
            Self::StoreNearlyFull { .. } => {
                "delete what is not needed, or start a session elsewhere: perchdir=/dev/..."
                    .to_owned()
            }
            Self::NoNumberLeft => "delete sessions that are not needed".to_owned(),
            Self::StepFailed { id: Some(_), .. } => {
                "check its medium with fsck, and that it has free space; perchdir=new starts another"
                    .to_owned()
            }
            Self::StepFailed { id: None, .. } => {
                "boot with debug and report what the console shows".to_owned()
            }
        };
        Some(hint)
    }
}

//! English.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Which session do you want to open?",
        Text::NumberMissing => "There is no session {number}. What do you want instead?",
        Text::NewSession => "New session",
        Text::FreshStart => "Fresh start: changes are lost at power-off",
        Text::Name => "Name",
        Text::Version => "Version",
        Text::Edition => "Edition",
        Text::Mode => "Mode",
        Text::Union => "Union",
        Text::LastUsed => "Last used",
        Text::InUse => "In use",
        Text::Limit => "Limit",
        Text::Unknown => "unknown",
        Text::Default => "default",
        Text::LastFailed => "did not open the last time",
        Text::NotComeUp => "did not come up the last time",
        Text::Misfit => "made on another system",
        Text::Free => "Free space: {size}",
        Text::ResumeIn => "Resuming session {number} in {seconds} s",
        Text::NewIn => "Starting a new session in {seconds} s",
        Text::FreshIn => "Starting without a session in {seconds} s",
        Text::AnyKey => "any key stops this",
        Text::Typed => "Number: {number}",
        Text::NoSuchSession => "There is no session {number}",
        Text::SessionHelp => "Arrows or number: select  Enter: open  n: new  f: fresh",
        Text::MisfitTitle => "Session {number} does not fit this system",
        Text::ThisSystem => "This system",
        Text::TheSession => "The session",
        Text::AtRisk => "It may work badly or not at all. The version that it records stays.",
        Text::OtherUnion => {
            "{runs} cannot open it. Boot with union={stored} and a kernel that has it."
        }
        Text::OtherMode => "This system cannot open sessions of mode {mode}.",
        Text::CannotOpen => "It cannot be opened on this system.",
        Text::OpenAtRisk => "Open it at your own risk",
        Text::Back => "Back to the list",
        Text::ConfirmHelp => "Arrows: select  Enter: take it  Esc: back",
        Text::ChooseStore => "Which disk is to hold the sessions?",
        Text::ChooseSource => "Which disk holds the system?",
        Text::Directory => "Directory: /{dir}",
        Text::Device => "Device",
        Text::Size => "Size",
        Text::FileSystem => "File system",
        Text::Label => "Label",
        Text::NoDisk => "No disk can be used yet. One that is plugged in appears here.",
        Text::LeftOut => "Not usable: {list}",
        Text::DiskHelp => "Arrows: select  Enter: use it  Esc: none of them",
        Text::NoneTitle => "Use none of these disks?",
        Text::NoneStore => "Changes are then lost at power-off.",
        Text::NoneSource => "Every disk is then searched for the system.",
        Text::NoneYes => "Use none of them",
        Text::NoneIn => "Going on without any of them in {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::two("{n} day ago", "{n} days ago"),
        Counted::Hours => Forms::two("{n} hour ago", "{n} hours ago"),
        Counted::Minutes => Forms::two("{n} minute ago", "{n} minutes ago"),
        Counted::Seconds => Forms::two("{n} second ago", "{n} seconds ago"),
    }
}

//! English.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Resume previous session",
        Text::ResumeHelp => "Goes on where you left off: files, settings and programs are there.",
        Text::New => "Start a new session",
        Text::NewHelp => "Starts with an untouched system and keeps your changes in a new session.",
        Text::Ask => "Choose session during startup",
        Text::AskHelp => "Shows a list of all sessions before the system starts.",
        Text::Fresh => "Fresh start",
        Text::FreshHelp => "Starts with an untouched system. Changes are lost when you switch off.",
        Text::ToRam => "Copy to RAM",
        Text::ToRamHelp => "Starts from memory without a session. The medium can then be removed.",
        Text::Session => "Session",
        Text::SessionHelp => "Opens this session and makes it the one that is resumed.",
        Text::Language => "Language",
        Text::Loading => "Loading",
        Text::Countdown => "Starts in # s",
        Text::HelpKeys => "Tab: edit   F1: help   F2: parameters",
        Text::Typing => "Type the name of an entry and press Enter. F1: help, F2: parameters",
    }
}

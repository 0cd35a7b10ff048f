//! German.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Letzte Sitzung fortsetzen",
        Text::ResumeHelp => {
            "Macht weiter, wo Sie waren: Dateien, Einstellungen und Programme sind da."
        }
        Text::New => "Neue Sitzung beginnen",
        Text::NewHelp => "Beginnt mit unberührtem System, Änderungen bleiben in neuer Sitzung.",
        Text::Ask => "Sitzung beim Start auswählen",
        Text::AskHelp => "Zeigt vor dem Start des Systems eine Liste aller Sitzungen.",
        Text::Fresh => "Ohne Sitzung starten",
        Text::FreshHelp => "Unberührtes System. Änderungen gehen beim Ausschalten verloren.",
        Text::ToRam => "In den Arbeitsspeicher kopieren",
        Text::ToRamHelp => "Läuft ohne Sitzung aus dem Speicher, das Medium kann entfernt werden.",
        Text::Session => "Sitzung",
        Text::SessionHelp => "Öffnet diese Sitzung und macht sie zu der, die fortgesetzt wird.",
        Text::Language => "Sprache",
        Text::Loading => "Lade",
        Text::Countdown => "Start in # s",
        Text::HelpKeys => "Tab: bearbeiten   F1: Hilfe   F2: Parameter",
        Text::Typing => "Namen eines Eintrags eingeben, dann Enter. F1: Hilfe, F2: Parameter",
    }
}

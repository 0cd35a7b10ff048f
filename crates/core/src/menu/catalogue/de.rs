//! German.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Welche Sitzung soll geöffnet werden?",
        Text::NumberMissing => "Es gibt keine Sitzung {number}. Was soll stattdessen geschehen?",
        Text::NewSession => "Neue Sitzung",
        Text::FreshStart => "Ohne Sitzung: Änderungen gehen beim Ausschalten verloren",
        Text::Name => "Name",
        Text::Version => "Version",
        Text::Edition => "Edition",
        Text::Mode => "Modus",
        Text::Union => "Union",
        Text::LastUsed => "Zuletzt",
        Text::InUse => "Belegt",
        Text::Limit => "Grenze",
        Text::Unknown => "unbekannt",
        Text::Default => "Vorgabe",
        Text::LastFailed => "ging zuletzt nicht auf",
        Text::NotComeUp => "kam zuletzt nicht hoch",
        Text::Misfit => "aus einem anderen System",
        Text::Free => "Freier Platz: {size}",
        Text::ResumeIn => "Sitzung {number} wird in {seconds} s fortgesetzt",
        Text::NewIn => "Eine neue Sitzung beginnt in {seconds} s",
        Text::FreshIn => "Start ohne Sitzung in {seconds} s",
        Text::AnyKey => "jede Taste hält das an",
        Text::Typed => "Nummer: {number}",
        Text::NoSuchSession => "Es gibt keine Sitzung {number}",
        Text::SessionHelp => "Pfeile oder Nummer: wählen  Enter: öffnen  n: neu  f: ohne",
        Text::MisfitTitle => "Sitzung {number} passt nicht zu diesem System",
        Text::ThisSystem => "Dieses System",
        Text::TheSession => "Die Sitzung",
        Text::AtRisk => {
            "Sie läuft vielleicht schlecht oder gar nicht. Ihre vermerkte Version bleibt."
        }
        Text::OtherUnion => {
            "{runs} kann sie nicht öffnen. Mit union={stored} und einem Kernel starten, der das hat."
        }
        Text::OtherMode => "Dieses System kann Sitzungen im Modus {mode} nicht öffnen.",
        Text::CannotOpen => "Sie kann auf diesem System nicht geöffnet werden.",
        Text::OpenAtRisk => "Auf eigene Gefahr öffnen",
        Text::Back => "Zurück zur Liste",
        Text::ConfirmHelp => "Pfeile: wählen  Enter: nehmen  Esc: zurück",
        Text::ChooseStore => "Auf welchem Datenträger sollen die Sitzungen liegen?",
        Text::ChooseSource => "Auf welchem Datenträger liegt das System?",
        Text::Directory => "Verzeichnis: /{dir}",
        Text::Device => "Gerät",
        Text::Size => "Größe",
        Text::FileSystem => "Dateisystem",
        Text::Label => "Bezeichnung",
        Text::NoDisk => "Noch kein brauchbarer Datenträger. Ein angesteckter erscheint hier.",
        Text::LeftOut => "Nicht brauchbar: {list}",
        Text::DiskHelp => "Pfeile: wählen  Enter: nehmen  Esc: keinen davon",
        Text::NoneTitle => "Keinen dieser Datenträger benutzen?",
        Text::NoneStore => "Änderungen gehen dann beim Ausschalten verloren.",
        Text::NoneSource => "Das System wird dann auf allen Datenträgern gesucht.",
        Text::NoneYes => "Keinen benutzen",
        Text::NoneIn => "Weiter ohne einen davon in {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::two("vor {n} Tag", "vor {n} Tagen"),
        Counted::Hours => Forms::two("vor {n} Stunde", "vor {n} Stunden"),
        Counted::Minutes => Forms::two("vor {n} Minute", "vor {n} Minuten"),
        Counted::Seconds => Forms::two("vor {n} Sekunde", "vor {n} Sekunden"),
    }
}

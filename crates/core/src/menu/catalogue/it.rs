//! Italian.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Quale sessione vuoi aprire?",
        Text::NumberMissing => "La sessione {number} non esiste. Cosa vuoi fare?",
        Text::NewSession => "Nuova sessione",
        Text::FreshStart => "Avvio pulito: le modifiche si perdono allo spegnimento",
        Text::Name => "Nome",
        Text::Version => "Versione",
        Text::Edition => "Edizione",
        Text::Mode => "Modo",
        Text::Union => "Union",
        Text::LastUsed => "Ultimo uso",
        Text::InUse => "In uso",
        Text::Limit => "Limite",
        Text::Unknown => "ignoto",
        Text::Default => "predefinita",
        Text::LastFailed => "non aperta l'ultima volta",
        Text::NotComeUp => "non ha completato l'ultimo avvio",
        Text::Misfit => "di un altro sistema",
        Text::Free => "Spazio libero: {size}",
        Text::ResumeIn => "La sessione {number} riprende tra {seconds} s",
        Text::NewIn => "Nuova sessione tra {seconds} s",
        Text::FreshIn => "Avvio senza sessione tra {seconds} s",
        Text::AnyKey => "un tasto qualsiasi lo ferma",
        Text::Typed => "Numero: {number}",
        Text::NoSuchSession => "La sessione {number} non esiste",
        Text::SessionHelp => "Frecce o numero: scegli  Invio: apri  n: nuova  f: pulito",
        Text::MisfitTitle => "La sessione {number} non è adatta a questo sistema",
        Text::ThisSystem => "Questo sistema",
        Text::TheSession => "La sessione",
        Text::AtRisk => "Può funzionare male o per niente. La versione registrata resta.",
        Text::OtherUnion => {
            "{runs} non può aprirla. Avvia con union={stored} e un kernel che lo ha."
        }
        Text::OtherMode => "Questo sistema non può aprire sessioni in modo {mode}.",
        Text::CannotOpen => "Non può essere aperta su questo sistema.",
        Text::OpenAtRisk => "Aprila a tuo rischio",
        Text::Back => "Torna alla lista",
        Text::ConfirmHelp => "Frecce: scegli  Invio: conferma  Esc: indietro",
        Text::ChooseStore => "Quale disco conterrà le sessioni?",
        Text::ChooseSource => "Quale disco contiene il sistema?",
        Text::Directory => "Cartella: /{dir}",
        Text::Device => "Dispositivo",
        Text::Size => "Dimensione",
        Text::FileSystem => "File system",
        Text::Label => "Etichetta",
        Text::NoDisk => "Nessun disco utilizzabile. Quello che colleghi appare qui.",
        Text::LeftOut => "Non utilizzabili: {list}",
        Text::DiskHelp => "Frecce: scegli  Invio: usa  Esc: nessuno",
        Text::NoneTitle => "Non usare nessuno di questi dischi?",
        Text::NoneStore => "Le modifiche andranno perse allo spegnimento.",
        Text::NoneSource => "Il sistema verrà cercato su tutti i dischi.",
        Text::NoneYes => "Non usarne nessuno",
        Text::NoneIn => "Si prosegue senza tra {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::two("{n} giorno fa", "{n} giorni fa"),
        Counted::Hours => Forms::two("{n} ora fa", "{n} ore fa"),
        Counted::Minutes => Forms::two("{n} minuto fa", "{n} minuti fa"),
        Counted::Seconds => Forms::two("{n} secondo fa", "{n} secondi fa"),
    }
}

//! Italian.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Riprendi la sessione precedente",
        Text::ResumeHelp => "Continua da dove eri: file, impostazioni e programmi ci sono tutti.",
        Text::New => "Inizia una nuova sessione",
        Text::NewHelp => "Parte con un sistema intatto e conserva le modifiche in una sessione.",
        Text::Ask => "Scegli la sessione durante l'avvio",
        Text::AskHelp => "Mostra un elenco di tutte le sessioni prima di avviare il sistema.",
        Text::Fresh => "Avvio pulito",
        Text::FreshHelp => {
            "Parte con un sistema intatto. Allo spegnimento le modifiche vanno perse."
        }
        Text::ToRam => "Copia nella RAM",
        Text::ToRamHelp => {
            "Avvia dalla memoria senza sessione. Il supporto può poi essere rimosso."
        }
        Text::Session => "Sessione",
        Text::SessionHelp => "Apre questa sessione, che diventa quella da riprendere.",
        Text::Language => "Lingua",
        Text::Loading => "Caricamento di",
        Text::Countdown => "Avvio tra # s",
        Text::HelpKeys => "Tab: modifica   F1: aiuto   F2: parametri",
        Text::Typing => "Scrivi il nome di una voce e premi Invio. F1: aiuto, F2: parametri",
    }
}

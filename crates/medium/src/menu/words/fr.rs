//! French.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Reprendre la session précédente",
        Text::ResumeHelp => "Reprend tout comme avant : fichiers, réglages et programmes.",
        Text::New => "Commencer une nouvelle session",
        Text::NewHelp => "Démarre un système intact et garde les changements dans une session.",
        Text::Ask => "Choisir la session au démarrage",
        Text::AskHelp => "Affiche la liste de toutes les sessions avant de démarrer le système.",
        Text::Fresh => "Démarrage à neuf",
        Text::FreshHelp => "Démarre un système intact. À la fin, les changements sont perdus.",
        Text::ToRam => "Copier en mémoire vive",
        Text::ToRamHelp => "Démarre en mémoire, sans session. Le support peut être retiré.",
        Text::Session => "Session",
        Text::SessionHelp => "Ouvre cette session, qui sera ensuite celle que le système reprend.",
        Text::Language => "Langue",
        Text::Loading => "Chargement :",
        Text::Countdown => "Démarrage dans # s",
        Text::HelpKeys => "Tab : modifier   F1 : aide   F2 : paramètres",
        Text::Typing => "Tapez le nom d'une entrée puis Entrée. F1 : aide, F2 : paramètres",
    }
}

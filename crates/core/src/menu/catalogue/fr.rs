//! French.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Quelle session voulez-vous ouvrir ?",
        Text::NumberMissing => "Il n'y a pas de session {number}. Que voulez-vous à la place ?",
        Text::NewSession => "Nouvelle session",
        Text::FreshStart => "Sans session : les changements sont perdus à l'arrêt",
        Text::Name => "Nom",
        Text::Version => "Version",
        Text::Edition => "Édition",
        Text::Mode => "Mode",
        Text::Union => "Union",
        Text::LastUsed => "Dernier usage",
        Text::InUse => "Utilisé",
        Text::Limit => "Limite",
        Text::Unknown => "inconnu",
        Text::Default => "par défaut",
        Text::LastFailed => "non ouverte la dernière fois",
        Text::NotComeUp => "n'a pas fini de démarrer la dernière fois",
        Text::Misfit => "d'un autre système",
        Text::Free => "Espace libre : {size}",
        Text::ResumeIn => "Reprise de la session {number} dans {seconds} s",
        Text::NewIn => "Nouvelle session dans {seconds} s",
        Text::FreshIn => "Démarrage sans session dans {seconds} s",
        Text::AnyKey => "toute touche l'arrête",
        Text::Typed => "Numéro : {number}",
        Text::NoSuchSession => "Il n'y a pas de session {number}",
        Text::SessionHelp => "Flèches ou numéro : choisir  Entrée : ouvrir  n : nouvelle  f : sans",
        Text::MisfitTitle => "La session {number} ne convient pas à ce système",
        Text::ThisSystem => "Ce système",
        Text::TheSession => "La session",
        Text::AtRisk => "Elle peut fonctionner mal ou pas du tout. La version notée est conservée.",
        Text::OtherUnion => {
            "{runs} ne peut pas l'ouvrir. Démarrez avec union={stored} et un noyau qui l'a."
        }
        Text::OtherMode => "Ce système ne peut pas ouvrir de sessions en mode {mode}.",
        Text::CannotOpen => "Elle ne peut pas être ouverte sur ce système.",
        Text::OpenAtRisk => "L'ouvrir à vos risques",
        Text::Back => "Retour à la liste",
        Text::ConfirmHelp => "Flèches : choisir  Entrée : prendre  Échap : retour",
        Text::ChooseStore => "Quel disque doit contenir les sessions ?",
        Text::ChooseSource => "Quel disque contient le système ?",
        Text::Directory => "Répertoire : /{dir}",
        Text::Device => "Périphérique",
        Text::Size => "Taille",
        Text::FileSystem => "Système de fichiers",
        Text::Label => "Étiquette",
        Text::NoDisk => "Aucun disque utilisable. Celui que vous branchez apparaît ici.",
        Text::LeftOut => "Non utilisables : {list}",
        Text::DiskHelp => "Flèches : choisir  Entrée : utiliser  Échap : aucun",
        Text::NoneTitle => "N'utiliser aucun de ces disques ?",
        Text::NoneStore => "Les changements seront perdus à l'arrêt.",
        Text::NoneSource => "Le système sera alors cherché sur tous les disques.",
        Text::NoneYes => "N'en utiliser aucun",
        Text::NoneIn => "Suite sans aucun dans {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::two("il y a {n} jour", "il y a {n} jours"),
        Counted::Hours => Forms::two("il y a {n} heure", "il y a {n} heures"),
        Counted::Minutes => Forms::two("il y a {n} minute", "il y a {n} minutes"),
        Counted::Seconds => Forms::two("il y a {n} seconde", "il y a {n} secondes"),
    }
}

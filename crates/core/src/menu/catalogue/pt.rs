//! Portuguese as in Portugal.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Que sessão pretende abrir?",
        Text::NumberMissing => "Não existe a sessão {number}. O que pretende fazer?",
        Text::NewSession => "Nova sessão",
        Text::FreshStart => "Início limpo: as alterações perdem-se ao desligar",
        Text::Name => "Nome",
        Text::Version => "Versão",
        Text::Edition => "Edição",
        Text::Mode => "Modo",
        Text::Union => "União",
        Text::LastUsed => "Último uso",
        Text::InUse => "Em uso",
        Text::Limit => "Limite",
        Text::Unknown => "desconhecido",
        Text::Default => "predefinida",
        Text::LastFailed => "não abriu da última vez",
        Text::NotComeUp => "não terminou de arrancar da última vez",
        Text::Misfit => "de outro sistema",
        Text::Free => "Espaço livre: {size}",
        Text::ResumeIn => "A sessão {number} é retomada em {seconds} s",
        Text::NewIn => "Uma nova sessão começa em {seconds} s",
        Text::FreshIn => "Início sem sessão em {seconds} s",
        Text::AnyKey => "qualquer tecla interrompe",
        Text::Typed => "Número: {number}",
        Text::NoSuchSession => "Não existe a sessão {number}",
        Text::SessionHelp => "Setas ou número: escolher  Enter: abrir  n: nova  f: limpo",
        Text::MisfitTitle => "A sessão {number} não serve para este sistema",
        Text::ThisSystem => "Este sistema",
        Text::TheSession => "A sessão",
        Text::AtRisk => "Pode funcionar mal ou não funcionar. A versão registada mantém-se.",
        Text::OtherUnion => {
            "{runs} não consegue abri-la. Arranque com union={stored} e um núcleo que o tenha."
        }
        Text::OtherMode => "Este sistema não consegue abrir sessões no modo {mode}.",
        Text::CannotOpen => "Não pode ser aberta neste sistema.",
        Text::OpenAtRisk => "Abrir por sua conta e risco",
        Text::Back => "Voltar à lista",
        Text::ConfirmHelp => "Setas: escolher  Enter: aceitar  Esc: voltar",
        Text::ChooseStore => "Que disco vai guardar as sessões?",
        Text::ChooseSource => "Que disco contém o sistema?",
        Text::Directory => "Diretório: /{dir}",
        Text::Device => "Dispositivo",
        Text::Size => "Tamanho",
        Text::FileSystem => "Sistema de ficheiros",
        Text::Label => "Etiqueta",
        Text::NoDisk => "Ainda não há um disco utilizável. O que ligar aparece aqui.",
        Text::LeftOut => "Não utilizáveis: {list}",
        Text::DiskHelp => "Setas: escolher  Enter: usar  Esc: nenhum",
        Text::NoneTitle => "Não usar nenhum destes discos?",
        Text::NoneStore => "As alterações perdem-se então ao desligar.",
        Text::NoneSource => "O sistema é então procurado em todos os discos.",
        Text::NoneYes => "Não usar nenhum",
        Text::NoneIn => "Continua sem nenhum em {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::two("há {n} dia", "há {n} dias"),
        Counted::Hours => Forms::two("há {n} hora", "há {n} horas"),
        Counted::Minutes => Forms::two("há {n} minuto", "há {n} minutos"),
        Counted::Seconds => Forms::two("há {n} segundo", "há {n} segundos"),
    }
}

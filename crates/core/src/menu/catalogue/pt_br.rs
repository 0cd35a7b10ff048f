//! Portuguese as in Brazil.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Qual sessão você quer abrir?",
        Text::NumberMissing => "Não existe a sessão {number}. O que você quer fazer?",
        Text::NewSession => "Nova sessão",
        Text::FreshStart => "Início limpo: as alterações se perdem ao desligar",
        Text::Name => "Nome",
        Text::Version => "Versão",
        Text::Edition => "Edição",
        Text::Mode => "Modo",
        Text::Union => "União",
        Text::LastUsed => "Último uso",
        Text::InUse => "Em uso",
        Text::Limit => "Limite",
        Text::Unknown => "desconhecido",
        Text::Default => "padrão",
        Text::LastFailed => "não abriu na última vez",
        Text::NotComeUp => "não terminou de iniciar da última vez",
        Text::Misfit => "de outro sistema",
        Text::Free => "Espaço livre: {size}",
        Text::ResumeIn => "A sessão {number} será retomada em {seconds} s",
        Text::NewIn => "Uma nova sessão começará em {seconds} s",
        Text::FreshIn => "Início sem sessão em {seconds} s",
        Text::AnyKey => "qualquer tecla interrompe",
        Text::Typed => "Número: {number}",
        Text::NoSuchSession => "Não existe a sessão {number}",
        Text::SessionHelp => "Setas ou número: escolher  Enter: abrir  n: nova  f: limpo",
        Text::MisfitTitle => "A sessão {number} não serve para este sistema",
        Text::ThisSystem => "Este sistema",
        Text::TheSession => "A sessão",
        Text::AtRisk => "Pode funcionar mal ou não funcionar. A versão registrada é mantida.",
        Text::OtherUnion => {
            "{runs} não consegue abri-la. Inicie com union={stored} e um kernel que o tenha."
        }
        Text::OtherMode => "Este sistema não consegue abrir sessões no modo {mode}.",
        Text::CannotOpen => "Não pode ser aberta neste sistema.",
        Text::OpenAtRisk => "Abrir por sua conta e risco",
        Text::Back => "Voltar à lista",
        Text::ConfirmHelp => "Setas: escolher  Enter: aceitar  Esc: voltar",
        Text::ChooseStore => "Qual disco vai guardar as sessões?",
        Text::ChooseSource => "Qual disco contém o sistema?",
        Text::Directory => "Diretório: /{dir}",
        Text::Device => "Dispositivo",
        Text::Size => "Tamanho",
        Text::FileSystem => "Sistema de arquivos",
        Text::Label => "Rótulo",
        Text::NoDisk => "Ainda não há um disco utilizável. O que você conectar aparece aqui.",
        Text::LeftOut => "Não utilizáveis: {list}",
        Text::DiskHelp => "Setas: escolher  Enter: usar  Esc: nenhum",
        Text::NoneTitle => "Não usar nenhum destes discos?",
        Text::NoneStore => "As alterações se perderão ao desligar.",
        Text::NoneSource => "O sistema será procurado em todos os discos.",
        Text::NoneYes => "Não usar nenhum",
        Text::NoneIn => "Continuará sem nenhum em {seconds} s",
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

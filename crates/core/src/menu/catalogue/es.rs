//! Spanish.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "¿Qué sesión desea abrir?",
        Text::NumberMissing => "No existe la sesión {number}. ¿Qué desea en su lugar?",
        Text::NewSession => "Nueva sesión",
        Text::FreshStart => "Inicio limpio: los cambios se pierden al apagar",
        Text::Name => "Nombre",
        Text::Version => "Versión",
        Text::Edition => "Edición",
        Text::Mode => "Modo",
        Text::Union => "Unión",
        Text::LastUsed => "Último uso",
        Text::InUse => "En uso",
        Text::Limit => "Límite",
        Text::Unknown => "desconocido",
        Text::Default => "predeterminada",
        Text::LastFailed => "no se abrió la última vez",
        Text::NotComeUp => "no terminó de arrancar la última vez",
        Text::Misfit => "de otro sistema",
        Text::Free => "Espacio libre: {size}",
        Text::ResumeIn => "Se reanuda la sesión {number} en {seconds} s",
        Text::NewIn => "Se inicia una nueva sesión en {seconds} s",
        Text::FreshIn => "Inicio sin sesión en {seconds} s",
        Text::AnyKey => "cualquier tecla lo detiene",
        Text::Typed => "Número: {number}",
        Text::NoSuchSession => "No existe la sesión {number}",
        Text::SessionHelp => "Flechas o número: elegir  Enter: abrir  n: nueva  f: limpio",
        Text::MisfitTitle => "La sesión {number} no corresponde a este sistema",
        Text::ThisSystem => "Este sistema",
        Text::TheSession => "La sesión",
        Text::AtRisk => "Puede funcionar mal o no funcionar. La versión que registra se conserva.",
        Text::OtherUnion => {
            "{runs} no puede abrirla. Arranque con union={stored} y un núcleo que lo tenga."
        }
        Text::OtherMode => "Este sistema no puede abrir sesiones en modo {mode}.",
        Text::CannotOpen => "No se puede abrir en este sistema.",
        Text::OpenAtRisk => "Abrirla bajo su propio riesgo",
        Text::Back => "Volver a la lista",
        Text::ConfirmHelp => "Flechas: elegir  Enter: aceptar  Esc: volver",
        Text::ChooseStore => "¿Qué disco guardará las sesiones?",
        Text::ChooseSource => "¿Qué disco contiene el sistema?",
        Text::Directory => "Directorio: /{dir}",
        Text::Device => "Dispositivo",
        Text::Size => "Tamaño",
        Text::FileSystem => "Sistema de archivos",
        Text::Label => "Etiqueta",
        Text::NoDisk => "Aún no hay un disco utilizable. El que conecte aparecerá aquí.",
        Text::LeftOut => "No utilizables: {list}",
        Text::DiskHelp => "Flechas: elegir  Enter: usar  Esc: ninguno",
        Text::NoneTitle => "¿No usar ninguno de estos discos?",
        Text::NoneStore => "Los cambios se perderán al apagar.",
        Text::NoneSource => "Se buscará el sistema en todos los discos.",
        Text::NoneYes => "No usar ninguno",
        Text::NoneIn => "Se sigue sin ninguno en {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::two("hace {n} día", "hace {n} días"),
        Counted::Hours => Forms::two("hace {n} hora", "hace {n} horas"),
        Counted::Minutes => Forms::two("hace {n} minuto", "hace {n} minutos"),
        Counted::Seconds => Forms::two("hace {n} segundo", "hace {n} segundos"),
    }
}

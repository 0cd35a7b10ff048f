//! Spanish.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Reanudar la sesión anterior",
        Text::ResumeHelp => "Continúa donde lo dejó: archivos, ajustes y programas siguen ahí.",
        Text::New => "Iniciar una sesión nueva",
        Text::NewHelp => "Empieza con un sistema intacto y guarda los cambios en otra sesión.",
        Text::Ask => "Elegir la sesión durante el arranque",
        Text::AskHelp => "Muestra una lista de todas las sesiones antes de arrancar el sistema.",
        Text::Fresh => "Inicio limpio",
        Text::FreshHelp => "Empieza con un sistema intacto. Los cambios se pierden al apagar.",
        Text::ToRam => "Copiar a la memoria RAM",
        Text::ToRamHelp => "Arranca desde la memoria y sin sesión. Se puede retirar el medio.",
        Text::Session => "Sesión",
        Text::SessionHelp => "Abre esta sesión y la convierte en la que se reanuda.",
        Text::Language => "Idioma",
        Text::Loading => "Cargando",
        Text::Countdown => "Arranque en # s",
        Text::HelpKeys => "Tab: editar   F1: ayuda   F2: parámetros",
        Text::Typing => "Escriba el nombre de una entrada y pulse Intro. F1: ayuda, F2: parámetros",
    }
}

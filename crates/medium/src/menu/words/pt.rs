//! Portuguese as in Portugal.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Retomar a sessão anterior",
        Text::ResumeHelp => "Continua onde ficou: ficheiros, definições e programas estão lá.",
        Text::New => "Iniciar uma nova sessão",
        Text::NewHelp => "Começa com um sistema intacto e guarda as alterações numa nova sessão.",
        Text::Ask => "Escolher a sessão durante o arranque",
        Text::AskHelp => "Mostra uma lista de todas as sessões antes de o sistema arrancar.",
        Text::Fresh => "Início limpo",
        Text::FreshHelp => "Começa com um sistema intacto. As alterações perdem-se ao desligar.",
        Text::ToRam => "Copiar para a RAM",
        Text::ToRamHelp => "Arranca a partir da memória, sem sessão. O suporte pode ser retirado.",
        Text::Session => "Sessão",
        Text::SessionHelp => "Abre esta sessão, que passa a ser a que é retomada.",
        Text::Language => "Idioma",
        Text::Loading => "A carregar",
        Text::Countdown => "Arranque em # s",
        Text::HelpKeys => "Tab: editar   F1: ajuda   F2: parâmetros",
        Text::Typing => "Escreva o nome de uma entrada e prima Enter. F1: ajuda, F2: parâmetros",
    }
}

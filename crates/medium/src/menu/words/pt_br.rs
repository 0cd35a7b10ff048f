//! Portuguese as in Brazil.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Continuar a sessão anterior",
        Text::ResumeHelp => "Continua de onde você parou: arquivos, ajustes e programas estão lá.",
        Text::New => "Iniciar uma nova sessão",
        Text::NewHelp => "Começa com um sistema intacto e guarda as mudanças em uma nova sessão.",
        Text::Ask => "Escolher a sessão durante a inicialização",
        Text::AskHelp => "Mostra uma lista de todas as sessões antes de iniciar o sistema.",
        Text::Fresh => "Início limpo",
        Text::FreshHelp => "Começa com um sistema intacto. As mudanças se perdem ao desligar.",
        Text::ToRam => "Copiar para a RAM",
        Text::ToRamHelp => "Inicia pela memória, sem sessão. A mídia pode então ser removida.",
        Text::Session => "Sessão",
        Text::SessionHelp => "Abre esta sessão, que passa a ser a que é continuada.",
        Text::Language => "Idioma",
        Text::Loading => "Carregando",
        Text::Countdown => "Início em # s",
        Text::HelpKeys => "Tab: editar   F1: ajuda   F2: parâmetros",
        Text::Typing => "Digite o nome de uma entrada e pressione Enter. F1: ajuda, F2: parâmetros",
    }
}

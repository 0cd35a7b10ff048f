# Portuguese as in Brazil

error = erro
hint = dica
note = nota
yes = sim
no = não
none = nenhum
unknown = desconhecido

session-made = a sessão { $id } foi criada ({ $mode })
session-next = a sessão { $id } inicia da próxima vez
session-next-in-place = a sessão { $id } inicia da próxima vez, em vez da sessão { $former }
session-called = a sessão { $id } se chama { $name }
session-nameless = a sessão { $id } não tem mais nome
session-noted = a sessão { $id } tem outra nota
session-in-trash = a sessão { $id } está na lixeira; volta com: trash restore { $id }
session-gone = a sessão { $id } foi excluída para sempre
session-back = a sessão { $id } voltou
session-larger = o contêiner da sessão { $id } tem { $size }
trash-emptied = excluídos para sempre: { $count }
trash-empty = a lixeira está vazia
nothing-unused = nada ficou sem uso durante { $days } dias
cleaned = sessões movidas para a lixeira: { $count }
cleaned-emptied = excluídos da lixeira: { $count }
cleaned-tidied = restos removidos: { $count }
cleaned-failed = falhas: { $count }

goes-for-good = a sessão { $id } é excluída para sempre
go-on = Continuar? [s/N]
go-on-answers = s sim

progress-deleting = apagando
progress-cleaning-up = limpando
progress-making-the-container = criando o contêiner
progress-making-the-container-larger = aumentando o contêiner

no-sessions = Nenhuma sessão encontrada
no-active = Nenhuma sessão ativa
no-running = Nenhuma sessão em execução
active-session = Sessão ativa: #{ $id }
running-session = Sessão em execução: #{ $id }
session = Sessão #{ $id }
mark-active = ATIVA
mark-running = EM EXECUÇÃO
mode = Modo
version = Versão
edition = Edição
union = Sistema de união
size = Tamanho
total-size = Tamanho total
last-modified = Última modificação
status = Situação
name = Nome
session-note = Nota
failed = Falhou
differs = Diferença

file-system-of-sessions = Sistema de arquivos das sessões
type = Tipo
device = Dispositivo
mount-options = Opções de montagem
read-only = Somente leitura
posix = POSIX
free = Livre
free-of = { $free } de { $total }
modes-of-new = Modos de novas sessões:
limitations = Limitações:
limit-length = nenhum arquivo excede { $mib } MiB
limit-posix = sem proprietários, permissões e links
limit-case = A e a são iguais nos nomes

sessions-directory = Diretório das sessões
found = Encontrado
writable = Gravável
reason = Motivo
file-system = Sistema de arquivos
in-the-trash = Na lixeira
left-behind = Restos

error-no-root = para modificar sessões é preciso root
error-not-found = não há nenhuma sessão { $id } em { $path }
error-not-in-trash = não há nenhum "{ $name }" na lixeira
error-read-only = { $path } está em um sistema de arquivos somente leitura
error-interrupted = parado: tudo está como estava
error-nobody-to-ask = nada foi alterado, porque não havia a quem perguntar
error-declined = nada foi alterado
error-refused =
    não é possível { $verb ->
        [activate] ativar
        [rename] renomear
        [resize] aumentar
        [export] exportar
        [copy] copiar
        [convert] converter
       *[delete] excluir
    } a sessão { $id }: { $why }
refused-running = este sistema funciona a partir dela
refused-active = é a ativa, que inicia da próxima vez
hint-no-root = execute com sudo
hint-not-found = list mostra os números de todas as sessões
hint-not-in-trash = trash list mostra o que contém
hint-read-only = torne o meio gravável: mount -o remount,rw { $path }
hint-nobody-to-ask = veja as alterações com --dry-run e depois use --yes
hint-running = inicie outra sessão, ou nenhuma, e tente de novo
hint-active = ative primeiro outra sessão
hint-in-use = desmonte-a e termine primeiro o que a usa

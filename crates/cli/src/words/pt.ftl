# Portuguese as in Portugal

error = erro
hint = sugestão
note = nota
yes = sim
no = não
none = nenhum
unknown = desconhecido

session-made = a sessão { $id } foi criada ({ $mode })
session-next = a sessão { $id } arranca da próxima vez
session-next-in-place = a sessão { $id } arranca da próxima vez, em vez da sessão { $former }
session-called = a sessão { $id } chama-se { $name }
session-nameless = a sessão { $id } já não tem nome
session-noted = a sessão { $id } tem outra nota
session-in-trash = a sessão { $id } está no lixo; volta com: trash restore { $id }
session-gone = a sessão { $id } foi apagada para sempre
session-back = a sessão { $id } voltou
session-larger = o contentor da sessão { $id } tem { $size }
trash-emptied = apagados para sempre: { $count }
trash-empty = o lixo está vazio
nothing-unused = nada ficou sem uso durante { $days } dias
cleaned = sessões movidas para o lixo: { $count }
cleaned-emptied = apagados do lixo: { $count }
cleaned-tidied = restos removidos: { $count }
cleaned-failed = falhas: { $count }

goes-for-good = a sessão { $id } é apagada para sempre
go-on = Continuar? [s/N]
go-on-answers = s sim

progress-deleting = a apagar
progress-cleaning-up = a limpar
progress-making-the-container = a criar o contentor
progress-making-the-container-larger = a aumentar o contentor

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
status = Estado
name = Nome
session-note = Nota
failed = Falhou
differs = Diferença

file-system-of-sessions = Sistema de ficheiros das sessões
type = Tipo
device = Dispositivo
mount-options = Opções de montagem
read-only = Só de leitura
posix = POSIX
free = Livre
free-of = { $free } de { $total }
modes-of-new = Modos de novas sessões:
limitations = Limitações:
limit-length = nenhum ficheiro excede { $mib } MiB
limit-posix = sem proprietários, permissões e ligações
limit-case = A e a são iguais nos nomes

sessions-directory = Diretório das sessões
found = Encontrado
writable = Gravável
reason = Motivo
file-system = Sistema de ficheiros
in-the-trash = No lixo
left-behind = Restos

error-no-root = para alterar sessões é preciso root
error-not-found = não há nenhuma sessão { $id } em { $path }
error-not-in-trash = não há nenhum "{ $name }" no lixo
error-read-only = { $path } está num sistema de ficheiros só de leitura
error-interrupted = parado: tudo está como estava
error-nobody-to-ask = nada foi alterado, porque não havia a quem perguntar
error-declined = nada foi alterado
error-refused =
    não é possível { $verb ->
        [activate] ativar
        [rename] mudar o nome de
        [resize] aumentar
        [export] exportar
        [copy] copiar
        [convert] converter
       *[delete] apagar
    } a sessão { $id }: { $why }
refused-running = este sistema funciona a partir dela
refused-active = é a ativa, que arranca da próxima vez
hint-no-root = execute com sudo
hint-not-found = list mostra os números de todas as sessões
hint-not-in-trash = trash list mostra o que contém
hint-read-only = torne o suporte gravável: mount -o remount,rw { $path }
hint-nobody-to-ask = veja as alterações com --dry-run e depois use --yes
hint-running = arranque outra sessão, ou nenhuma, e tente de novo
hint-active = ative primeiro outra sessão
hint-in-use = desmonte-a e termine primeiro o que a usa

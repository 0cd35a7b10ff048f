# Italian

error = errore
hint = suggerimento
note = nota
yes = sì
no = no
none = nessuno
unknown = sconosciuto

session-made = la sessione { $id } è stata creata ({ $mode })
session-next = la sessione { $id } si avvia la prossima volta
session-next-in-place = la sessione { $id } si avvia la prossima volta, al posto della sessione { $former }
session-called = la sessione { $id } si chiama { $name }
session-nameless = la sessione { $id } non ha più un nome
session-noted = la sessione { $id } ha un'altra nota
session-in-trash = la sessione { $id } è nel cestino; torna con: trash restore { $id }
session-gone = la sessione { $id } è eliminata per sempre
session-back = la sessione { $id } è tornata
session-larger = il contenitore della sessione { $id } ha { $size }
trash-emptied = eliminati per sempre: { $count }
trash-empty = il cestino è vuoto
nothing-unused = nulla è rimasto inutilizzato per { $days } giorni
cleaned = sessioni spostate nel cestino: { $count }
cleaned-emptied = eliminati dal cestino: { $count }
cleaned-tidied = resti rimossi: { $count }
cleaned-failed = falliti: { $count }

goes-for-good = la sessione { $id } viene eliminata per sempre
go-on = Continuare? [s/N]
go-on-answers = s si sì

progress-deleting = eliminazione
progress-cleaning-up = pulizia
progress-making-the-container = creazione del contenitore
progress-making-the-container-larger = ingrandimento del contenitore

no-sessions = Nessuna sessione trovata
no-active = Nessuna sessione attiva
no-running = Nessuna sessione in esecuzione
active-session = Sessione attiva: #{ $id }
running-session = Sessione in esecuzione: #{ $id }
session = Sessione #{ $id }
mark-active = ATTIVA
mark-running = IN ESECUZIONE
mode = Modo
version = Versione
edition = Edizione
union = File system di unione
size = Dimensione
total-size = Dimensione totale
last-modified = Ultima modifica
status = Stato
name = Nome
session-note = Nota
failed = Fallito
differs = Differenza

file-system-of-sessions = File system delle sessioni
type = Tipo
device = Dispositivo
mount-options = Opzioni di montaggio
read-only = Sola lettura
posix = POSIX
free = Libero
free-of = { $free } di { $total }
modes-of-new = Modi delle nuove sessioni:
limitations = Limitazioni:
limit-length = nessun file supera { $mib } MiB
limit-posix = niente proprietari, permessi e collegamenti
limit-case = A e a sono uguali nei nomi

sessions-directory = Cartella delle sessioni
found = Trovata
writable = Scrivibile
reason = Motivo
file-system = File system
in-the-trash = Nel cestino
left-behind = Resti

error-no-root = per modificare le sessioni serve root
error-not-found = non c'è nessuna sessione { $id } in { $path }
error-not-in-trash = non c'è nessun "{ $name }" nel cestino
error-read-only = { $path } è su un file system di sola lettura
error-interrupted = fermato: tutto è come prima
error-nobody-to-ask = nulla è stato modificato, perché non c'era nessuno a cui chiedere
error-declined = nulla è stato modificato
error-refused =
    impossibile { $verb ->
        [activate] attivare
        [rename] rinominare
        [resize] ingrandire
        [export] esportare
        [copy] copiare
        [convert] convertire
       *[delete] eliminare
    } la sessione { $id }: { $why }
refused-running = questo sistema è in esecuzione da essa
refused-active = è quella attiva, che si avvia la prossima volta
hint-no-root = eseguire con sudo
hint-not-found = list mostra i numeri di tutte le sessioni
hint-not-in-trash = trash list mostra che cosa contiene
hint-read-only = rendere scrivibile il supporto: mount -o remount,rw { $path }
hint-nobody-to-ask = guardare le modifiche con --dry-run, poi usare --yes
hint-running = avviare un'altra sessione, o nessuna, e riprovare
hint-active = attivare prima un'altra sessione
hint-in-use = smontarla e terminare prima ciò che la usa

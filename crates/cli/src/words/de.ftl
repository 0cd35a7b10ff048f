# German

error = Fehler
hint = Hinweis
note = Anmerkung
yes = ja
no = nein
none = keine
unknown = unbekannt

session-made = Sitzung { $id } wurde angelegt ({ $mode })
session-next = Sitzung { $id } startet als nächste
session-next-in-place = Sitzung { $id } startet als nächste, anstelle von Sitzung { $former }
session-called = Sitzung { $id } heißt jetzt { $name }
session-nameless = Sitzung { $id } hat keinen Namen mehr
session-noted = Sitzung { $id } hat eine neue Notiz
session-in-trash = Sitzung { $id } liegt im Papierkorb; sie kommt zurück mit: trash restore { $id }
session-gone = Sitzung { $id } ist endgültig gelöscht
session-back = Sitzung { $id } ist wieder da
session-larger = der Container von Sitzung { $id } hat { $size }
trash-emptied = endgültig gelöscht: { $count }
trash-empty = der Papierkorb ist leer
nothing-unused = nichts blieb { $days } Tage lang ungenutzt
cleaned = Sitzungen im Papierkorb: { $count }
cleaned-emptied = aus dem Papierkorb gelöscht: { $count }
cleaned-tidied = Überreste aufgeräumt: { $count }
cleaned-failed = fehlgeschlagen: { $count }

goes-for-good = Sitzung { $id } wird endgültig gelöscht
go-on = Fortfahren? [j/N]
go-on-answers = j ja

progress-deleting = wird gelöscht
progress-cleaning-up = wird aufgeräumt
progress-making-the-container = Container wird angelegt
progress-making-the-container-larger = Container wird vergrößert

no-sessions = Keine Sitzungen gefunden
no-active = Keine aktive Sitzung
no-running = Keine laufende Sitzung
active-session = Aktive Sitzung: #{ $id }
running-session = Laufende Sitzung: #{ $id }
session = Sitzung #{ $id }
mark-active = AKTIV
mark-running = LÄUFT
mode = Modus
version = Version
edition = Edition
union = Union-Dateisystem
size = Größe
total-size = Gesamtgröße
last-modified = Zuletzt geändert
status = Status
name = Name
session-note = Notiz
failed = Fehlgeschlagen
differs = Abweichung

file-system-of-sessions = Dateisystem der Sitzungen
type = Typ
device = Gerät
mount-options = Einhängeoptionen
read-only = Nur lesbar
posix = POSIX
free = Frei
free-of = { $free } von { $total }
modes-of-new = Modi neuer Sitzungen:
limitations = Einschränkungen:
limit-length = keine Datei ist länger als { $mib } MiB
limit-posix = keine Besitzer, Rechte und Verknüpfungen
limit-case = A und a sind in Namen dasselbe

sessions-directory = Verzeichnis der Sitzungen
found = Gefunden
writable = Beschreibbar
reason = Grund
file-system = Dateisystem
in-the-trash = Im Papierkorb
left-behind = Zurückgelassen

error-no-root = Sitzungen zu ändern braucht root
error-not-found = es gibt keine Sitzung { $id } in { $path }
error-not-in-trash = im Papierkorb ist kein "{ $name }"
error-read-only = { $path } liegt auf einem Dateisystem, das nur lesbar ist
error-interrupted = angehalten: alles ist, wie es war
error-nobody-to-ask = nichts wurde geändert, da niemand gefragt werden konnte
error-declined = nichts wurde geändert
error-refused =
    Sitzung { $id } kann nicht { $verb ->
        [activate] aktiviert
        [rename] umbenannt
        [resize] vergrößert
        [export] exportiert
        [copy] kopiert
        [convert] umgewandelt
       *[delete] gelöscht
    } werden: { $why }
refused-running = dieses System läuft daraus
refused-active = sie ist die aktive, die als nächste startet
hint-no-root = mit sudo starten
hint-not-found = list zeigt die Nummern aller Sitzungen
hint-not-in-trash = trash list zeigt, was darin ist
hint-read-only = das Medium beschreibbar machen: mount -o remount,rw { $path }
hint-nobody-to-ask = die Änderungen mit --dry-run ansehen, dann --yes angeben
hint-running = eine andere Sitzung oder ohne eine starten, dann noch einmal versuchen
hint-active = zuerst eine andere Sitzung aktivieren
hint-in-use = aushängen und zuerst beenden, was sie benutzt

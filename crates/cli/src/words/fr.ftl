# French

error = erreur
hint = conseil
note = remarque
yes = oui
no = non
none = aucun
unknown = inconnu

session-made = la session { $id } a été créée ({ $mode })
session-next = la session { $id } démarre la prochaine fois
session-next-in-place = la session { $id } démarre la prochaine fois, à la place de la session { $former }
session-called = la session { $id } s'appelle { $name }
session-nameless = la session { $id } n'a plus de nom
session-noted = la session { $id } a une autre note
session-in-trash = la session { $id } est dans la corbeille ; elle revient avec : trash restore { $id }
session-gone = la session { $id } est supprimée définitivement
session-back = la session { $id } est de retour
session-larger = le conteneur de la session { $id } fait { $size }
trash-emptied = supprimés définitivement : { $count }
trash-empty = la corbeille est vide
nothing-unused = rien n'est resté inutilisé pendant { $days } jours
cleaned = sessions mises à la corbeille : { $count }
cleaned-emptied = supprimés de la corbeille : { $count }
cleaned-tidied = restes nettoyés : { $count }
cleaned-failed = échecs : { $count }

goes-for-good = la session { $id } est supprimée définitivement
go-on = Continuer ? [o/N]
go-on-answers = o oui

progress-deleting = suppression
progress-cleaning-up = nettoyage
progress-making-the-container = création du conteneur
progress-making-the-container-larger = agrandissement du conteneur

no-sessions = Aucune session trouvée
no-active = Aucune session active
no-running = Aucune session en cours
active-session = Session active : #{ $id }
running-session = Session en cours : #{ $id }
session = Session #{ $id }
mark-active = ACTIVE
mark-running = EN COURS
mode = Mode
version = Version
edition = Édition
union = Système d'union
size = Taille
total-size = Taille totale
last-modified = Dernière modification
status = État
name = Nom
session-note = Note
failed = Échec
differs = Différence

file-system-of-sessions = Système de fichiers des sessions
type = Type
device = Périphérique
mount-options = Options de montage
read-only = Lecture seule
posix = POSIX
free = Libre
free-of = { $free } sur { $total }
modes-of-new = Modes des nouvelles sessions :
limitations = Limites :
limit-length = aucun fichier ne dépasse { $mib } MiB
limit-posix = ni propriétaires, ni permissions, ni liens
limit-case = A et a sont identiques dans les noms

sessions-directory = Répertoire des sessions
found = Trouvé
writable = Modifiable
reason = Raison
file-system = Système de fichiers
in-the-trash = Dans la corbeille
left-behind = Restes

error-no-root = il faut être root pour modifier les sessions
error-not-found = il n'y a pas de session { $id } dans { $path }
error-not-in-trash = il n'y a pas de « { $name } » dans la corbeille
error-read-only = { $path } est sur un système de fichiers en lecture seule
error-interrupted = arrêté : tout est comme avant
error-nobody-to-ask = rien n'a été modifié, car il n'y avait personne à qui demander
error-declined = rien n'a été modifié
error-refused =
    impossible { $verb ->
        [activate] d'activer
        [rename] de renommer
        [resize] d'agrandir
        [export] d'exporter
        [copy] de copier
        [convert] de convertir
       *[delete] de supprimer
    } la session { $id } : { $why }
refused-running = ce système fonctionne à partir d'elle
refused-active = c'est la session active, qui démarre la prochaine fois
hint-no-root = lancez la commande avec sudo
hint-not-found = list montre les numéros de toutes les sessions
hint-not-in-trash = trash list montre ce qu'elle contient
hint-read-only = rendez le support modifiable : mount -o remount,rw { $path }
hint-nobody-to-ask = regardez les changements avec --dry-run, puis donnez --yes
hint-running = démarrez une autre session, ou sans session, puis réessayez
hint-active = activez d'abord une autre session
hint-in-use = démontez-la et terminez d'abord ce qui l'utilise

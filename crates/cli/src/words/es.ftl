# Spanish

error = error
hint = sugerencia
note = nota
yes = sí
no = no
none = ninguno
unknown = desconocido

session-made = se ha creado la sesión { $id } ({ $mode })
session-next = la sesión { $id } arranca la próxima vez
session-next-in-place = la sesión { $id } arranca la próxima vez, en lugar de la sesión { $former }
session-called = la sesión { $id } se llama { $name }
session-nameless = la sesión { $id } ya no tiene nombre
session-noted = la sesión { $id } tiene otra nota
session-in-trash = la sesión { $id } está en la papelera; vuelve con: trash restore { $id }
session-gone = la sesión { $id } se ha borrado para siempre
session-back = la sesión { $id } ha vuelto
session-larger = el contenedor de la sesión { $id } tiene { $size }
trash-emptied = borrado para siempre: { $count }
trash-empty = la papelera está vacía
nothing-unused = no hay nada sin usar desde hace { $days } días
cleaned = sesiones movidas a la papelera: { $count }
cleaned-emptied = borrado de la papelera: { $count }
cleaned-tidied = restos eliminados: { $count }
cleaned-failed = fallos: { $count }

goes-for-good = la sesión { $id } se borra para siempre
go-on = ¿Continuar? [s/N]
go-on-answers = s si sí

progress-deleting = borrando
progress-cleaning-up = limpiando
progress-making-the-container = creando el contenedor
progress-making-the-container-larger = ampliando el contenedor

no-sessions = No se han encontrado sesiones
no-active = No hay sesión activa
no-running = No hay sesión en ejecución
active-session = Sesión activa: #{ $id }
running-session = Sesión en ejecución: #{ $id }
session = Sesión #{ $id }
mark-active = ACTIVA
mark-running = EN EJECUCIÓN
mode = Modo
version = Versión
edition = Edición
union = Sistema de unión
size = Tamaño
total-size = Tamaño total
last-modified = Última modificación
status = Estado
name = Nombre
session-note = Nota
failed = Fallo
differs = Diferencia

file-system-of-sessions = Sistema de archivos de las sesiones
type = Tipo
device = Dispositivo
mount-options = Opciones de montaje
read-only = Solo lectura
posix = POSIX
free = Libre
free-of = { $free } de { $total }
modes-of-new = Modos de las sesiones nuevas:
limitations = Limitaciones:
limit-length = ningún archivo supera los { $mib } MiB
limit-posix = sin propietarios, permisos ni enlaces
limit-case = A y a son lo mismo en los nombres

sessions-directory = Directorio de las sesiones
found = Encontrado
writable = Escribible
reason = Motivo
file-system = Sistema de archivos
in-the-trash = En la papelera
left-behind = Restos

error-no-root = para cambiar sesiones hace falta root
error-not-found = no hay ninguna sesión { $id } en { $path }
error-not-in-trash = no hay ningún "{ $name }" en la papelera
error-read-only = { $path } está en un sistema de archivos de solo lectura
error-interrupted = detenido: todo está como estaba
error-nobody-to-ask = no se ha cambiado nada, porque no había nadie a quien preguntar
error-declined = no se ha cambiado nada
error-refused =
    no se puede { $verb ->
        [activate] activar
        [rename] renombrar
        [resize] ampliar
        [export] exportar
        [copy] copiar
        [convert] convertir
       *[delete] borrar
    } la sesión { $id }: { $why }
refused-running = este sistema funciona desde ella
refused-active = es la activa, la que arranca la próxima vez
hint-no-root = ejecútelo con sudo
hint-not-found = list muestra los números de todas las sesiones
hint-not-in-trash = trash list muestra lo que contiene
hint-read-only = haga escribible el medio: mount -o remount,rw { $path }
hint-nobody-to-ask = vea los cambios con --dry-run y después use --yes
hint-running = arranque otra sesión, o sin ninguna, y vuelva a intentarlo
hint-active = active antes otra sesión
hint-in-use = desmóntela y cierre antes lo que la usa

# Russian

error = ошибка
hint = подсказка
note = примечание
yes = да
no = нет
none = нет
unknown = неизвестно

session-made = сеанс { $id } создан ({ $mode })
session-next = следующим загрузится сеанс { $id }
session-next-in-place = следующим загрузится сеанс { $id } вместо сеанса { $former }
session-called = сеанс { $id } называется { $name }
session-nameless = у сеанса { $id } больше нет имени
session-noted = заметка сеанса { $id } изменена
session-in-trash = сеанс { $id } в корзине; вернуть его: trash restore { $id }
session-gone = сеанс { $id } удалён навсегда
session-back = сеанс { $id } восстановлен
session-larger = размер контейнера сеанса { $id }: { $size }
trash-emptied = удалено навсегда: { $count }
trash-empty = корзина пуста
nothing-unused = ничего не оставалось без использования столько дней: { $days }
cleaned = сеансов перемещено в корзину: { $count }
cleaned-emptied = удалено из корзины: { $count }
cleaned-tidied = остатков убрано: { $count }
cleaned-failed = не удалось: { $count }

goes-for-good = сеанс { $id } будет удалён навсегда
go-on = Продолжить? [д/Н]
go-on-answers = д да

progress-deleting = удаление
progress-cleaning-up = очистка
progress-making-the-container = создание контейнера
progress-making-the-container-larger = увеличение контейнера

no-sessions = Сеансов не найдено
no-active = Нет активного сеанса
no-running = Нет работающего сеанса
active-session = Активный сеанс: #{ $id }
running-session = Работающий сеанс: #{ $id }
session = Сеанс #{ $id }
mark-active = АКТИВЕН
mark-running = РАБОТАЕТ
mode = Режим
version = Версия
edition = Редакция
union = Объединяющая ФС
size = Размер
total-size = Полный размер
last-modified = Последнее изменение
status = Состояние
name = Имя
session-note = Заметка
failed = Ошибка
differs = Отличие

file-system-of-sessions = Файловая система сеансов
type = Тип
device = Устройство
mount-options = Параметры монтирования
read-only = Только чтение
posix = POSIX
free = Свободно
free-of = { $free } из { $total }
modes-of-new = Режимы новых сеансов:
limitations = Ограничения:
limit-length = файлы не длиннее { $mib } МиБ
limit-posix = нет владельцев, прав и ссылок
limit-case = A и a в именах не различаются

sessions-directory = Каталог сеансов
found = Найден
writable = Доступен для записи
reason = Причина
file-system = Файловая система
in-the-trash = В корзине
left-behind = Остатки

error-no-root = для изменения сеансов нужны права root
error-not-found = в { $path } нет сеанса { $id }
error-not-in-trash = в корзине нет «{ $name }»
error-read-only = { $path } находится на файловой системе только для чтения
error-interrupted = остановлено: всё осталось как было
error-nobody-to-ask = ничего не изменено, так как некого было спросить
error-declined = ничего не изменено
error-refused =
    нельзя { $verb ->
        [activate] активировать
        [rename] переименовать
        [resize] увеличить
        [export] экспортировать
        [copy] скопировать
        [convert] преобразовать
       *[delete] удалить
    } сеанс { $id }: { $why }
refused-running = эта система работает из него
refused-active = он активен и загрузится следующим
hint-no-root = запустите с sudo
hint-not-found = list показывает номера всех сеансов
hint-not-in-trash = trash list показывает её содержимое
hint-read-only = сделайте носитель доступным для записи: mount -o remount,rw { $path }
hint-nobody-to-ask = посмотрите изменения с --dry-run, затем укажите --yes
hint-running = загрузите другой сеанс или без сеанса и повторите
hint-active = сначала активируйте другой сеанс
hint-in-use = сначала размонтируйте его и завершите то, что его использует

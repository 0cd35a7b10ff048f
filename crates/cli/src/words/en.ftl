# What the commands on sessions say. Every language has the same keys with the same arguments; a test compares them.

error = error
hint = hint
note = note
yes = yes
no = no
none = none
unknown = unknown

# Done.
session-made = session { $id } was made ({ $mode })
session-next = session { $id } boots next
session-next-in-place = session { $id } boots next, in place of session { $former }
session-called = session { $id } is called { $name }
session-nameless = session { $id } has no name any more
session-noted = session { $id } has another note
session-in-trash = session { $id } is in the trash; it comes back with: trash restore { $id }
session-gone = session { $id } is gone for good
session-back = session { $id } is back
session-larger = the container of session { $id } has { $size }
trash-emptied = deleted for good: { $count }
trash-empty = the trash is empty
nothing-unused = nothing was unused for { $days } days
cleaned = sessions moved to the trash: { $count }
cleaned-emptied = deleted from the trash: { $count }
cleaned-tidied = leftovers tidied up: { $count }
cleaned-failed = failed: { $count }

# Asked. The answers that mean yes, besides y and yes, are separated by blanks.
goes-for-good = session { $id } is deleted for good
go-on = Go on? [y/N]
go-on-answers = y yes

# Beside a bar while it lasts.
progress-deleting = deleting
progress-cleaning-up = cleaning up
progress-making-the-container = making the container
progress-making-the-container-larger = making the container larger

# list, active, running
no-sessions = No sessions found
no-active = No active session
no-running = No running session
active-session = Active session: #{ $id }
running-session = Running session: #{ $id }
session = Session #{ $id }
mark-active = ACTIVE
mark-running = RUNNING
mode = Mode
version = Version
edition = Edition
union = Union FS
size = Size
total-size = Total Size
last-modified = Last Modified
status = Status
name = Name
session-note = Note
failed = Failed
differs = Differs

# info
file-system-of-sessions = File system of the sessions
type = Type
device = Device
mount-options = Mount options
read-only = Read-only
posix = POSIX
free = Free
free-of = { $free } of { $total }
modes-of-new = Modes of new sessions:
limitations = Limitations:
limit-length = no file is longer than { $mib } MiB
limit-posix = no owners, permissions and links
limit-case = A and a are the same in names

# status
sessions-directory = Sessions directory
found = Found
writable = Writable
reason = Reason
file-system = File system
in-the-trash = In the trash
left-behind = Left behind

# Not done.
error-no-root = changing sessions needs root
error-not-found = there is no session { $id } in { $path }
error-not-in-trash = there is no "{ $name }" in the trash
error-read-only = { $path } is on a file system that is read-only
error-interrupted = stopped: everything is as it was
error-nobody-to-ask = nothing was changed, since nobody could be asked
error-declined = nothing was changed
error-refused = cannot { $verb } session { $id }: { $why }
refused-running = this system runs from it
refused-active = it is the active one, which boots next
hint-no-root = start it with sudo
hint-not-found = list shows the numbers of all sessions
hint-not-in-trash = trash list shows what is in it
hint-read-only = make its medium writable: mount -o remount,rw { $path }
hint-nobody-to-ask = look at the changes with --dry-run, then give --yes
hint-running = boot another session, or without one, and try again
hint-active = activate another session first
hint-in-use = unmount it and end what uses it first

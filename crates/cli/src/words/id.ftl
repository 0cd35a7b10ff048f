# Indonesian

error = galat
hint = petunjuk
note = catatan
yes = ya
no = tidak
none = tidak ada
unknown = tidak diketahui

session-made = sesi { $id } telah dibuat ({ $mode })
session-next = sesi { $id } akan dimulai berikutnya
session-next-in-place = sesi { $id } akan dimulai berikutnya, menggantikan sesi { $former }
session-called = sesi { $id } bernama { $name }
session-nameless = sesi { $id } tidak bernama lagi
session-noted = catatan sesi { $id } telah diganti
session-in-trash = sesi { $id } ada di tempat sampah; kembalikan dengan: trash restore { $id }
session-gone = sesi { $id } telah dihapus selamanya
session-back = sesi { $id } telah kembali
session-larger = wadah sesi { $id } berukuran { $size }
trash-emptied = dihapus selamanya: { $count }
trash-empty = tempat sampah kosong
nothing-unused = tidak ada yang tidak terpakai selama { $days } hari
cleaned = sesi dipindahkan ke tempat sampah: { $count }
cleaned-emptied = dihapus dari tempat sampah: { $count }
cleaned-tidied = sisa dibersihkan: { $count }
cleaned-failed = gagal: { $count }

goes-for-good = sesi { $id } akan dihapus selamanya
go-on = Lanjutkan? [y/T]
go-on-answers = y ya

progress-deleting = menghapus
progress-cleaning-up = membersihkan
progress-making-the-container = membuat wadah
progress-making-the-container-larger = memperbesar wadah

no-sessions = Tidak ada sesi
no-active = Tidak ada sesi aktif
no-running = Tidak ada sesi yang berjalan
active-session = Sesi aktif: #{ $id }
running-session = Sesi berjalan: #{ $id }
session = Sesi #{ $id }
mark-active = AKTIF
mark-running = BERJALAN
mode = Mode
version = Versi
edition = Edisi
union = Sistem gabungan
size = Ukuran
total-size = Ukuran total
last-modified = Terakhir diubah
status = Status
name = Nama
session-note = Catatan
failed = Gagal
differs = Perbedaan

file-system-of-sessions = Sistem berkas sesi
type = Jenis
device = Perangkat
mount-options = Opsi kait
read-only = Hanya baca
posix = POSIX
free = Bebas
free-of = { $free } dari { $total }
modes-of-new = Mode sesi baru:
limitations = Keterbatasan:
limit-length = tidak ada berkas yang lebih panjang dari { $mib } MiB
limit-posix = tanpa pemilik, izin dan tautan
limit-case = A dan a sama dalam nama

sessions-directory = Direktori sesi
found = Ditemukan
writable = Dapat ditulis
reason = Alasan
file-system = Sistem berkas
in-the-trash = Di tempat sampah
left-behind = Tertinggal

error-no-root = mengubah sesi memerlukan root
error-not-found = tidak ada sesi { $id } di { $path }
error-not-in-trash = tidak ada "{ $name }" di tempat sampah
error-read-only = { $path } berada pada sistem berkas yang hanya dapat dibaca
error-interrupted = dihentikan: semuanya seperti semula
error-nobody-to-ask = tidak ada yang diubah, karena tidak ada yang dapat ditanya
error-declined = tidak ada yang diubah
error-refused =
    tidak dapat { $verb ->
        [activate] mengaktifkan
        [rename] mengganti nama
        [resize] memperbesar
        [export] mengekspor
        [copy] menyalin
        [convert] mengubah
       *[delete] menghapus
    } sesi { $id }: { $why }
refused-running = sistem ini berjalan darinya
refused-active = sesi itu aktif dan akan dimulai berikutnya
hint-no-root = jalankan dengan sudo
hint-not-found = list menampilkan nomor semua sesi
hint-not-in-trash = trash list menampilkan isinya
hint-read-only = buat media dapat ditulis: mount -o remount,rw { $path }
hint-nobody-to-ask = lihat perubahan dengan --dry-run, lalu berikan --yes
hint-running = mulai sesi lain, atau tanpa sesi, lalu coba lagi
hint-active = aktifkan sesi lain dahulu
hint-in-use = lepaskan kaitnya dan akhiri dahulu yang memakainya

//! Indonesian.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Sesi mana yang ingin dibuka?",
        Text::NumberMissing => "Tidak ada sesi {number}. Apa yang Anda inginkan?",
        Text::NewSession => "Sesi baru",
        Text::FreshStart => "Mulai bersih: perubahan hilang saat dimatikan",
        Text::Name => "Nama",
        Text::Version => "Versi",
        Text::Edition => "Edisi",
        Text::Mode => "Mode",
        Text::Union => "Union",
        Text::LastUsed => "Terakhir",
        Text::InUse => "Terpakai",
        Text::Limit => "Batas",
        Text::Unknown => "tak dikenal",
        Text::Default => "bawaan",
        Text::LastFailed => "gagal dibuka terakhir kali",
        Text::NotComeUp => "tidak selesai menyala terakhir kali",
        Text::Misfit => "dari sistem lain",
        Text::Free => "Ruang kosong: {size}",
        Text::ResumeIn => "Sesi {number} dilanjutkan dalam {seconds} s",
        Text::NewIn => "Sesi baru dimulai dalam {seconds} s",
        Text::FreshIn => "Mulai tanpa sesi dalam {seconds} s",
        Text::AnyKey => "tekan tombol apa saja untuk berhenti",
        Text::Typed => "Nomor: {number}",
        Text::NoSuchSession => "Tidak ada sesi {number}",
        Text::SessionHelp => "Panah atau nomor: pilih  Enter: buka  n: baru  f: bersih",
        Text::MisfitTitle => "Sesi {number} tidak cocok dengan sistem ini",
        Text::ThisSystem => "Sistem ini",
        Text::TheSession => "Sesi",
        Text::AtRisk => "Mungkin berjalan buruk atau tidak sama sekali. Versi yang tercatat tetap.",
        Text::OtherUnion => {
            "{runs} tidak dapat membukanya. Boot dengan union={stored} dan kernel yang memilikinya."
        }
        Text::OtherMode => "Sistem ini tidak dapat membuka sesi dengan mode {mode}.",
        Text::CannotOpen => "Tidak dapat dibuka pada sistem ini.",
        Text::OpenAtRisk => "Buka dengan risiko sendiri",
        Text::Back => "Kembali ke daftar",
        Text::ConfirmHelp => "Panah: pilih  Enter: ambil  Esc: kembali",
        Text::ChooseStore => "Disk mana yang menyimpan sesi?",
        Text::ChooseSource => "Disk mana yang berisi sistem?",
        Text::Directory => "Direktori: /{dir}",
        Text::Device => "Perangkat",
        Text::Size => "Ukuran",
        Text::FileSystem => "Sistem berkas",
        Text::Label => "Label",
        Text::NoDisk => "Belum ada disk yang dapat dipakai. Yang dipasang akan muncul di sini.",
        Text::LeftOut => "Tidak dapat dipakai: {list}",
        Text::DiskHelp => "Panah: pilih  Enter: pakai  Esc: tidak satu pun",
        Text::NoneTitle => "Tidak memakai satu pun disk ini?",
        Text::NoneStore => "Perubahan akan hilang saat dimatikan.",
        Text::NoneSource => "Sistem akan dicari di semua disk.",
        Text::NoneYes => "Jangan pakai",
        Text::NoneIn => "Lanjut tanpa disk dalam {seconds} s",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms::same("{n} hari lalu"),
        Counted::Hours => Forms::same("{n} jam lalu"),
        Counted::Minutes => Forms::same("{n} menit lalu"),
        Counted::Seconds => Forms::same("{n} detik lalu"),
    }
}

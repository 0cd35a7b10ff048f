//! Indonesian.

use super::Text;

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::Resume => "Lanjutkan sesi sebelumnya",
        Text::ResumeHelp => "Melanjutkan yang terakhir: berkas, setelan, dan program tetap ada.",
        Text::New => "Mulai sesi baru",
        Text::NewHelp => "Mulai dengan sistem yang bersih; perubahan disimpan dalam sesi baru.",
        Text::Ask => "Pilih sesi saat memulai",
        Text::AskHelp => "Menampilkan daftar semua sesi sebelum sistem dimulai.",
        Text::Fresh => "Mulai tanpa sesi",
        Text::FreshHelp => "Mulai dengan sistem yang bersih. Perubahan hilang saat dimatikan.",
        Text::ToRam => "Salin ke RAM",
        Text::ToRamHelp => "Berjalan dari memori tanpa sesi. Media kemudian dapat dilepas.",
        Text::Session => "Sesi",
        Text::SessionHelp => "Membuka sesi ini; sesi inilah yang selanjutnya dilanjutkan.",
        Text::Language => "Bahasa",
        Text::Loading => "Memuat",
        Text::Countdown => "Mulai dalam # dtk",
        Text::HelpKeys => "Tab: ubah   F1: bantuan   F2: parameter",
        Text::Typing => "Ketik nama entri lalu tekan Enter. F1: bantuan, F2: parameter",
    }
}

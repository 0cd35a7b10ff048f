//! What an image holds, as people read it.

use perch_initramfs::{Compression, Report};

/// A line for each part with what it takes; with `names`, what the parts are made of too.
pub(super) fn text(report: &Report, names: bool) -> String {
    let mut text = String::new();
    let mut line = |bytes: usize, what: &str| {
        let kib = bytes as f64 / 1024.0;
        text += &format!("{kib:>9.1} KiB  {what}\n");
    };
    for file in &report.microcode {
        line(file.bytes, &format!("microcode, {}", file.name));
    }
    line(report.init, "perch-init");
    line(report.index, "module index");
    let (count, [_, ready]) = report.modules_that_are(false);
    line(ready, &format!("{count} modules ready for use"));
    let [archive, compressed] = report.archive_bytes;
    if report.compression != Compression::None {
        line(archive, "these without microcode as one archive");
        line(
            compressed,
            &format!("the archive as {}", report.compression),
        );
    }
    let packing = report.packing;
    let (count, [plain, packed]) = report.modules_that_are(true);
    if count > 0 {
        line(plain, "the other modules");
        line(packed, &format!("{count} modules, each as {packing}"));
    }
    let firmware: Vec<&str> = report.firmware.iter().map(|it| it.name.as_str()).collect();
    if !firmware.is_empty() {
        let bytes = report.firmware.iter().map(|file| file.bytes).sum();
        line(bytes, &format!("firmware: {}", firmware.join(", ")));
    }
    let [plain, packed] = report.program_bytes;
    if !report.programs.is_empty() {
        line(plain, &report.programs.join(", "));
        line(packed, &format!("these with their libraries, as {packing}"));
    }
    for (what, missing) in [
        ("programs", &report.missing_programs),
        ("firmware", &report.missing_firmware),
    ] {
        if !missing.is_empty() {
            text += &format!("  not there    {what}: {}\n", missing.join(", "));
        }
    }
    if names {
        let modules: Vec<&str> = report.modules.iter().map(|it| it.name.as_str()).collect();
        text += &format!("Modules: {}\n", modules.join(" "));
        if !report.hooks.is_empty() {
            text += &format!("Hooks: {}\n", report.hooks.join(" "));
        }
    }
    text
}

//! Names of the pieces of microcode: which there are, and which one processor needs.

/// Whether a file in a maker's directory is a piece: `microcode_amd_fam17h.bin`, or Intel's `06-9e-0a`, also with the
/// ending by which Debian marks those that only an image may bring.
pub(super) fn is_piece(name: &str) -> bool {
    let amd = name.strip_prefix("microcode_amd");
    amd.is_some_and(|rest| rest.ends_with(".bin")) || is_intel(name)
}

fn is_intel(name: &str) -> bool {
    let name = name.strip_suffix(EARLY).unwrap_or(name);
    let hexadecimal = |part: &str| part.len() == 2 && u8::from_str_radix(part, 16).is_ok();
    name.split('-').count() == 3 && name.split('-').all(hexadecimal)
}

const EARLY: &str = ".initramfs";

/// The names that the pieces for the processor in the text of `/proc/cpuinfo` may have, as the kernel forms them
/// (Linux, `arch/x86/kernel/cpu/microcode/{intel,amd}.c`); none for another maker's.
pub(super) fn pieces(cpuinfo: &str) -> Vec<String> {
    let value = |wanted: &str| {
        let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(key, _)| key.trim() == wanted)?;
        Some(value.trim())
    };
    let number = |key| value(key).and_then(|text| text.parse::<u32>().ok());
    let (Some(maker), Some(family)) = (value("vendor_id"), number("cpu family")) else {
        return Vec::new();
    };
    match (maker, number("model"), number("stepping")) {
        ("GenuineIntel", Some(model), Some(stepping)) => {
            let name = format!("{family:02x}-{model:02x}-{stepping:02x}");
            vec![format!("{name}{EARLY}"), name]
        }
        ("AuthenticAMD", ..) if family >= 0x15 => {
            vec![format!("microcode_amd_fam{family:02x}h.bin")]
        }
        ("AuthenticAMD", ..) => vec!["microcode_amd.bin".to_owned()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pieces_are_taken() {
        for (name, want) in [
            ("microcode_amd.bin", true),
            ("microcode_amd_fam19h.bin", true),
            ("microcode_amd_fam19h.bin.asc", false),
            ("06-9e-0a", true),
            ("06-4f-01.initramfs", true),
            ("06-9e", false),
            ("06-9e-0a-01", false),
            ("06-9e-zz", false),
            ("README", false),
            ("", false),
        ] {
            assert_eq!(is_piece(name), want, "{name}");
        }
    }

    #[test]
    fn a_processor_has_its_piece() {
        let cpu = |maker: &str, numbers: [u32; 3]| {
            let [family, model, stepping] = numbers;
            format!(
                "processor\t: 0\nvendor_id\t: {maker}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
                 model name\t: x\nstepping\t: {stepping}\n\nprocessor\t: 1\ncpu family\t: 99\n"
            )
        };
        for (maker, numbers, want) in [
            (
                "GenuineIntel",
                [6, 158, 10],
                &["06-9e-0a.initramfs", "06-9e-0a"][..],
            ),
            ("AuthenticAMD", [25, 80, 0], &["microcode_amd_fam19h.bin"]),
            ("AuthenticAMD", [16, 2, 3], &["microcode_amd.bin"]),
            ("CentaurHauls", [6, 15, 1], &[]),
        ] {
            assert_eq!(pieces(&cpu(maker, numbers)), want, "{maker}");
        }
        assert!(pieces("").is_empty());
    }
}

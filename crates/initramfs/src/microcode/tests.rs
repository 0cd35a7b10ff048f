use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;

const INTEL: &str = "vendor_id : GenuineIntel\ncpu family : 6\nmodel : 158\nstepping : 10\n";

/// A system with firmware of both makers.
fn root() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, bytes) in [
        ("amd-ucode/microcode_amd.bin", [1; 44]),
        ("amd-ucode/microcode_amd_fam17h.bin", [2; 44]),
        ("amd-ucode/microcode_amd_fam17h.bin.asc", [0; 44]),
        ("intel-ucode/06-9e-0a", [3; 44]),
        ("intel-ucode/06-9e-0b", [4; 44]),
    ] {
        let file = root.path().join("usr/lib/firmware").join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    root
}

/// What cpio(1) makes of an archive.
fn extracted(archive: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut cpio = Command::new("cpio")
        .args(["--extract", "--quiet", "--make-directories"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .spawn()
        .expect("cpio is installed");
    cpio.stdin.take().unwrap().write_all(archive).unwrap();
    assert!(cpio.wait().unwrap().success());
    dir
}

#[test]
fn the_archive_is_as_the_kernel_wants_it() {
    let root = root();
    let (archive, files) = archive(&Microcode::All, root.path(), "").unwrap();
    let told: Vec<(&str, usize, usize)> = files
        .iter()
        .map(|file| (file.name.as_str(), file.pieces.len(), file.bytes))
        .collect();
    assert_eq!(
        told,
        [("AuthenticAMD.bin", 2, 88), ("GenuineIntel.bin", 2, 88)]
    );
    assert!(archive.starts_with(b"070701"));
    assert_eq!(archive.len() % 512, 0);
    for byte in [1, 3] {
        let at = archive.windows(44).position(|part| part == [byte; 44]);
        assert_eq!(at.unwrap() % 16, 0, "piece {byte}");
    }
    let dir = extracted(&archive);
    let read = |name| fs::read(dir.path().join("kernel/x86/microcode").join(name)).unwrap();
    assert_eq!(read("AuthenticAMD.bin"), [[1; 44], [2; 44]].concat());
    assert_eq!(read("GenuineIntel.bin"), [[3; 44], [4; 44]].concat());
}

#[test]
fn one_machine_has_one_piece() {
    let root = root();
    let (_, files) = archive(&Microcode::Host, root.path(), INTEL).unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].pieces, ["06-9e-0a"]);
    let nothing = (Vec::new(), Vec::new());
    assert_eq!(
        archive(&Microcode::None, root.path(), INTEL).unwrap(),
        nothing
    );
    assert_eq!(archive(&Microcode::Host, root.path(), "").unwrap(), nothing);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        archive(&Microcode::All, empty.path(), INTEL).unwrap(),
        nothing
    );
}

#[test]
fn an_image_hands_its_microcode_on() {
    let root = root();
    let (early, _) = archive(&Microcode::All, root.path(), "").unwrap();
    let image = root.path().join("initrd.img");
    fs::write(&image, [&early[..], b"anything else"].concat()).unwrap();
    let (again, files) = archive(&Microcode::From(image.clone()), root.path(), "").unwrap();
    assert!(again == early);
    assert_eq!(files[0].pieces, [""; 0]);
    fs::write(&image, "anything else").unwrap();
    let error = archive(&Microcode::From(image), root.path(), "").unwrap_err();
    assert!(error.to_string().ends_with("does not begin with microcode"));
}

/// linux-firmware as Fedora and Arch pack it.
#[test]
fn packed_pieces_become_plain() {
    let root = root();
    let dir = root.path().join("usr/lib/firmware/intel-ucode");
    let packed = Compression::Zstd.apply(&[5; 44]).unwrap();
    fs::write(dir.join("06-9e-0a.zst"), packed).unwrap();
    fs::remove_file(dir.join("06-9e-0a")).unwrap();
    let (archive, files) = archive(&Microcode::Host, root.path(), INTEL).unwrap();
    assert_eq!(files[0].pieces, ["06-9e-0a"]);
    assert!(archive.windows(44).any(|part| part == [5; 44]));
}

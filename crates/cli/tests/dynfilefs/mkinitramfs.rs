//! Images of a small system made by the program: what it says, and that nothing of where and when it ran is in them.

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::golden::assert_golden;
use crate::perch::{Place, Said};

/// The header of a program for 64 bits that needs no library and no loader: as much of perch-init as is looked at.
/// elf(5).
fn program() -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    // A program, for x86-64, version 1.
    header.extend([3, 0, 62, 0, 1, 0, 0, 0]);
    header.resize(52, 0);
    header.extend([64, 0]);
    header.resize(64, 0);
    header
}

const MODULES: [(&str, &str); 8] = [
    ("kernel/drivers/block/virtio_blk.ko", ""),
    ("kernel/drivers/block/loop.ko", ""),
    (
        "kernel/drivers/ata/pata_old.ko",
        "kernel/drivers/ata/libata.ko",
    ),
    ("kernel/drivers/ata/libata.ko", ""),
    ("kernel/fs/squashfs/squashfs.ko", ""),
    ("kernel/fs/overlayfs/overlay.ko", ""),
    ("kernel/fs/ext4/ext4.ko", "kernel/fs/mbcache.ko"),
    ("kernel/fs/mbcache.ko", ""),
];

/// Puts a system with a kernel, firmware and a hook into the directory `root`, which is made with its files in the
/// order of the iterator.
fn system(root: &Path, modules: impl Iterator<Item = (&'static str, &'static str)>) {
    let write = |path: &str, text: &str| {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let mut index = Vec::new();
    for (path, needs) in modules {
        write(&format!("usr/lib/modules/6.1.0-1/{path}"), path);
        index.push(format!("{path}: {needs}").trim_end().to_owned() + "\n");
    }
    index.sort();
    write("usr/lib/modules/6.1.0-1/modules.dep", &index.concat());
    write(
        "boot/config-6.1.0-1",
        "CONFIG_RD_GZIP=y\nCONFIG_RD_LZ4=y\n# CONFIG_RD_XZ is not set\n",
    );
    write(
        "etc/os-release",
        "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n",
    );
    write(
        "usr/lib/firmware/intel-ucode/06-9e-0a",
        "microcode of Intel's, one.",
    );
    write(
        "usr/lib/firmware/intel-ucode/06-9e-0b",
        "microcode of Intel's, two.",
    );
    write("hooks/after-data.d/10-say", "#!/bin/sh\necho\n");
    symlink("usr/lib", root.join("lib")).unwrap();
    fs::write(root.join("perch-init"), program()).unwrap();
}

fn place() -> Place {
    let place = Place::new();
    system(place.dir.path(), MODULES.into_iter());
    place
}

/// Makes an image with these further options, which hold no blanks.
fn make(place: &Place, options: &str) -> Said {
    place.perch(&format!("mkinitramfs {COMMON} {options}"))
}

const COMMON: &str = "--root . --kernel-version 6.1.0-1 --init perch-init";

/// Other directory, other order on the disk, other times, modes, umask and environment.
#[test]
fn the_same_system_gives_the_same_bytes() {
    let options = "--hooks hooks --programs e2fsck --programs-root / --output image";
    let one = place();
    make(&one, options).ok();

    let other = Place::new();
    system(other.dir.path(), MODULES.into_iter().rev());
    let new = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in [
        "usr/lib/modules/6.1.0-1/kernel/fs/ext4/ext4.ko",
        "usr/lib/firmware/intel-ucode/06-9e-0a",
        "hooks/after-data.d/10-say",
    ] {
        let path = other.path(path);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_times(FileTimes::new().set_modified(new)).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    }
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 077; exec \"$@\"", "sh"]);
    shell.arg(env!("CARGO_BIN_EXE_perch"));
    shell.arg("mkinitramfs").args(COMMON.split(' '));
    shell.args(options.split(' '));
    shell.current_dir(other.dir.path()).env_clear();
    shell
        .env("SOURCE_DATE_EPOCH", "1234567890")
        .env("TZ", "Asia/Tokyo");
    assert!(shell.output().unwrap().status.success());

    let read = |place: &Place| fs::read(place.path("image")).unwrap();
    assert!(read(&one) == read(&other));
    // The comparison can fail.
    let hook = other.path("hooks/after-data.d/10-say");
    fs::write(hook, "#!/bin/sh\n").unwrap();
    for place in [&one, &other] {
        make(place, "--hooks hooks --programs none --output image").ok();
    }
    assert!(read(&one) != read(&other));
}

#[test]
fn answers_are_as_written() {
    let place = place();
    let mut answers = String::new();
    for options in [
        "--programs none --dry-run",
        "--programs none --dry-run --json",
        "--programs none --dry-run --modules pata_old --pack zstd",
        "--programs none --compress xz -o image",
        "--programs none --modules ext4,zfs -o image",
        "--programs none --microcode-from boot/config-6.1.0-1 -o image",
        "--programs e2fsck -o image",
        "--programs none --system-version $(reboot) -o image",
        "--programs none -o nowhere/image",
        "--programs none -o boot",
        "--compress lzo -o image",
    ] {
        let said = make(&place, options);
        answers.push_str(&format!(
            "$ perch mkinitramfs {options}\n{}{}",
            said.out, said.err
        ));
        answers.push_str(&format!("[{}]\n\n", said.status));
    }
    assert!(!place.path("image").exists());
    assert_golden("mkinitramfs.txt", &answers);
}

/// What the parts take depends on the programs of the system, so this is no golden file.
#[test]
fn the_report_adds_up() {
    let place = place();
    fs::write(place.path("image"), "an older image").unwrap();
    let said = make(&place, "--modules most --programs none -o image --json").json();
    let image = fs::read(place.path("image")).unwrap();
    assert_eq!(said["bytes"], image.len());
    assert_eq!(said["kernel"], "6.1.0-1");
    assert_eq!(said["system"]["version"], "12");
    assert_eq!(said["compression"], "lz4");
    assert_eq!(said["init"], program().len());
    assert_eq!(
        said["microcode"][0]["pieces"],
        serde_json::json!(["06-9e-0a", "06-9e-0b"])
    );
    let names = |packed: bool| -> Vec<&str> {
        let all = said["modules"].as_array().unwrap().iter();
        all.filter(|file| file.get("packed").is_some() == packed)
            .map(|file| file["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names(true), ["libata", "pata_old"]);
    assert_eq!(
        names(false),
        [
            "ext4",
            "loop",
            "mbcache",
            "overlay",
            "squashfs",
            "virtio_blk"
        ]
    );
    assert!(!place.path("image.new").exists());
    let mode = fs::metadata(place.path("image"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o644);
}

/// The kernel that runs is the default, and perch-init has a place in the system.
#[test]
fn what_is_not_given_is_that_of_this_system() {
    let place = place();
    for (options, code) in [
        ("--root . --init perch-init", "no-kernel"),
        ("--root . -k 6.1.0-1 --init nowhere", "no-init"),
        (
            "--root . -k 6.1.0-1 --init hooks/after-data.d/10-say",
            "no-init",
        ),
        ("--root . -k 6.1.0-1 --init /bin/sh", "no-init"),
    ] {
        let said = place.perch(&format!("mkinitramfs {options} -o image --json"));
        assert_eq!(said.status, 1, "{options}");
        assert_eq!(said.json()["code"], code, "{said:?}");
        assert!(said.json().get("hint").is_some(), "{said:?}");
    }
    let running = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let said = place.perch("mkinitramfs --root . -o image");
    assert!(said.err.contains(running.trim()), "{said:?}");
}

//! `perch image`: what it shows, what it refuses, and that what it makes is there.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::perch::Place;

/// A place with what an image is made of.
fn place() -> Place {
    let place = Place::new();
    let dir = place.dir.path();
    let mut kernel = vec![0; 4096];
    kernel[0x202..0x206].copy_from_slice(b"HdrS");
    fs::write(dir.join("vmlinuz"), kernel).unwrap();
    fs::write(dir.join("initrd"), "i").unwrap();
    fs::create_dir(dir.join("live")).unwrap();
    fs::write(dir.join("live/00-core.sb"), "core").unwrap();
    place
}

const FROM: &str = "--kernel vmlinuz --initrd initrd --bundles live";

#[test]
fn a_dry_run_shows_the_layout_and_makes_nothing() {
    let place = place();
    // SYSLINUX's programs would have to be there.
    let args = format!("image --json --dry-run -o a.img --kind disk --fs ext4 --no-font {FROM}");
    let said = place.perch(&args).json();
    assert_eq!(said["success"], true, "{said}");
    let mib = |at: usize, key: &str| said["partitions"][at][key].as_u64().unwrap() >> 20;
    assert_eq!(
        (mib(0, "start"), mib(1, "length"), mib(2, "start")),
        (36, 34, 1)
    );
    assert_eq!(said["partitions"][0]["holds"], "the system");
    let files = said["files"].as_array().unwrap();
    assert!(files.contains(&json!("minios/00-core.sb")), "{said}");
    assert!(files.contains(&json!("boot/grub/grub.cfg")), "{said}");
    assert!(!place.dir.path().join("a.img").exists());

    let text = place.perch(&args.replace("--json ", "")).ok();
    assert!(
        text.contains("what UEFI starts") && text.contains("minios/boot/vmlinuz"),
        "{text}"
    );
}

#[test]
fn refusals_have_a_code_and_a_way_out() {
    let place = place();
    let dir = place.dir.path();
    fs::write(dir.join("there.img"), "mine").unwrap();
    fs::create_dir(dir.join("huge")).unwrap();
    let huge = fs::File::create(dir.join("huge/00-core.sb")).unwrap();
    huge.set_len(4 << 30).unwrap();
    let disk = "--kind disk --no-font -o a.img --kernel vmlinuz --initrd initrd";
    for (args, code, hint) in [
        (format!("-o there.img {FROM}"), "exists", "--force"),
        (
            format!("-o /dev/null --force {FROM}"),
            "not-a-file",
            "dd if=",
        ),
        (format!("-o a.iso --size 100 {FROM}"), "usage", ""),
        (
            format!("-o a.iso --bios none --efi none {FROM}"),
            "usage",
            "leave out",
        ),
        (format!("-o a.iso --label a-b {FROM}"), "bad-label", ""),
        (
            format!("{disk} --bundles huge"),
            "file-too-long",
            "--fs ext4",
        ),
        (format!("{disk} --bundles none"), "not-found", ""),
        (
            format!("{disk} --bundles live --size 20"),
            "bad-size",
            "give more",
        ),
    ] {
        let said = place.perch(&format!("image --json {args}")).json();
        assert_eq!(said["code"], code, "{args}: {said}");
        let words = said["hint"].as_str().unwrap_or_default();
        assert!(words.contains(hint), "{args}: {said}");
    }
    assert_eq!(fs::read_to_string(dir.join("there.img")).unwrap(), "mine");
}

#[test]
fn a_disc_is_made_of_what_was_given() {
    let tools = [
        "/usr/bin/xorriso",
        "/usr/lib/grub/i386-pc/boot.img",
        "/usr/lib/grub/x86_64-efi",
    ];
    if !tools.iter().all(|tool| Path::new(tool).exists()) {
        return; // `cargo xtask test` installs them
    }
    let place = place();
    let args = format!("image --json -o a.iso --efi x64 --no-font --force {FROM}");
    let made = place.perch(&args).json();
    assert_eq!(made["success"], true, "{made}");
    let image = fs::read(place.dir.path().join("a.iso")).unwrap();
    assert_eq!(&image[0x8001..0x8006], b"CD001");
    assert_eq!(
        image[0x1fe..0x200],
        [0x55, 0xaa],
        "it starts from a stick too"
    );
    // Nothing of the work is left, and the same comes out again.
    assert_eq!(place.dir.path().read_dir().unwrap().count(), 4);
    assert_eq!(place.perch(&args).json()["uuid"], made["uuid"]);
    assert_eq!(fs::read(place.dir.path().join("a.iso")).unwrap(), image);
}

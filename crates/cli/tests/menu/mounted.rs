//! Media that are mounted: read-only, unchangeable, full, and that of the running system. Each script runs in a mount
//! namespace of its own, as root.

use std::process::Command;

use rustix::process::geteuid;

/// Runs a script with `$perch`, in an empty directory; what it prints.
fn script(name: &str, text: &str) -> Option<String> {
    if !geteuid().is_root() {
        eprintln!("skipped {name}: mounting needs root");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let prelude = r#"
        set -eu
        fill() { mkdir -p "$1/minios/boot" "$1/boot/grub" "$1/boot/syslinux"; : > "$1/minios/boot/vmlinuz"; : > "$1/minios/boot/initrd.img"; }
        sum() { (cd "$1" && find . -type f ! -name filling -exec sha256sum {} + | sort -k 2); }
    "#;
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .arg(format!("{prelude}{text}"))
        .current_dir(dir.path())
        .env("perch", env!("CARGO_BIN_EXE_perch"))
        .env(
            "facts",
            concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../tests/fixtures/facts/base.json"
            ),
        )
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}{complaint}");
    Some(said)
}

#[test]
fn privileged_a_read_only_medium_is_writable_for_that_time_only() {
    script(
        "read-only",
        r#"
        mkdir m; mount -t tmpfs perch-test m; fill m; mount -o remount,ro m
        # By the superblock, then by the mount alone.
        "$perch" menu --medium m
        grep -q 'made by perch menu' m/boot/grub/grub.cfg
        ! touch m/file
        mount -o remount,rw m; mount -o remount,bind,ro m
        "$perch" menu --medium m --title Other
        grep -q "'Other'" m/boot/grub/grub.cfg
        ! touch m/file
        # Nothing to do: nothing is touched.
        "$perch" menu --medium m --title Other
        "#,
    );
}

#[test]
fn privileged_a_medium_that_stays_read_only_is_named() {
    let said = script(
        "locked",
        r#"
        truncate -s 8M image; mke2fs -q -t ext4 -O ^has_journal image; mkdir m
        mount -o loop image m; fill m; "$perch" menu --medium m >&2; umount m
        loop=$(losetup --find --show --read-only image); mount -o ro "$loop" m; losetup -d "$loop"
        sum m > before
        "$perch" --json menu --medium m --title Other && exit 1
        sum m | diff before -
        "#,
    );
    if let Some(said) = said {
        assert!(said.contains(r#""code":"read-only""#), "{said}");
        assert!(said.contains("unlock"), "{said}");
    }
}

/// Whatever room there is: all menus are new, or all are as they were.
#[test]
fn privileged_a_full_medium_keeps_its_menus() {
    let said = script(
        "full",
        r#"
        mkdir m; mount -t tmpfs -o size=256k perch-test m; fill m
        "$perch" menu --medium m >&2
        failed=0 written=0 room=0
        while [ $room -le 96 ]; do
            # A file that leaves so much, in KiB.
            rm -f m/filling
            free=$(stat -f -c '%a' m)
            dd if=/dev/zero of=m/filling bs=1k count=$((free * 4 - room)) 2> /dev/null
            sum m > before
            if "$perch" menu --medium m --title "T$room" > /dev/null 2> why; then
                written=$((written + 1))
                grep -q "'T$room'" m/boot/grub/grub.cfg
                grep -q "T$room" m/boot/syslinux/perch.cfg
                grep -q "T$room" m/boot/syslinux/help1.txt
            else
                failed=$((failed + 1))
                grep -q 'as they were' why
                sum m | diff before -
            fi
            room=$((room + 4))
        done
        echo "failed=$failed written=$written"
        "#,
    );
    if let Some(said) = said {
        assert!(
            !said.contains("failed=0") && !said.contains("written=0"),
            "{said}"
        );
    }
}

#[test]
fn privileged_the_medium_of_the_running_system_is_found() {
    let said = script(
        "running system",
        r#"
        mount -t tmpfs perch-test /run
        "$perch" --json menu && exit 1
        mkdir -p /run/perch /run/initramfs/memory/data
        cp "$facts" /run/perch/boot.json
        "$perch" --json menu && exit 1
        fill /run/initramfs/memory/data
        "$perch" --json menu
        grep -q 'perch_live perchdir=resume' /run/initramfs/memory/data/boot/grub/grub.cfg
        "#,
    );
    if let Some(said) = said {
        let codes: Vec<bool> = ["medium-unknown", "no-loader", "wrote"]
            .iter()
            .map(|word| said.contains(word))
            .collect();
        assert_eq!(codes, [true; 3], "{said}");
    }
}

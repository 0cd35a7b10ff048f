//! `import`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::content::{assert_tidy, with_everything};
use crate::store::{Store, assert_refused};

fn shell(dir: &Path, script: &str) {
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// An archive as another program may have made it: what `script` leaves in a directory, `data` and `metadata.json`.
fn archive(dir: &Path, version: &str, mode: &str, script: &str) -> PathBuf {
    let place = dir.join("made");
    fs::create_dir_all(place.join("data")).unwrap();
    let metadata = serde_json::json!({
        "version": "1.0",
        "session": {"mode": mode, "version": version, "edition": "standard", "union": "overlayfs", "size": 60_000}
    });
    fs::write(place.join("metadata.json"), metadata.to_string()).unwrap();
    fs::write(place.join("session.info"), "text").unwrap();
    shell(&place, script);
    shell(
        &place,
        "[ -f ../a.tar ] || tar --xattrs -cf ../a.tar metadata.json session.info data; zstd -q -f ../a.tar -o ../a.tar.zst",
    );
    dir.join("a.tar.zst")
}

fn import(store: &Store, archive: &Path, more: &[&str]) -> crate::perch::Said {
    let args = [&["import", archive.to_str().unwrap(), "--json"][..], more].concat();
    store.run(&args)
}

#[test]
fn privileged_checks_58_and_59_containers_are_as_large_as_their_files_need() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let store = Store::on_disk();
    let small = archive(
        dir.path(),
        "",
        "native",
        "head -c 60000 /dev/urandom > data/file",
    );
    let said = import(&store, &small, &["--force-mode", "raw"]).json();
    assert_eq!(said["success"], true, "{said}");
    let image = fs::metadata(store.path("1/changes.img")).unwrap();
    assert!(image.len() <= 256 << 20, "{}", image.len());
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let large = archive(
        dir.path(),
        "",
        "native",
        "for i in $(seq 100); do head -c 1000000 /dev/urandom > data/$i; done",
    );
    for mode in ["dynfilefs", "raw"] {
        let said = import(&store, &large, &["--force-mode", mode]).json();
        assert_eq!(said["success"], true, "{said}");
        assert_eq!(said["mode"], mode, "{said}");
    }
    // There is headroom.
    let size = store.json()["sessions"]["3"]["size"].as_u64().unwrap();
    assert!((190..400).contains(&size), "{size}");
    assert_tidy(&store);
}

#[test]
fn privileged_check_60_hostile_archives_leave_nothing() {
    for (what, version, mode, script, code) in [
        (
            "upwards",
            "",
            "native",
            "echo x > data/x; tar -cf ../a.tar -P metadata.json --transform 's,data/x,data/../../x,' data/x",
            "hostile",
        ),
        (
            "absolute",
            "",
            "native",
            "echo x > data/x; tar -cf ../a.tar -P metadata.json --transform 's,data/x,/tmp/perch-hostile,' data/x",
            "hostile",
        ),
        (
            "through a link",
            "",
            "native",
            "ln -s /tmp data/l; echo x > x; tar -cf ../a.tar metadata.json data/l --transform 's,^x,data/l/perch-hostile,' x",
            "hostile",
        ),
        ("unknown mode", "", "bogus", "", "damaged"),
        (
            "cut",
            "",
            "native",
            "head -c 200000 /dev/urandom > data/x; tar -cf - metadata.json data | head -c 100000 > ../a.tar",
            "damaged",
        ),
    ] {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        let store = Store::with(&[1]);
        let before = store.all_paths();
        let archive = archive(dir.path(), version, mode, script);
        let said = import(&store, &archive, &[]);
        assert_refused(&said, 1, code);
        assert_eq!(store.all_paths(), before, "{what}");
        assert!(!Path::new("/tmp/perch-hostile").exists(), "{what}");
        let dry = import(&store, &archive, &["--dry-run"]);
        // A dry run makes no link that anything could lead through.
        assert!(
            dry.status == 1 || what == "through a link",
            "{what}: {dry:?}"
        );
    }
}

#[test]
fn privileged_check_60_what_is_only_odd_is_neutralised_and_told() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let store = Store::on_disk();
    let odd = archive(
        dir.path(),
        "5\u{1b}[2J",
        "native",
        "mknod data/disk b 8 0; cp /bin/true data/suid; chmod 4755 data/suid; mknod data/gone c 0 0",
    );
    let before = store.all_paths();
    let dry = import(&store, &odd, &["--dry-run"]).json();
    assert_eq!(store.all_paths(), before);
    let said = import(&store, &odd, &[]).json();
    assert_eq!(said["success"], true, "{said}");
    assert_eq!(dry["findings"], said["findings"]);
    let findings = said["findings"].to_string();
    for want in [
        "/disk is a device: left out",
        "/suid runs with",
        "no usable version",
    ] {
        assert!(findings.contains(want), "{findings}");
    }
    assert!(!store.path("1/changes/disk").exists());
    assert!(
        store.path("1/changes/gone").symlink_metadata().is_ok(),
        "a mark"
    );
    assert_eq!(
        store.json()["sessions"]["1"]["version"],
        serde_json::Value::Null
    );
    import(&store, &odd, &["--trust"]);
    assert!(store.path("2/changes/disk").exists());
}

#[test]
fn privileged_check_61_another_system_has_to_be_asked_for() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let store = Store::on_disk();
    let other = archive(dir.path(), "4.0", "native", "echo x > data/x");
    let release = dir.path().join("release");
    fs::write(&release, "VERSION=5.1.1\nEDITION=standard\n").unwrap();
    let namespace = crate::perch::Namespace::new();
    let script = "[ -e /etc/minios-release ] || : > /etc/minios-release
        mount --bind $1 /etc/minios-release";
    let made = !Path::new("/etc/minios-release").exists();
    let release: &Path = &release;
    namespace
        .run("sh", &[&"-ec", &script, &"sh", &release])
        .ok();
    let perch = |more: &str| {
        let script = format!(
            "{} --sessions-dir {} import {} --json {more}",
            env!("CARGO_BIN_EXE_perch"),
            store.dir_text(),
            other.display()
        );
        namespace.run("sh", &[&"-ec", &script])
    };
    let said = perch("");
    assert_refused(&said, 1, "incompatible");
    assert!(
        said.err.contains("4.0") && said.err.contains("5.1.1"),
        "{said:?}"
    );
    assert!(store.ids().is_empty());
    for more in [
        "--auto-convert",
        "--force-mode raw",
        "--skip-compatibility-check",
        "native",
    ] {
        assert_eq!(perch(more).json()["success"], true, "{more}");
    }
    assert_eq!(store.json()["sessions"]["1"]["version"], "4.0");
    if made {
        fs::remove_file("/etc/minios-release").unwrap();
    }
}

#[test]
fn privileged_check_62_a_mode_may_follow_the_archive() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let store = Store::on_disk();
    let plain = archive(dir.path(), "", "native", "echo x > data/x");
    let said = import(&store, &plain, &["raw"]).json();
    assert_eq!(
        (&said["id"], &said["mode"]),
        (&"1".into(), &"raw".into()),
        "{said}"
    );
    assert_refused(&import(&store, &plain, &["bogus"]), 2, "mode");
    let missing = dir.path().join("no.tar.zst");
    assert_refused(&import(&store, &missing, &[]), 1, "not-found");
    assert_refused(&import(&store, dir.path(), &[]), 1, "io");
}

#[test]
fn privileged_an_archive_that_was_changed_is_taken_only_on_demand() {
    let store = with_everything();
    let out = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = out.path().join("a.tar.zst");
    store.run(&["export", "1", path.to_str().unwrap()]).ok();
    shell(
        out.path(),
        "mkdir x; tar --xattrs -xf a.tar.zst -C x; rm x/data/etc/empty; tar --xattrs -cf - -C x metadata.json session.info data | zstd -q -f -o a.tar.zst",
    );
    assert_refused(&import(&store, &path, &[]), 1, "damaged");
    assert_eq!(store.ids(), ["1"]);
    let said = import(&store, &path, &["--no-verify"]).json();
    assert_eq!(said["success"], true, "{said}");
    assert!(
        said["notices"].to_string().contains("was changed"),
        "{said}"
    );
}

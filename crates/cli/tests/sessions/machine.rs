//! A system as a boot leaves it, in a mount namespace: where its sessions are, and from which one it runs.

use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::perch::{Namespace, Said};
use crate::store::assert_refused;

/// What a boot records, as far as programs of the running system read it.
fn record(medium_dir: &str, image: Option<&str>, store: Value, session: Option<&str>) -> String {
    let mut store = store;
    for (key, value) in [
        ("state", json!({"is": "ready"})),
        ("fs", json!("ext4")),
        ("source", json!("json")),
        ("agrees", json!(true)),
    ] {
        store[key] = value;
    }
    let mut medium = json!({"device": "sda1", "fs": "vfat", "dir": medium_dir, "bundles": []});
    if let Some(image) = image {
        medium["image"] = image.into();
    }
    json!({
        "outcome": {"status": "session", "session": session},
        "facts": {
            "system": {"name": "MiniOS", "version": "5.1.1", "edition": "standard"},
            "unions": ["overlayfs"],
            "modes": ["native"],
            "console": false,
            "medium": medium,
            "store": store,
        },
    })
    .to_string()
}

/// With an empty `/run` that holds the program.
fn system() -> Namespace {
    let namespace = Namespace::new();
    shell(
        &namespace,
        "mount -t tmpfs none /run && mkdir -p /run/perch",
    )
    .ok();
    let program = OsStr::new(env!("CARGO_BIN_EXE_perch"));
    namespace.run("cp", &[&program, &"/run/program"]).ok();
    namespace
}

fn shell(namespace: &Namespace, script: &str) -> Said {
    namespace.run("sh", &[&"-ec", &script])
}

/// Has `/run/perch/boot.json` say this.
fn say(namespace: &Namespace, record: &str) {
    let script = "printf %s \"$1\" > /run/perch/boot.json";
    namespace.run("sh", &[&"-ec", &script, &"sh", &record]).ok();
}

#[test]
fn privileged_check_75_the_store_is_where_the_boot_had_it() {
    let namespace = system();
    let list = |args: &str| shell(&namespace, &format!("/run/program list --json {args}"));
    assert_refused(&list(""), 1, "no-store");
    for (dir, record) in [
        (
            "/run/initramfs/memory/data/linux/minios5/changes/7",
            record("linux/minios5", None, json!({}), None),
        ),
        (
            "/run/initramfs/memory/store/8",
            record(
                "minios",
                Some("boot/x.iso"),
                json!({"device": "sdb1"}),
                None,
            ),
        ),
        (
            "/run/initramfs/memory/store/work/9",
            record(
                "minios",
                None,
                json!({"device": "sdb1", "dir": "work"}),
                None,
            ),
        ),
    ] {
        shell(
            &namespace,
            &format!("rm -rf /run/initramfs; mkdir -p {dir}"),
        )
        .ok();
        say(&namespace, &record);
        let found = list("").json();
        assert_eq!(found[0]["path"], dir, "{found}");
    }
    // What no boot told of.
    shell(
        &namespace,
        "rm /run/perch/boot.json; mkdir -p /run/initramfs/memory/data/minios/changes/3",
    )
    .ok();
    assert_eq!(list("").json()[0]["id"], "3");
}

/// A root whose changes go to session 2, as overlayfs is mounted by a boot.
#[test]
fn privileged_the_running_session_is_told_by_the_mount_table() {
    let namespace = system();
    shell(
        &namespace,
        "memory=/run/initramfs/memory; store=$memory/data/minios/changes
         mkdir -p $store/1/changes $store/2/changes $store/2/workdir $memory/changes /run/root
         echo '{\"default\": \"1\", \"running\": \"1\", \"sessions\": {\"2\": {\"mode\": \"native\", \"version\": \"5.0\"}}}' > $store/session.json
         mount --bind $store/2 $memory/changes
         mount -t overlay -o lowerdir=/,upperdir=$memory/changes/changes,workdir=$memory/changes/workdir none /run/root
         mount --rbind /run /run/root/run
         mount --rbind /proc /run/root/proc",
    )
    .ok();
    let inside = |args: &str| {
        shell(
            &namespace,
            &format!("chroot /run/root /run/program {args} --json"),
        )
    };
    // Metadata is wrong, and so is a record of another boot.
    for session in ["2", "1"] {
        say(
            &namespace,
            &record("minios", None, json!({}), Some(session)),
        );
        let running = inside("running").json();
        if session == "1" {
            assert_eq!(running, Value::Null);
            continue;
        }
        assert_eq!(running["id"], "2", "{running}");
        assert_eq!(running["compatible"], false, "{running}");
        assert_eq!(running["reasons"][0]["code"], "version-differs");
        assert_eq!(running["reasons"].as_array().unwrap().len(), 1);
        let list = inside("list").json();
        assert_eq!(list[1]["is_running"], true, "{list}");
        assert_eq!(list[0]["is_running"], false, "{list}");
        assert_refused(&inside("delete 2"), 1, "running");
        assert_refused(&inside("delete 1"), 1, "active");
        inside("activate 2").ok();
        assert_refused(&inside("delete 2"), 1, "running");
        inside("activate 1").ok();
    }
    // Another program than perch booted: only metadata tells.
    shell(&namespace, "rm /run/perch/boot.json").ok();
    assert_eq!(inside("running").json()["id"], "1");
}

#[test]
fn privileged_check_73_nothing_is_kept_where_others_can_write() {
    let namespace = system();
    shell(
        &namespace,
        "mount -t tmpfs -o mode=1777 none /tmp
         echo precious > /run/victim; mkdir -p /run/store/1/changes
         for name in minios-session-manager-0 perch-0 perch; do ln -s /run/victim /tmp/$name; done
         ls /tmp > /run/before
         for command in list create 'rename 1 x' 'delete 2' status; do
             /run/program --sessions-dir /run/store $command > /dev/null
         done
         ls /tmp | cmp - /run/before
         test \"$(cat /run/victim)\" = precious",
    )
    .ok();
}

//! Mounting and unmounting, as root, in a mount namespace of the test's own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::perch::{Namespace, Place, Said};

/// A place with a container, an empty directory, and a namespace.
pub(crate) struct Ground {
    pub(crate) place: Place,
    pub(crate) namespace: Namespace,
    pub(crate) file: PathBuf,
    pub(crate) dir: PathBuf,
}

impl Ground {
    /// With a container of 64 MiB in parts of 40.
    pub(crate) fn new() -> Self {
        let ground = Self::empty();
        let file = ground.file.to_str().unwrap();
        ground
            .place
            .perch(&format!("dynfilefs create --size 64 --split 40 {file}"))
            .ok();
        ground
    }

    /// Without a container.
    pub(crate) fn empty() -> Self {
        let place = Place::new();
        let dir = place.path("mnt");
        fs::create_dir(&dir).unwrap();
        Self {
            file: place.path("changes.dat"),
            dir,
            namespace: Namespace::new(),
            place,
        }
    }

    /// Runs `perch dynfilefs` with these words; FILE and DIR stand for the paths.
    pub(crate) fn perch(&self, args: &str) -> Said {
        self.command(args).output().unwrap().into()
    }

    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = self.namespace.command(env!("CARGO_BIN_EXE_perch"));
        command.arg("dynfilefs");
        for word in args.split_ascii_whitespace() {
            match word {
                "FILE" => command.arg(&self.file),
                "DIR" => command.arg(&self.dir),
                word => command.arg(word),
            };
        }
        command
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.dir.join("virtual.dat")
    }

    /// Size of the disk as it is seen, in MiB; `None` if there is none.
    pub(crate) fn disk_mib(&self) -> Option<u64> {
        let said = self.namespace.run("stat", &[&"-c%s", &self.disk()]);
        Some(said.out.trim().parse::<u64>().ok()? >> 20)
    }

    /// What an ext4 on the disk holds, by name.
    fn inside(&self, script: &str) -> Said {
        let inner = self.place.path("inner");
        fs::create_dir_all(&inner).unwrap();
        let script = format!("set -e; mount -o loop $0 $1; {script}; umount $1");
        self.namespace
            .run("sh", &[&"-c", &script, &self.disk(), &inner])
    }
}

/// A process that has ended and that nobody asked about is still listed, as `Z`.
fn is_running(pid: u64) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    !state.is_empty() && !state.starts_with('Z')
}

#[test]
fn privileged_a_file_system_lives_in_a_container() {
    let ground = Ground::new();
    let mounted = ground.perch("mount --json FILE DIR").json();
    assert_eq!(mounted["size"], 64 << 20, "{mounted}");
    // It is there when the program returns, not later.
    assert_eq!(ground.disk_mib(), Some(64));
    let server = mounted["server"].as_u64().unwrap();
    ground
        .namespace
        .run("mke2fs", &[&"-qF", &"-text4", &ground.disk()])
        .ok();
    ground.inside("echo kept > $1/file").ok();
    let unmounted = ground.perch("umount --json DIR").json();
    assert_eq!(unmounted["success"], true, "{unmounted}");
    assert_eq!(unmounted["server"], server, "{unmounted}");
    assert!(!is_running(server), "its end was waited for");
    assert_eq!(ground.disk_mib(), None);
    // Nothing holds its lock any more.
    ground.perch("check FILE").ok();
    let info = ground.perch("info FILE").ok();
    assert!(info.contains("Content:       ext4"), "{info}");

    ground.perch("mount --size +16 FILE DIR").ok();
    assert_eq!(ground.disk_mib(), Some(80));
    let said = ground.inside("cat $1/file").ok();
    assert_eq!(said, "kept\n");
    ground.perch("umount DIR").ok();
}

#[test]
fn privileged_a_container_is_made_with_a_file_system() {
    let ground = Ground::empty();
    ground.perch("create --size 64 --format ext4 FILE").ok();
    let info = ground.perch("info --json FILE").json();
    assert_eq!(info["content"], "ext4", "{info}");
    ground.perch("check FILE").ok();
    let before = ground.place.files();
    let again = ground
        .perch("create --size 64 --format ext4 --json FILE")
        .json();
    assert_eq!(again["code"], "exists", "{again}");
    assert!(ground.place.files() == before);
    ground.perch("mount FILE DIR").ok();
    ground.inside("echo kept > $1/file").ok();
    ground.perch("umount DIR").ok();
}

#[test]
fn privileged_a_container_is_mounted_once() {
    let ground = Ground::new();
    let server = ground.perch("mount --json FILE DIR").json()["server"].clone();
    let other = ground.place.path("other");
    fs::create_dir(&other).unwrap();
    let other = other.to_str().unwrap();
    for args in [
        &format!("mount --json FILE {other}"),
        &format!("mount --read-only --json FILE {other}"),
        "compact --json FILE",
        "repair --json FILE",
    ] {
        let said = ground.perch(args);
        assert_eq!(said.status, 1, "{args}: {said:?}");
        let json = said.json();
        assert_eq!(json["code"], "in-use", "{args}: {json}");
        assert_eq!(json["in_use"]["pid"], server, "{args}: {json}");
    }
    let again = ground.perch("mount --json FILE DIR").json();
    assert_eq!(again["code"], "mounted", "{again}");
    let info = ground.perch("info --json FILE").json();
    assert_eq!(info["in_use"]["pid"], server, "{info}");
    assert_eq!(info["size"], 64 << 20, "{info}");
    ground.perch("umount DIR").ok();
}

#[test]
fn privileged_reading_changes_nothing() {
    let ground = Ground::new();
    fs::remove_file(ground.place.path("changes.dat.1")).unwrap();
    let before = ground.place.files();
    for (args, code) in [
        ("mount --json FILE DIR", "part-missing"),
        ("mount --read-only --json FILE DIR", "part-missing"),
    ] {
        assert_eq!(ground.perch(args).json()["code"], code, "{args}");
    }
    ground.perch("mount --rescue FILE DIR").ok();
    let write = ground.namespace.run(
        "dd",
        &[
            &"if=/dev/urandom",
            &format!("of={}", ground.disk().display()),
            &"count=1",
            &"conv=notrunc",
        ],
    );
    assert_ne!(write.status, 0, "{write:?}");
    ground.perch("umount DIR").ok();
    assert!(ground.place.files() == before);
}

#[test]
fn privileged_what_uses_a_mount_is_named() {
    let ground = Ground::new();
    let server = ground.perch("mount --json FILE DIR").json()["server"].as_u64();
    // The shell of the user who forgot where he stands.
    let mut shell = ground.namespace.command("sh");
    let mut shell = shell
        .args(["-c", "cd $0 && echo && exec cat"])
        .arg(&ground.dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0];
    std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut line).unwrap();
    let said = ground.perch("umount --json DIR");
    assert_eq!(said.status, 1, "{said:?}");
    assert_eq!(said.json()["code"], "busy");
    let pid = shell.id();
    assert!(
        said.err.contains(&format!("process {pid} (cat)")),
        "{said:?}"
    );
    drop(shell.stdin.take());
    shell.wait().unwrap();

    let device = ground
        .namespace
        .run("losetup", &[&"--find", &"--show", &ground.disk()])
        .ok();
    let said = ground.perch("umount DIR");
    assert!(said.err.contains(device.trim()), "{said:?}");
    ground
        .namespace
        .run("losetup", &[&"-d", &device.trim()])
        .ok();
    assert!(is_running(server.unwrap()), "it is still mounted");
    ground.perch("umount DIR").ok();
}

#[test]
fn privileged_control_c_ends_a_mount_in_the_foreground() {
    let ground = Ground::new();
    let child = ground
        .command("mount --foreground --json FILE DIR")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(120);
    while ground.disk_mib().is_none() {
        assert!(Instant::now() < until, "it is not mounted");
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said: Said = child.wait_with_output().unwrap().into();
    assert_eq!(said.status, 0, "{said:?}");
    let server = said.json()["server"].as_u64().unwrap();
    assert!(!is_running(server));
    assert_eq!(ground.disk_mib(), None);
    ground.perch("check FILE").ok();
}

#[test]
fn privileged_what_cannot_be_mounted_is_refused_and_nothing_changes() {
    let ground = Ground::new();
    fs::write(ground.place.path("full"), "").unwrap();
    fs::create_dir(ground.place.path("filled")).unwrap();
    fs::write(ground.place.path("filled/file"), "").unwrap();
    let filled = ground.place.path("filled").display().to_string();
    let before = ground.place.files();
    for (args, code) in [
        ("mount --json FILE /nowhere/at/all".to_owned(), "io"),
        (format!("mount --json FILE {filled}"), "not-empty"),
        ("mount --json /nothing.dat DIR".to_owned(), "not-found"),
        (
            "mount --json --size 99999999999 FILE DIR".to_owned(),
            "bad-size",
        ),
        ("umount --json DIR".to_owned(), "not-mounted"),
        ("umount --json /nowhere".to_owned(), "not-mounted"),
    ] {
        let said = ground.perch(&args);
        assert_ne!(said.status, 0, "{args}: {said:?}");
        assert_eq!(said.json()["code"], code, "{args}: {said:?}");
    }
    let said = ground.perch("mount --dry-run --size +10 FILE DIR").ok();
    assert!(said.contains("would let it grow and serve"), "{said}");
    assert!(ground.place.files() == before);
}

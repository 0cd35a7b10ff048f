//! The existing program's names and options, as scripts use them.

use std::os::unix::fs::symlink;

use crate::golden::assert_golden;
use crate::mount::Ground;
use crate::perch::{Place, Said};

/// Runs the program under another name.
fn run(ground: &Ground, name: &str, args: &str) -> Said {
    let link = ground.place.path(name);
    if !link.exists() {
        symlink(env!("CARGO_BIN_EXE_perch"), &link).unwrap();
    }
    let mut command = ground.namespace.command(&link);
    for word in args.split_ascii_whitespace() {
        let word = word
            .replace("FILE", ground.file.to_str().unwrap())
            .replace("DIR", ground.dir.to_str().unwrap());
        command.arg(word);
    }
    command.output().unwrap().into()
}

#[test]
fn privileged_scripts_of_the_existing_program_work() {
    let ground = Ground::empty();
    let round = |name: &str, args: &str, mib: u64| {
        let said = run(&ground, name, args);
        assert_eq!(said.status, 0, "{name} {args}: {said:?}");
        assert_eq!(said.out, "", "{name} {args}");
        assert_eq!(ground.disk_mib(), Some(mib), "{name} {args}");
        ground.perch("umount DIR").ok();
        said.err
    };
    // What MiniOS does.
    round("@mount.dynfilefs", "FILE DIR -s 6 -p 4", 6);
    assert!(ground.place.path("changes.dat.1").exists());
    round("dynfilefs", "-f FILE -m DIR", 6);
    round(
        "dynfilefs",
        "--file FILE --mountdir DIR --size 9 --split 4",
        9,
    );
    let said = round("dynfilefs", "-f FILE -m DIR -s 5", 9);
    assert!(said.contains("the disk stays at 9 MiB"), "{said}");
    round("mount.dynfilefs", "-m DIR -s +3 -f FILE", 12);
    round(
        "mount.dynfilefs",
        "FILE DIR -o rw,noauto,size=13,split=4",
        13,
    );
    ground.perch("check FILE").ok();
}

/// The form that the documentation gives for /etc/fstab, which never worked.
#[test]
fn privileged_mount_8_finds_the_helper() {
    let ground = Ground::empty();
    let helpers = ground.place.path("helpers");
    let work = ground.place.path("work");
    for dir in [&helpers, &work] {
        std::fs::create_dir(dir).unwrap();
    }
    symlink(env!("CARGO_BIN_EXE_perch"), helpers.join("mount.dynfilefs")).unwrap();
    // /sbin of this namespace alone gets the link.
    let options = format!("lowerdir={}:/usr/sbin", helpers.display());
    ground
        .namespace
        .run(
            "mount",
            &[&"-toverlay", &"-o", &options, &"none", &"/usr/sbin"],
        )
        .ok();
    let fstab = ground.place.path("fstab");
    let line = format!(
        "{} {} dynfilefs rw,noauto,size=6,split=4 0 0\n",
        ground.file.display(),
        ground.dir.display()
    );
    std::fs::write(&fstab, line).unwrap();
    ground
        .namespace
        .run("mount", &[&"--fstab", &fstab, &ground.dir])
        .ok();
    assert_eq!(ground.disk_mib(), Some(6));
    assert!(ground.place.path("changes.dat.1").exists());
    ground.namespace.run("umount", &[&ground.dir]).ok();
    assert_eq!(ground.disk_mib(), None);
}

#[test]
fn what_the_existing_program_would_not_take_is_refused() {
    let place = Place::new();
    let link = place.path("dynfilefs");
    symlink(env!("CARGO_BIN_EXE_perch"), &link).unwrap();
    let run = |args: &[&str]| -> Said {
        let mut command = std::process::Command::new(&link);
        command.args(args).env_clear().current_dir(place.dir.path());
        command.output().unwrap().into()
    };
    assert_golden("help-old-names.txt", &run(&["-h"]).ok());
    for args in [
        &["-f", "x"][..],
        &["--bogus"],
        &[],
        &["x", "/mnt", "-o", "size=q"],
    ] {
        let said = run(args);
        assert_eq!(said.status, 1, "{args:?}: {said:?}");
        assert!(said.err.starts_with("error: "), "{said:?}");
    }
}

#[test]
fn privileged_a_new_container_needs_a_size() {
    let ground = Ground::empty();
    let said = run(&ground, "dynfilefs", "-f FILE -m DIR");
    assert_eq!(said.status, 32, "{said:?}");
    assert!(said.err.contains("how large"), "{said:?}");
    assert!(!ground.file.exists());
}

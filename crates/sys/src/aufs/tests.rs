use std::fs;
use std::os::fd::OwnedFd;

use super::*;
use crate::dir::open_dir;
use crate::kmod::Index;
use crate::mountinfo;
use crate::test_namespace::isolated;

#[test]
fn the_list_of_file_systems_is_read_by_whole_names() {
    let common = "nodev\tsysfs\nnodev\toverlay\n\text4\n\tsquashfs\n";
    assert!(!is_registered(common));
    assert!(!is_registered("nodev\taufsx\nnodev\tnoaufs\n"));
    assert!(is_registered(&format!("{common}nodev\taufs\n")));
}

#[test]
fn a_kernel_without_the_module_has_no_aufs_and_nothing_is_loaded() {
    if registered() {
        eprintln!("skipped: this kernel has aufs");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("modules.dep"),
        "kernel/fs/overlay.ko:\nkernel/fs/noaufs.ko:\n",
    )
    .unwrap();
    let loader = Loader::new(Index::open(dir.path()), "");
    assert!(!available(&loader));
    assert!(loader.report().is_empty(), "{:?}", loader.report());
}

#[test]
fn the_content_tells_which_union_wrote_it_if_only_one_did() {
    use UnionKind::{Aufs, Overlayfs};
    for (dirs, files, want) in [
        (&[][..], &[][..], None),
        (&["changes", "workdir"], &[], Some(Overlayfs)),
        (&["changes"], &[], None),
        (&["changes"], &["workdir"], None),
        (&[], &[MARKER], Some(Aufs)),
        (&["changes"], &[MARKER], Some(Aufs)),
        // A user's directories, or what an older boot code mixed (contract B14).
        (&["changes", "workdir"], &[MARKER], None),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for name in dirs {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        for name in files {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let found = written_by(open_dir(dir.path()).unwrap());
        assert_eq!(found, want, "{dirs:?} {files:?}");
    }
}

#[test]
fn only_the_marks_of_aufs_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let branch = open_dir(path).unwrap();
    fs::write(path.join(".wh..wh.aufs"), "").unwrap();
    fs::create_dir(path.join(".wh..wh.plnk")).unwrap();
    fs::create_dir(path.join(".wh..wh.orph")).unwrap();
    fs::write(path.join(".wh..wh.orph/lost"), "").unwrap();
    fs::write(path.join(".wh.deleted"), "").unwrap();
    fs::write(path.join("kept"), "").unwrap();
    remove_marks(&branch);
    let mut left: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, [".wh..wh.orph", ".wh.deleted", "kept"]);
}

#[test]
fn links_stand_in_for_names_that_aufs_cannot_be_told() {
    let dir = tempfile::tempdir().unwrap();
    let farm = dir.path().join("farm");
    let layers = layers(dir.path(), &["00-core.sb", "10-a,b=c:d.sb"]);
    let plain = told(&lowers(&layers[..1]), &farm).unwrap();
    assert_eq!(plain, [layers[0].1.clone()]);
    assert!(!farm.exists(), "made without need");
    let linked = told(&lowers(&layers), &farm).unwrap();
    assert_eq!(linked, [farm.join("0"), farm.join("1")]);
    for (link, (_, path)) in linked.iter().zip(&layers) {
        assert!(is_plain(link));
        assert_eq!(&fs::canonicalize(link).unwrap(), path);
    }
}

#[test]
fn the_proof_leaves_nothing_behind_even_after_one_that_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    prove(dir.path()).unwrap();
    fs::write(dir.path().join(PROOF), "").unwrap();
    prove(dir.path()).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    assert_eq!(prove(&dir.path().join("none")), Err(Errno::NOENT));
}

#[test]
fn privileged_a_kernel_without_aufs_is_named_and_nothing_stays_mounted() {
    if registered() {
        eprintln!("skipped: this kernel has aufs");
        return;
    }
    isolated(|dir| {
        let layers = layers(dir, &["b0"]);
        let [writable, target] = made(dir, ["writable", "union"]);
        let xino = dir.join("xino");
        let error = assemble(
            &lowers(&layers),
            &writable,
            &xino,
            &dir.join("farm"),
            &target,
        )
        .unwrap_err();
        assert!(
            matches!(
                error,
                AufsError::Mount {
                    bundles: 1,
                    source: Errno::NODEV,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(!mounted(&target));
    });
}

/// The only test here that needs the kernel; machines of the project have none with aufs.
#[test]
fn privileged_a_union_takes_writes_and_shows_the_highest_bundle() {
    let index = Index::of_running_kernel();
    if !available(&Loader::new(index, "")) {
        eprintln!("skipped: no aufs in this kernel");
        return;
    }
    isolated(|dir| {
        // More than one call holds, and a name that needs a link.
        let mut names: Vec<String> = (0..70).map(|n| format!("b{n}")).collect();
        names.push("b,70".into());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let layers = layers(dir, &names);
        let [writable, target] = made(dir, ["writable", "union"]);
        let farm = dir.join("farm");
        let xino = dir.join("xino");
        assemble(&lowers(&layers), &writable, &xino, &farm, &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("all")).unwrap(), "b,70");
        assert_eq!(fs::read_to_string(target.join("own-b0")).unwrap(), "b0");
        fs::write(target.join("new"), "one").unwrap();
        fs::remove_file(target.join("own-b1")).unwrap();
        assert_eq!(fs::read_to_string(writable.join("new")).unwrap(), "one");
        assert!(writable.join(".wh.own-b1").exists());
        assert!(!writable.join(PROOF).exists() && !xino.exists());
        assert_eq!(
            written_by(open_dir(&writable).unwrap()),
            Some(UnionKind::Aufs)
        );
        unmount(&target, false).unwrap();
    });
}

/// Directories in `dir`; each has `own-NAME` and `all`, both saying which.
fn layers(dir: &Path, names: &[&str]) -> Vec<(OwnedFd, PathBuf)> {
    let layer = |name: &&str| {
        let path = dir.join(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join(format!("own-{name}")), name).unwrap();
        fs::write(path.join("all"), name).unwrap();
        (open_dir(&path).unwrap(), path)
    };
    names.iter().map(layer).collect()
}

fn lowers(layers: &[(OwnedFd, PathBuf)]) -> Vec<Lower<'_>> {
    layers
        .iter()
        .map(|(dir, path)| Lower {
            dir: dir.as_fd(),
            path,
        })
        .collect()
}

fn made<const N: usize>(dir: &Path, names: [&str; N]) -> [PathBuf; N] {
    names.map(|name| {
        let path = dir.join(name);
        fs::create_dir(&path).unwrap();
        path
    })
}

fn mounted(target: &Path) -> bool {
    let text = fs::read("/proc/thread-self/mountinfo").unwrap();
    mountinfo::at(&mountinfo::parse(&text), target).is_some()
}

//! Out and in again, and what a failure leaves.

use super::*;
use crate::tree::{TreeError, samples};

#[test]
fn privileged_a_session_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    samples::special(&tree);
    samples::socket(&tree);
    let out = dir.path().join("a.tar.zst");
    let written = export(&session, Layout::Overlayfs, &out);
    assert_eq!(written.sockets, (vec![b"socket".to_vec()], 1));
    assert_eq!(written.notes_dropped, 1);
    assert!(!written.blind);
    fs::remove_file(tree.join("socket")).unwrap();
    // Making the socket and removing it changed the time of its directory.
    let new = dir.path().join("2");
    let imported = import(&out, OWN, &new).unwrap();
    assert!(imported.losses.is_empty(), "{:?}", imported.losses);
    assert_eq!(imported.layout, Layout::Overlayfs);
    assert_eq!(imported.manifest.about, about(UnionKind::Overlayfs));
    assert_eq!(imported.done.entries, written.sum.files);
    let different = differences(&tree, &new.join("changes"));
    assert_eq!(different, ["the tree's own directory: another time"]);
    assert!(!new.join("workdir").exists());
    let told: Vec<String> = imported
        .findings
        .first
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "/etc/disk is a device",
            "/etc/null is a device",
            "/shared/ping runs with special rights (capabilities)",
            "/shared/su runs with the rights of its owner or group",
        ]
    );
    use std::os::unix::fs::MetadataExt;
    let blocks = |name: &str| new.join("changes").join(name).metadata().unwrap().blocks();
    assert!(blocks("home/sparse") < 1000 && blocks("home/hole") == 0);
}

#[test]
fn privileged_aufs_keeps_its_marks() {
    let dir = tempfile::tempdir().unwrap();
    let session = dir.path().join("1");
    fs::create_dir(&session).unwrap();
    samples::plain(&session);
    fs::create_dir(session.join("workdir")).unwrap();
    fs::write(session.join("workdir/.wh.gone"), "").unwrap();
    let out = dir.path().join("a.tar.zst");
    export(&session, Layout::Aufs, &out);
    let new = dir.path().join("2");
    let imported = import(&out, Policy::default(), &new).unwrap();
    assert_eq!(imported.layout, Layout::Aufs);
    assert_eq!(differences(&session, &new), Vec::<String>::new());
}

#[test]
fn nobody_sees_a_part_of_an_archive() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    samples::plain(&tree);
    let out = dir.path().join("a.tar.zst");
    fs::write(&out, "the user's").unwrap();
    let fd = open_dir(&session).unwrap();
    let about = about(UnionKind::Overlayfs);
    let mut options = Options::new(at());
    let error = write(
        fd.as_fd(),
        Layout::Overlayfs,
        &about,
        &out,
        &options,
        &mut go_on,
    );
    assert!(matches!(error, Err(WriteError::Exists { .. })), "{error:?}");
    options.replace = true;
    let mut stop = |done: Progress| match done.bytes > 0 {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let error = write(
        fd.as_fd(),
        Layout::Overlayfs,
        &about,
        &out,
        &options,
        &mut stop,
    );
    assert!(matches!(error, Err(WriteError::Tree(_))), "{error:?}");
    let error = write(
        fd.as_fd(),
        Layout::Overlayfs,
        &about,
        &dir.path().join("no/a"),
        &options,
        &mut go_on,
    );
    assert!(matches!(error, Err(WriteError::NoName { .. })), "{error:?}");
    assert_eq!(fs::read(&out).unwrap(), b"the user's");
    let names = || fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names(), 2, "nothing is left");
    // What another killed process left is no obstacle.
    fs::write(dir.path().join(".perch-a.tar.zst.new"), vec![1; 1 << 20]).unwrap();
    write(
        fd.as_fd(),
        Layout::Overlayfs,
        &about,
        &out,
        &options,
        &mut go_on,
    )
    .unwrap();
    assert_eq!(names(), 2);
    import(&out, Policy::default(), &dir.path().join("2")).unwrap();
}

#[test]
fn a_session_that_changes_is_not_packed() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    samples::plain(&tree);
    let fd = open_dir(&session).unwrap();
    let out = dir.path().join("a.tar.zst");
    // Its owner may write to it.
    rustix::fs::chmod(tree.join("large"), 0o600.into()).unwrap();
    let mut change = |done: Progress| {
        if done.bytes > 4 << 20 {
            let file = File::options().append(true).open(tree.join("large"));
            file.unwrap().set_len(9 << 20).unwrap();
        }
        ControlFlow::Continue(())
    };
    let (about, options) = (about(UnionKind::Overlayfs), Options::new(at()));
    let error = write(
        fd.as_fd(),
        Layout::Overlayfs,
        &about,
        &out,
        &options,
        &mut change,
    );
    let Err(WriteError::Tree(TreeError::Changed { path })) = error else {
        panic!("{error:?}");
    };
    assert_eq!(path, b"large");
    assert!(!out.exists());
}

#[test]
fn damage_anywhere_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    fs::write(tree.join("file"), "content ".repeat(5000)).unwrap();
    let out = dir.path().join("a.tar.zst");
    export(&session, Layout::Overlayfs, &out);
    let bytes = fs::read(&out).unwrap();
    let (mut damaged, mut number) = (0, 0);
    // What is passed over may be anything.
    let fill = bytes
        .windows(4)
        .position(|four| four == b"\x50\x2a\x4d\x18");
    let fill = fill.unwrap()..4096;
    for at in (0..bytes.len()).step_by(3) {
        if fill.contains(&at) {
            continue;
        }
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        fs::write(&out, bytes).unwrap();
        number += 1;
        let staging = dir.path().join(format!("s{number}"));
        damaged += usize::from(import(&out, Policy::default(), &staging).is_err());
    }
    // A bit in zstd's frame header may tell nothing but how much memory to take.
    assert!(damaged + 2 >= number, "{damaged} of {number}");
    for len in (0..bytes.len()).step_by(37) {
        fs::write(&out, &bytes[..len]).unwrap();
        number += 1;
        let staging = dir.path().join(format!("s{number}"));
        assert!(
            import(&out, Policy::default(), &staging).is_err(),
            "cut to {len}"
        );
    }
}

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;

use perch_sys::dir::open_dir;

use super::*;

/// What is taken, in order.
fn taken(layout: Layout, paths: &[&str], excluded: &[&str]) -> Result<Vec<String>, String> {
    let dir = tempfile::tempdir().unwrap();
    for path in [
        "etc/a",
        "srv/log/x",
        "srv/web/y",
        ".wh..wh.plnk",
        "var/cache",
    ] {
        fs::create_dir_all(dir.path().join(path)).unwrap();
    }
    for path in [
        "etc/a/one",
        "etc/.wh.gone",
        "srv/web/.wh..wh..opq",
        "srv/web/index",
        "var/.wh..wh..opq",
        ".wh..wh.aufs",
        ".wh..wh.plnk/1.2",
    ] {
        fs::write(dir.path().join(path), path).unwrap();
    }
    fs::hard_link(dir.path().join("etc/a/one"), dir.path().join("srv/two")).unwrap();
    fs::hard_link(
        dir.path().join("etc/a/one"),
        dir.path().join("srv/web/three"),
    )
    .unwrap();
    symlink("x", dir.path().join("srv/link")).unwrap();
    let tree = open_dir(dir.path()).unwrap();
    let of = |paths: &[&str]| paths.iter().map(|path| path.as_bytes().to_vec()).collect();
    let choice = Choice {
        paths: of(paths),
        excluded: of(excluded),
    };
    let source = Source {
        tree: tree.as_fd(),
        layout,
        choice: &choice,
    };
    survey(&source, &mut |_| ControlFlow::Continue(())).map_err(|error| error.to_string())?;
    let mut chosen = source.walk(Time::default()).unwrap();
    let mut taken = Vec::new();
    while let Some(found) = chosen.next().unwrap() {
        let path = String::from_utf8(found.entry.path).unwrap();
        taken.push(match &found.entry.kind {
            Kind::HardLink { to } => format!("{path} = {}", String::from_utf8_lossy(to)),
            _ => path,
        });
    }
    Ok(taken)
}

#[test]
fn chosen_paths_come_with_their_ways_and_marks() {
    let aufs = |paths: &[&str], excluded: &[&str]| taken(Layout::Aufs, paths, excluded);
    // The mark that hides what lies below goes with its directory, and the first chosen name of a file is the file.
    assert_eq!(
        aufs(&["srv/web", "srv/two"], &[]).unwrap(),
        [
            "",
            "srv",
            "srv/two",
            "srv/web",
            "srv/web/.wh..wh..opq",
            "srv/web/index",
            "srv/web/three = srv/two",
            "srv/web/y",
        ]
    );
    // The mark of a deletion is chosen by the name that it deletes.
    assert_eq!(
        aufs(&["etc/gone"], &[]).unwrap(),
        ["", "etc", "etc/.wh.gone"]
    );
    // A directory on the way hides nothing.
    assert_eq!(aufs(&["var/cache"], &[]).unwrap(), ["", "var", "var/cache"]);
    assert_eq!(
        aufs(&["",], &["srv", "etc/a"]).unwrap(),
        [
            "",
            "etc",
            "etc/.wh.gone",
            "var",
            "var/.wh..wh..opq",
            "var/cache"
        ]
    );
    // Through overlayfs these are plain names.
    assert_eq!(
        taken(Layout::Overlayfs, &["etc"], &["etc/a"]).unwrap(),
        ["", "etc", "etc/.wh.gone"]
    );
    assert_eq!(
        aufs(&["etc", "nowhere/x"], &[]).unwrap_err(),
        "the session has nothing at /nowhere/x"
    );
    assert!(aufs(&[".wh..wh.plnk"], &[]).is_err());
}

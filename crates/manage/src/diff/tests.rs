use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use perch_sys::dir::open_dir;
use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat, setxattr};

use super::*;
use crate::layers::Layer;

fn file(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn whiteout(root: &Path, path: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    mknodat(CWD, path, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
}

fn opaque(root: &Path, path: &str) {
    fs::create_dir_all(root.join(path)).unwrap();
    let name = "trusted.overlay.opaque";
    setxattr(root.join(path), name, b"y", XattrFlags::empty()).unwrap();
}

/// Each change as `what path`, with what of it changed, over layers of which the highest comes first.
fn told(tree: &Path, layout: Layout, layers: Option<&[&Path]>, path: &str) -> Vec<String> {
    let layers = layers.map(|roots| Layers {
        layers: roots
            .iter()
            .map(|root| Layer {
                name: root.display().to_string(),
                root: open_dir(root).unwrap(),
            })
            .collect(),
        left_out: Vec::new(),
    });
    let tree = open_dir(tree).unwrap();
    let over = Over {
        tree: tree.as_fd(),
        layout,
        layers: layers.as_ref(),
        path: path.as_bytes(),
    };
    let mut told = Vec::new();
    let summary = diff(over, &mut |_| ControlFlow::Continue(()), &mut |change| {
        let path = String::from_utf8_lossy(&change.path);
        let aspects: Vec<&str> = change.aspects.iter().map(|it| it.word()).collect();
        let alert = if change.raises_rights { "!" } else { "" };
        let line = format!("{}{alert} {path} {}", change.what.word(), aspects.join(","));
        told.push(line.trim_end().to_owned());
    })
    .unwrap();
    assert_eq!(summary.count(), told.len() as u64);
    told
}

/// What is in the bundles: `low` and, above it, `high`, which deletes something itself.
fn bundles(low: &Path, high: &Path) {
    for path in [
        "etc/kept",
        "etc/edited",
        "etc/gone",
        "etc/touched",
        "usr/bin/tool",
    ] {
        file(low, path, "of the low bundle");
    }
    file(low, "var/cache/one", "1");
    file(low, "var/cache/two", "2");
    file(low, "opt/app/inner/data", "d");
    file(low, "opt/app/removed by the high bundle", "r");
    symlink("one", low.join("var/cache/link")).unwrap();
    file(high, "etc/edited", "of the high bundle");
    file(high, "opt/app/only in the high bundle", "h");
}

/// The same session as overlayfs and as aufs leave it.
#[test]
fn privileged_each_kind_of_change_is_told_for_both_unions() {
    for layout in [Layout::Overlayfs, Layout::Aufs] {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        let [low, high, up] = ["low", "high", "up"].map(|name| dir.path().join(name));
        for root in [&low, &high, &up] {
            fs::create_dir(root).unwrap();
        }
        bundles(&low, &high);
        let delete = |root: &Path, parent: &str, name: &str| match layout {
            Layout::Overlayfs => whiteout(root, &format!("{parent}/{name}")),
            _ => file(root, &format!("{parent}/.wh.{name}"), ""),
        };
        let hide = |root: &Path, path: &str| match layout {
            Layout::Overlayfs => opaque(root, path),
            _ => file(root, &format!("{path}/.wh..wh..opq"), ""),
        };
        delete(&high, "opt/app", "removed by the high bundle");
        if layout == Layout::Aufs {
            file(&up, ".wh..wh.aufs", "");
            file(&up, ".wh..wh.plnk/1.2", "x");
        }
        // A copy as the union makes it, with the time of the original.
        let copied = |path: &str, from: &Path| {
            file(&up, path, &fs::read_to_string(from.join(path)).unwrap());
            let time = fs::metadata(from.join(path)).unwrap().modified().unwrap();
            fs::File::open(up.join(path))
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        copied("etc/kept", &low);
        copied("etc/touched", &low);
        fs::set_permissions(up.join("etc/touched"), fs::Permissions::from_mode(0o4755)).unwrap();
        file(&up, "etc/edited", "of the session");
        delete(&up, "etc", "gone");
        file(&up, "etc/new/deeper", "n");
        hide(&up, "var/cache");
        file(&up, "var/cache/one", "again");
        file(&up, "usr/bin/tool/now a directory", "t");
        file(&up, "opt/app/removed by the high bundle", "back");
        fs::create_dir_all(up.join("opt/app/inner/data")).unwrap();
        let set_time = fs::metadata(low.join("etc/edited"))
            .unwrap()
            .modified()
            .unwrap();
        fs::File::open(up.join("etc/edited"))
            .unwrap()
            .set_modified(set_time)
            .unwrap();
        let got = told(&up, layout, Some(&[&high, &low]), "");
        let want = [
            "changed etc/edited content",
            "deleted etc/gone",
            "added etc/new",
            "added etc/new/deeper",
            "changed! etc/touched permissions",
            "retyped opt/app/inner/data",
            "added opt/app/removed by the high bundle",
            "retyped usr/bin/tool",
            "added usr/bin/tool/now a directory",
            "replaced var/cache",
            "added var/cache/one",
        ];
        // aufs's mark of a deleted file sorts before the others.
        let mut got_sorted = got.clone();
        got_sorted.sort_by(|a, b| path_of(a).cmp(path_of(b)));
        assert_eq!(got_sorted, want, "{layout:?}");
        let below = told(&up, layout, Some(&[&high, &low]), "etc/new");
        assert_eq!(below, ["added etc/new", "added etc/new/deeper"]);
        let alone = told(&up, layout, None, "var");
        assert_eq!(alone, ["replaced var/cache", "present var/cache/one"]);
    }
}

fn path_of(line: &str) -> &str {
    line.split_once(' ').map_or("", |(_, path)| path)
}

/// A directory that overlayfs recorded as renamed shows the one of its old name through.
#[test]
fn privileged_a_recorded_rename_is_followed() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let [low, up] = ["low", "up"].map(|name| dir.path().join(name));
    file(&low, "old/deep/a", "a");
    file(&low, "old/b", "b");
    file(&low, "stays", "s");
    whiteout(&up, "old");
    for (path, to) in [("new", "/old"), ("new/deep", "deep")] {
        fs::create_dir_all(up.join(path)).unwrap();
        let name = "trusted.overlay.redirect";
        setxattr(up.join(path), name, to.as_bytes(), XattrFlags::empty()).unwrap();
    }
    file(&up, "new/deep/c", "c");
    whiteout(&up, "new/deep/a");
    let got = told(&up, Layout::Overlayfs, Some(&[&low]), "");
    let want = [
        "changed new content in a bundle",
        "changed new/deep content in a bundle",
        "deleted new/deep/a",
        "added new/deep/c",
        "deleted old",
    ];
    assert_eq!(got, want);
}

#[test]
fn a_path_is_taken_name_by_name() {
    for (path, place, want) in [
        ("etc/a", "", true),
        ("etc/a", "etc", true),
        ("etc", "etc", true),
        ("etcetera", "etc", false),
        ("et", "etc", false),
    ] {
        let got = is_at_or_below(path.as_bytes(), place.as_bytes());
        assert_eq!(got, want, "{path} {place}");
    }
}

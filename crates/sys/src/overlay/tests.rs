use std::fs;
use std::path::PathBuf;

use super::*;
use crate::dir::open_dir;
use crate::mount::{Options, set_mount_read_only, tmpfs};
use crate::mountinfo;
use crate::test_namespace::isolated;

/// The ways this kernel knows: the best one that is found, and every older one.
fn ways() -> &'static [Way] {
    const ALL: [Way; 3] = [Way::Descriptors, Way::Strings, Way::MountCall];
    let root = open_dir("/").unwrap();
    let best = probe(&Lower {
        dir: root.as_fd(),
        path: Path::new("/"),
    });
    let best = best.unwrap();
    &ALL[ALL.iter().position(|way| *way == best).unwrap()..]
}

/// `count` layers `l0`, `l1`, … below `dir`; each has `own<n>` and `all`, both saying which.
fn layers(dir: &Path, count: usize) -> Vec<(OwnedFd, PathBuf)> {
    (0..count)
        .map(|n| {
            let path = dir.join(format!("l{n}"));
            fs::create_dir(&path).unwrap();
            fs::write(path.join(format!("own{n}")), n.to_string()).unwrap();
            fs::write(path.join("all"), n.to_string()).unwrap();
            (open_dir(&path).unwrap(), path)
        })
        .collect()
}

fn lowers(layers: &[(OwnedFd, PathBuf)]) -> Vec<Lower<'_>> {
    let mut lowers = Vec::new();
    for (fd, path) in layers {
        let dir = fd.as_fd();
        lowers.push(Lower { dir, path });
    }
    lowers
}

/// Makes the directories `names` and returns their paths.
fn dirs<const N: usize>(dir: &Path, names: [&str; N]) -> [PathBuf; N] {
    names.map(|name| {
        let path = dir.join(name);
        fs::create_dir(&path).unwrap();
        path
    })
}

#[test]
fn privileged_every_way_gives_the_same_union() {
    for &way in ways() {
        isolated(|dir| {
            let layers = layers(dir, 3);
            let [upper, work, union] = dirs(dir, ["upper", "work", "union"]);
            let farm = dir.join("farm");
            let cwd = std::env::current_dir().unwrap();
            assemble_by(way, &lowers(&layers), Some((&upper, &work)), &farm, &union)
                .unwrap_or_else(|error| panic!("{way:?}: {error} {error:?}"));
            let read = |name: &str| fs::read_to_string(union.join(name)).unwrap();
            assert_eq!(read("all"), "0", "{way:?}: the first layer is the highest");
            assert_eq!(read("own2"), "2", "{way:?}");
            fs::write(union.join("all"), "changed").unwrap();
            fs::remove_file(union.join("own1")).unwrap();
            let changed = fs::read_to_string(upper.join("all")).unwrap();
            assert_eq!(changed, "changed", "{way:?}");
            assert_eq!(fs::read_to_string(dir.join("l0/all")).unwrap(), "0");
            assert!(!union.join("own1").exists(), "{way:?}");
            assert_eq!(std::env::current_dir().unwrap(), cwd, "{way:?}");
            let table = mountinfo::read().unwrap();
            let options = &mountinfo::at(&table, &union).unwrap().options;
            let options = options.to_str().unwrap();
            for want in ["/l0", "/l2", "/upper", "/work"] {
                assert!(options.contains(want), "{way:?}: {want} in {options}");
            }
            assert!(!farm.exists(), "{way:?}: short lists need no links");
        });
    }
}

#[test]
fn privileged_five_hundred_layers_by_every_way() {
    for &way in ways() {
        isolated(|dir| {
            let layers = layers(dir, MAX_LAYERS);
            let [upper, work, union] = dirs(dir, ["upper", "work", "union"]);
            let upper = Some((&*upper, &*work));
            let farm = dir.join("farm");
            assemble_by(way, &lowers(&layers), upper, &farm, &union)
                .unwrap_or_else(|error| panic!("{way:?}: {error} {error:?}"));
            for n in [0, 1, 250, 499] {
                let text = fs::read_to_string(union.join(format!("own{n}"))).unwrap();
                assert_eq!(text, n.to_string(), "{way:?}");
            }
            assert_eq!(fs::read_to_string(union.join("all")).unwrap(), "0");
            fs::write(union.join("new"), "x").unwrap();
            assert!(dir.join("upper/new").exists(), "{way:?}");
            assert_eq!(farm.join("499").exists(), way == Way::MountCall);
        });
    }
}

#[test]
fn privileged_the_layers_may_be_detached_path_descriptors_and_squashfs() {
    use rustix::fs::OFlags;
    isolated(|dir| {
        layers(dir, 1);
        let image = dir.join("bundle.sb");
        let made = std::process::Command::new("mksquashfs")
            .args([&dir.join("l0"), &image])
            .args(["-quiet", "-no-progress"])
            .status()
            .unwrap();
        assert!(made.success());
        let file = fs::File::open(&image).unwrap();
        let device = crate::loopdev::attach(file, "bundle.sb", &Default::default()).unwrap();
        let read_only = Options {
            read_only: true,
            ..Options::default()
        };
        let mount = crate::mount::mount_device("squashfs", &device.path, &read_only).unwrap();
        drop(device);
        let [bundle, upper, work, union] = dirs(dir, ["bundle", "upper", "work", "union"]);
        attach_path(&mount, &bundle).unwrap();
        let path_only = crate::dir::open_beneath(&mount, ".", OFlags::PATH).unwrap();
        drop(mount);
        let lower = Lower {
            dir: path_only.as_fd(),
            path: &bundle,
        };
        let farm = dir.join("farm");
        assemble(&[lower], Some((&upper, &work)), &farm, &union).unwrap();
        fs::write(union.join("all"), "changed").unwrap();
        assert_eq!(fs::read_to_string(bundle.join("all")).unwrap(), "0");
    });
}

#[test]
fn privileged_special_characters_in_paths() {
    for (name, all_by_links) in [("a:b,c d", false), ("a\\:b,c", true)] {
        for &way in ways() {
            isolated(|dir| {
                let dir = &dir.join(name);
                fs::create_dir(dir).unwrap();
                let layers = layers(dir, 2);
                let lowers = lowers(&layers);
                let [upper, work, union] = dirs(dir, ["up,per", "wo:rk", "union"]);
                let pair = Some((&*upper, &*work));
                let farm = dir.join("farm");
                let way = fitting(way, &lowers, pair);
                assemble_by(way, &lowers, pair, &farm, &union)
                    .unwrap_or_else(|error| panic!("{way:?} {name}: {error} {error:?}"));
                fs::write(union.join("own1"), "changed").unwrap();
                assert_eq!(fs::read_to_string(upper.join("own1")).unwrap(), "changed");
                let links = all_by_links || way == Way::MountCall;
                assert_eq!(farm.exists(), links, "{way:?} {name}");
            });
        }
    }
}

#[test]
fn privileged_long_paths_of_the_upper_go_through_links() {
    isolated(|dir| {
        let layers = layers(dir, 2);
        let deep = dir.join("d".repeat(200)).join("e".repeat(200));
        fs::create_dir_all(&deep).unwrap();
        let [upper, work] = dirs(&deep, ["upper", "work"]);
        let [union] = dirs(dir, ["union"]);
        let farm = dir.join("farm");
        for _ in 0..2 {
            assemble(&lowers(&layers), Some((&upper, &work)), &farm, &union).unwrap();
            fs::write(union.join("new"), "x").unwrap();
            assert!(upper.join("new").exists());
            unmount(&union, false).unwrap();
        }
    });
}

#[test]
fn privileged_without_an_upper_it_is_read_only() {
    for &way in ways() {
        isolated(|dir| {
            let layers = layers(dir, 2);
            let [union] = dirs(dir, ["union"]);
            assemble_by(way, &lowers(&layers), None, &dir.join("farm"), &union).unwrap();
            let error = fs::write(union.join("new"), "x").unwrap_err();
            assert_eq!(Errno::from_io_error(&error), Some(Errno::ROFS), "{way:?}");
        });
    }
}

#[test]
fn privileged_a_silent_fall_back_to_read_only_is_an_error() {
    for &way in ways() {
        isolated(|dir| {
            let layers = layers(dir, 2);
            let [upper, work, union] = dirs(dir, ["upper", "work", "union"]);
            // overlayfs empties work/work first; it cannot while something is mounted in there.
            let [inner] = dirs(&work, ["work"]);
            attach_path(
                tmpfs("x", None, 0o755, &Options::default()).unwrap(),
                &inner,
            )
            .unwrap();
            let farm = dir.join("farm");
            let before = mountinfo::read().unwrap();
            let error = assemble_by(way, &lowers(&layers), Some((&upper, &work)), &farm, &union);
            let error = error.unwrap_err();
            assert!(matches!(error, OverlayError::ReadOnly { .. }), "{error:?}");
            assert!(
                error.to_string().contains(work.to_str().unwrap()),
                "{error}"
            );
            assert_eq!(mountinfo::read().unwrap(), before, "{way:?}: it is undone");
        });
    }
}

#[test]
fn privileged_failures_name_the_layer_or_the_upper() {
    isolated(|dir| {
        let mut layers = layers(dir, 3);
        let [upper, work, union, sealed] = dirs(dir, ["upper", "work", "union", "sealed"]);
        let farm = dir.join("farm");
        let pair = Some((&*upper, &*work));
        let missing = dir.join("missing");
        for (way, pair, want) in [
            (Way::Descriptors, Some((&*missing, &*work)), "missing"),
            (Way::Strings, Some((&*upper, &*missing)), "missing"),
            (Way::MountCall, Some((&*missing, &*work)), "missing"),
        ] {
            if !ways().contains(&way) {
                continue;
            }
            let error = assemble_by(way, &lowers(&layers), pair, &farm, &union).unwrap_err();
            assert!(error.to_string().contains(want), "{way:?}: {error}");
        }
        let mount = tmpfs("x", None, 0o755, &Options::default()).unwrap();
        attach_path(&mount, &sealed).unwrap();
        let [sealed_upper, sealed_work] = dirs(&sealed, ["upper", "work"]);
        set_mount_read_only(&mount, true).unwrap();
        let sealed = Some((&*sealed_upper, &*sealed_work));
        for &way in ways() {
            let error = assemble_by(way, &lowers(&layers), sealed, &farm, &union).unwrap_err();
            assert!(
                error.to_string().contains("sealed/upper"),
                "{way:?}: {error}"
            );
        }
        if ways()[0] != Way::Descriptors {
            return; // older kernels never see the descriptor
        }
        layers[1].0 = fs::File::open(dir.join("l0/all")).unwrap().into();
        let error = assemble(&lowers(&layers), pair, &farm, &union).unwrap_err();
        assert!(matches!(error, OverlayError::Layer { .. }), "{error:?}");
        assert!(error.to_string().contains("/l1"), "{error}");
    });
}

#[test]
fn the_number_of_layers_is_checked_first() {
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    let lower = Lower {
        dir: fd.as_fd(),
        path: dir.path(),
    };
    let missing = &dir.path().join("missing");
    let error = assemble(&vec![lower; MAX_LAYERS + 1], None, missing, missing).unwrap_err();
    assert!(error.to_string().contains("501 layers"), "{error}");
    let error = assemble(&[], None, missing, missing).unwrap_err();
    assert!(matches!(error, OverlayError::NoLower));
}

#[test]
fn option_strings() {
    let long = "x".repeat(MAX_DATA);
    let fixed = "index=off,metacopy=off";
    for (lowers, upper, want) in [
        (&["/a"][..], None, Some("lowerdir=/a".to_owned())),
        (
            &["/a", "/b"],
            Some(("/u", "/w")),
            Some(format!("lowerdir=/a:/b,upperdir=/u,workdir=/w,{fixed}")),
        ),
        (&["/a:b"], None, None),
        (&["/a,b"], None, None),
        (&["/a\\b"], None, None),
        (&["/a"], Some(("/u,", "/w")), None),
        (&["/a"], Some(("/u", "/w:")), None),
        (&[&long], None, None),
    ] {
        let upper = upper.map(|(u, w)| (OsStr::new(u), OsStr::new(w)));
        let got = option_string(lowers.iter().map(OsStr::new), upper);
        let got = got.map(|data| data.into_string().unwrap());
        assert_eq!(got, want, "{lowers:?}");
    }
}

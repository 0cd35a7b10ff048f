//! What becomes of ingredients.

use super::*;

fn ingredients(dir: &Path) -> Ingredients {
    let mut kernel = vec![0; 0x400];
    kernel[0x202..0x206].copy_from_slice(b"HdrS");
    fs::write(dir.join("vmlinuz"), kernel).unwrap();
    fs::write(dir.join("initrd"), "i").unwrap();
    let live = dir.join("live");
    for path in [
        "modules/deep/11-x.sb",
        "00-core.sb",
        "changes/1/keep",
        "boot/x.sb",
    ] {
        fs::create_dir_all(live.join(path).parent().unwrap()).unwrap();
        fs::write(live.join(path), "b").unwrap();
    }
    Ingredients {
        live_name: "minios".into(),
        kernel: dir.join("vmlinuz"),
        initrd: dir.join("initrd"),
        bundles: vec![live],
        files: Vec::new(),
    }
}

#[test]
fn bundles_are_taken_from_a_live_directory_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree::of(&ingredients(dir.path())).unwrap();
    let names: Vec<&str> = tree.entries().map(|(path, _)| path).collect();
    let want = [
        "minios",
        "minios/00-core.sb",
        "minios/boot",
        "minios/boot/initrd.img",
        "minios/boot/vmlinuz",
        "minios/changes",
        "minios/modules",
        "minios/modules/deep",
        "minios/modules/deep/11-x.sb",
    ];
    assert_eq!(names, want);
}

#[test]
fn what_cannot_be_on_a_medium_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let good = ingredients(dir.path());
    let with = |change: &dyn Fn(&mut Ingredients)| {
        let mut changed = good.clone();
        change(&mut changed);
        Tree::of(&changed).unwrap_err().code()
    };
    let twice = dir.path().join("other/00-core.sb");
    fs::create_dir_all(twice.parent().unwrap()).unwrap();
    fs::write(&twice, "b").unwrap();
    let files = dir.path().join("files");
    fs::create_dir_all(&files).unwrap();
    fs::write(files.join("a\"b"), "").unwrap();
    let initrd = good.initrd.clone();
    assert_eq!(with(&|it| it.kernel.clone_from(&initrd)), "not-a-kernel");
    assert_eq!(with(&|it| it.initrd.push("none")), "io");
    assert_eq!(with(&|it| it.initrd = "/none".into()), "not-found");
    assert_eq!(with(&|it| it.initrd = "/dev/null".into()), "not-a-file");
    assert_eq!(with(&|it| it.bundles.clear()), "no-bundle");
    assert_eq!(with(&|it| it.bundles.push(twice.clone())), "twice");
    assert_eq!(with(&|it| it.files.push(files.clone())), "bad-name");
}

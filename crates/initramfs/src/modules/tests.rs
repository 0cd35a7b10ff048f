use std::fs;

use tempfile::TempDir;

use super::*;
use crate::kernel::modules as directory;

const VERSION: &str = "6.1.0-1";

/// A root with one kernel, whose module files hold their own paths.
fn root() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("usr/lib/modules").join(VERSION);
    for (path, needs) in [
        ("kernel/fs/ext4/ext4.ko", "kernel/fs/mbcache.ko"),
        ("kernel/fs/mbcache.ko", ""),
        ("kernel/crypto/crc32c_generic.ko", ""),
        ("kernel/drivers/pata_old.ko", ""),
        ("kernel/drivers/pata_legacy.ko", ""),
        ("kernel/net/net-card.ko", ""),
        ("kernel/fs/isofs/isofs.ko", ""),
        ("kernel/fs/nls/nls_utf8.ko", ""),
    ] {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, path).unwrap();
        let line = format!("{path}: {needs}").trim_end().to_owned() + "\n";
        let all = fs::read_to_string(dir.join("modules.dep")).unwrap_or_default() + &line;
        fs::write(dir.join("modules.dep"), all).unwrap();
    }
    for (file, text) in [
        (
            "modules.alias",
            "# Aliases\nalias fs-ext4 ext4\nalias crypto-crc32c crc32c_generic\n\
             alias pci:v* net_card\n",
        ),
        (
            "modules.softdep",
            "# Soft\nsoftdep ext4 pre: crypto-crc32c\nsoftdep net_card pre: x\n",
        ),
        ("modules.builtin", "kernel/fs/squashfs/squashfs.ko\n"),
    ] {
        fs::write(dir.join(file), text).unwrap();
    }
    root
}

/// The files of the two archives that `wanted` makes, with their text.
fn packed(wanted: &str, packing: Compression) -> [Vec<(String, String)>; 2] {
    let root = root();
    let dir = directory(root.path(), VERSION).unwrap();
    let modules = Modules::select(&dir, wanted.split(','), &BTreeSet::new()).unwrap();
    let (mut main, mut rest) = (Tree::default(), Tree::default());
    modules
        .pack((root.path(), VERSION), packing, &mut main, &mut rest)
        .unwrap();
    [main, rest].map(|tree| {
        let files = tree.iter().filter_map(|(path, node)| match node {
            Node::File(bytes, _) => {
                let path = path.strip_prefix("lib/modules/6.1.0-1/").unwrap();
                Some((path.to_owned(), String::from_utf8_lossy(bytes).into_owned()))
            }
            Node::Directory | Node::Link(_) => None,
        });
        files.collect()
    })
}

fn names(files: &[(String, String)]) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn a_module_brings_what_it_needs_and_its_part_of_the_index() {
    let [main, rest] = packed("fs-ext4,squashfs", Compression::None);
    let text = |name: &str| {
        main.iter()
            .find(|(path, _)| path == name)
            .unwrap()
            .1
            .as_str()
    };
    assert_eq!(
        names(&main),
        [
            "kernel/crypto/crc32c_generic.ko",
            "kernel/fs/ext4/ext4.ko",
            "kernel/fs/mbcache.ko",
            "modules.alias",
            "modules.builtin",
            "modules.dep",
            "modules.softdep",
        ]
    );
    assert_eq!(names(&rest), [""; 0]);
    assert_eq!(text("kernel/fs/mbcache.ko"), "kernel/fs/mbcache.ko");
    assert_eq!(
        text("modules.dep"),
        "kernel/crypto/crc32c_generic.ko:\n\
         kernel/fs/ext4/ext4.ko: kernel/fs/mbcache.ko\n\
         kernel/fs/mbcache.ko:\n"
    );
    assert_eq!(
        text("modules.alias"),
        "alias crypto-crc32c crc32c_generic\nalias fs-ext4 ext4\n"
    );
    assert_eq!(text("modules.softdep"), "softdep ext4 pre: crypto-crc32c\n");
    assert_eq!(text("modules.builtin"), "kernel/fs/squashfs/squashfs.ko\n");
}

#[test]
fn what_the_kernel_will_ask_for_is_a_soft_dependency() {
    let [main, _] = packed("isofs", Compression::None);
    assert!(names(&main).contains(&"kernel/fs/nls/nls_utf8.ko"));
    let softdep = &main
        .iter()
        .find(|(path, _)| path == "modules.softdep")
        .unwrap()
        .1;
    assert_eq!(softdep, "softdep isofs pre: nls_utf8\n");
}

#[test]
fn modules_that_are_seldom_needed_lie_apart_and_packed() {
    let [main, rest] = packed("most", Compression::Zstd);
    assert_eq!(
        names(&rest),
        [
            "kernel/drivers/pata_old.ko.zst",
            "kernel/fs/isofs/isofs.ko.zst",
            "kernel/fs/nls/nls_utf8.ko.zst"
        ]
    );
    let dep = &main
        .iter()
        .find(|(path, _)| path == "modules.dep")
        .unwrap()
        .1;
    assert!(dep.contains("\nkernel/drivers/pata_old.ko.zst:\n"), "{dep}");
    assert!(
        dep.contains("\nkernel/fs/ext4/ext4.ko: kernel/fs/mbcache.ko\n"),
        "{dep}"
    );
}

#[test]
fn what_the_machine_needs_is_ready_for_use() {
    let root = root();
    let dir = directory(root.path(), VERSION).unwrap();
    let machine = ["pata_old", "pci:v1", "fs-nothing"].map(str::to_owned);
    let dep = Modules::select(&dir, ["dep", "isofs"], &machine.into()).unwrap();
    let (mut main, mut rest) = (Tree::default(), Tree::default());
    let packed = dep
        .pack(
            (root.path(), VERSION),
            Compression::Zstd,
            &mut main,
            &mut rest,
        )
        .unwrap();
    let ready = packed.modules.iter().filter(|file| file.packed.is_none());
    let ready: Vec<&str> = ready.map(|file| file.name.as_str()).collect();
    assert_eq!(
        ready,
        ["crc32c_generic", "ext4", "mbcache", "net_card", "pata_old"]
    );
    assert_eq!(packed.modules.len(), 7, "isofs and nls_utf8 too");
    assert_eq!(
        dep.lacks(&["squashfs", "ext4", "overlay"]).unwrap(),
        ["overlay"]
    );
}

/// The same kernel whose modules a distribution has packed gives the same image.
#[test]
fn packed_modules_are_as_plain_ones() {
    let image = |packing: Compression| {
        let root = root();
        let dir = directory(root.path(), VERSION).unwrap();
        let index = fs::read_to_string(dir.join("modules.dep")).unwrap();
        for line in index.lines() {
            let file = dir.join(line.split(':').next().unwrap());
            let bytes = packing.apply(&fs::read(&file).unwrap()).unwrap();
            fs::remove_file(&file).unwrap();
            fs::write(format!("{}{}", file.display(), packing.suffix()), bytes).unwrap();
        }
        let ending = format!(".ko{}", packing.suffix());
        fs::write(dir.join("modules.dep"), index.replace(".ko", &ending)).unwrap();
        let modules = Modules::select(&dir, ["most"], &BTreeSet::new()).unwrap();
        let (mut main, mut rest) = (Tree::default(), Tree::default());
        let told = modules
            .pack(
                (root.path(), VERSION),
                Compression::Xz,
                &mut main,
                &mut rest,
            )
            .unwrap();
        (main.to_cpio(), rest.to_cpio(), told.modules)
    };
    let plain = image(Compression::None);
    for packing in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
        assert!(image(packing) == plain, "{packing}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let root = root();
    let dir = directory(root.path(), VERSION).unwrap();
    let error = Modules::select(&dir, ["ext4", "zfs"], &BTreeSet::new())
        .err()
        .unwrap()
        .to_string();
    assert!(error.ends_with("is called zfs"), "{error}");
    for version in ["6.2.0-1", "", "../modules/6.1.0-1"] {
        let error = directory(root.path(), version).unwrap_err();
        assert_eq!(error.code(), "no-kernel");
        let hint = error.hint().unwrap();
        assert!(hint.contains("one of 6.1.0-1;"), "{hint}");
    }
    fs::remove_file(dir.join("modules.dep")).unwrap();
    let error = directory(root.path(), VERSION).unwrap_err();
    assert!(error.hint().unwrap().starts_with("run: depmod -b"));
}

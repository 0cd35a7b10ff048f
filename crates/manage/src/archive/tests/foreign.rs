//! Archives of others: three layouts, made by GNU tar and zstd.

use super::*;
use crate::tree::samples;

const METADATA: &str = r#"{"version":"1.0","date":"2025-01-02T03:04:05Z",
    "session":{"mode":"native","version":"5.0","edition":"standard","union":"overlayfs","size":60000}}"#;

/// `tree` packed in each of the historic ways, with further arguments for tar.
fn archives(dir: &Path, tree: &Path, more: &[&str]) -> Vec<PathBuf> {
    for stage in ["top", "in/data"] {
        let stage = dir.join(stage);
        fs::create_dir_all(&stage).unwrap();
        fs::write(stage.join("metadata.json"), METADATA).unwrap();
        fs::write(stage.join("session.info"), "text").unwrap();
    }
    let tree = tree.to_str().unwrap();
    let parent = tree.strip_suffix("/data").unwrap();
    let forms: [(&str, Vec<&str>); 4] = [
        (
            "top.tar",
            vec![
                "-C",
                "top",
                "metadata.json",
                "session.info",
                "-C",
                parent,
                "data",
            ],
        ),
        (
            "last.tar",
            vec![
                "-C",
                parent,
                "data",
                "-C",
                dir.to_str().unwrap(),
                "-C",
                "top",
                "./session.info",
                "./metadata.json",
            ],
        ),
        (
            "in.tar",
            vec![
                "-C",
                "in",
                "data/metadata.json",
                "data/session.info",
                "-C",
                parent,
                "data/.",
            ],
        ),
        (
            "flat.tar",
            vec![
                "-C",
                "top",
                "./metadata.json",
                "./session.info",
                "-C",
                tree,
                ".",
            ],
        ),
    ];
    let mut packed = Vec::new();
    for (name, members) in forms {
        let args = [&["-cf", name][..], more, &members].concat();
        run("tar", &args, dir);
        run("zstd", &["-3", "-T0", "-q", "-f", "--rm", name], dir);
        packed.push(dir.join(name.to_owned() + ".zst"));
    }
    packed
}

fn all_come_back(fill: fn(&Path), more: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree/data");
    fs::create_dir_all(&tree).unwrap();
    fill(&tree);
    for (number, archive) in archives(dir.path(), &tree, more).iter().enumerate() {
        if archive.ends_with("flat.tar.zst") {
            // There is no telling them from what they are called like.
            fs::remove_file(tree.join("metadata.json")).unwrap();
            fs::remove_file(tree.join("session.info")).unwrap();
            run("touch", &["-d", "@1700000000", "."], &tree);
            let args = [
                &["-cf", "flat.tar"][..],
                more,
                &["-C", "top", "metadata.json", "session.info"],
            ]
            .concat();
            run(
                "tar",
                &[&args[..], &["-C", tree.to_str().unwrap(), "."]].concat(),
                dir.path(),
            );
            run("zstd", &["-q", "-f", "--rm", "flat.tar"], dir.path());
        }
        let staging = dir.path().join(number.to_string());
        let imported = import(archive, OWN, &staging);
        let imported = imported.unwrap_or_else(|error| panic!("{}: {error}", archive.display()));
        assert_eq!(imported.manifest.about.version.as_deref(), Some("5.0"));
        assert_eq!(imported.layout, Layout::Overlayfs);
        let different = differences(&tree, &staging.join("changes"));
        assert_eq!(different, Vec::<String>::new(), "{}", archive.display());
    }
}

#[test]
fn privileged_pax_with_everything() {
    all_come_back(
        samples::special,
        &["--format=posix", "--xattrs", "--xattrs-include=*", "-S"],
    );
}

/// GNU's own format has whole seconds, and no attributes.
#[test]
fn gnu_format() {
    fn fill(tree: &Path) {
        fs::create_dir_all(tree.join("etc")).unwrap();
        fs::write(tree.join("etc").join("n".repeat(200)), "long").unwrap();
        fs::write(tree.join("metadata.json"), "the user's").unwrap();
        fs::write(tree.join("session.info"), "the user's").unwrap();
        std::os::unix::fs::symlink("l".repeat(300), tree.join("link")).unwrap();
        fs::hard_link(tree.join("etc").join("n".repeat(200)), tree.join("same")).unwrap();
        let file = File::create(tree.join("sparse")).unwrap();
        use std::os::unix::fs::FileExt;
        for at in 0..60 {
            file.write_all_at(&[1; 4096], at * 100_000).unwrap();
        }
        file.set_len(50 << 20).unwrap();
        let whole = std::process::Command::new("find")
            .args([tree.as_os_str()])
            .args(["-exec", "touch", "-h", "-d", "@1700000000", "{}", "+"])
            .status();
        assert!(whole.unwrap().success());
    }
    all_come_back(fill, &["--format=gnu", "-S"]);
}

#[test]
fn several_frames_are_one_archive() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    samples::plain(&tree);
    let out = dir.path().join("a.tar.zst");
    export(&session, Layout::Overlayfs, &out);
    let tar = zstd::decode_all(File::open(&out).unwrap()).unwrap();
    let mut frames = Vec::new();
    // A frame that readers pass over: pzstd writes them. RFC 8878, 3.1.2.
    frames.extend(b"\x50\x2a\x4d\x18\x04\0\0\0skip");
    for part in tar.chunks(tar.len() / 3) {
        frames.extend(zstd::encode_all(part, 1).unwrap());
    }
    fs::write(&out, frames).unwrap();
    let new = dir.path().join("2");
    import(&out, Policy::default(), &new).unwrap();
    assert_eq!(
        differences(&tree, &new.join("changes")),
        Vec::<String>::new()
    );
}

#[test]
fn acls_in_words_are_reported() {
    let records = |records: &mut Vec<u8>| {
        pax::put(records, b"SCHILY.acl.access", b"user::rw-,user:anna:r--");
    };
    let dir = tempfile::tempdir().unwrap();
    let imported = hostile::imported(dir.path(), |tar| {
        tar.extended(records);
        tar.file("data/file", "x");
    });
    assert_eq!(
        imported.unwrap().findings.first[0].finding,
        Finding::AclLeftOut
    );
}

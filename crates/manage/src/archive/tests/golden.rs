//! The bytes, and what the tar that everybody has makes of them.

use super::*;
use crate::tree::{Attributes, Entry, Kind, Time, Xattr, samples};

/// What is not zero, with where it stands.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        for (at, field) in [
            (0, 100),
            (100, 8),
            (108, 8),
            (116, 8),
            (124, 12),
            (136, 12),
            (148, 8),
            (156, 1),
            (157, 100),
            (257, 8),
            (265, 64),
            (329, 8),
            (337, 8),
            (345, 167),
        ] {
            let bytes = block.get(at..at + field).unwrap_or_default();
            let end = bytes
                .iter()
                .rposition(|&b| b != 0)
                .map_or(0, |last| last + 1);
            if end > 0 {
                let line = bytes[..end].escape_ascii();
                text.push_str(&format!("{number} {at:3} {line}\n"));
            }
        }
    }
    text
}

#[test]
fn the_bytes_of_an_entry() {
    let entry = Entry {
        path: b"etc/hosts".into(),
        kind: Kind::File { size: 5 },
        attributes: Attributes {
            mode: 0o644,
            uid: 0,
            gid: 3_000_000,
            modified: Time {
                seconds: 1_763_736_000,
                nanoseconds: 5,
            },
            xattrs: vec![Xattr {
                name: b"user.a".into(),
                value: b"b".into(),
            }],
        },
    };
    let want = "0   0 PaxHeaders/entry\n0 100 0000644\n0 108 0000000\n0 116 0000000\n0 124 00000000106\n\
        0 136 15110074700\n0 148 012454\\x00 \n0 156 x\n0 257 ustar\\x0000\n0 329 0000000\n0 337 0000000\n\
        1   0 15 gid=3000000\\n30 mtime=1763736000.000000005\\n25 SCHILY.xattr.user.a=b\\n\n\
        2   0 data/etc/hosts\n2 100 0000644\n2 108 0000000\n2 116 7777777\n2 124 00000000005\n\
        2 136 15110074700\n2 148 012062\\x00 \n2 156 0\n2 257 ustar\\x0000\n2 329 0000000\n2 337 0000000\n";
    assert_eq!(shown(&pack::blocks(&entry, None, DATA).unwrap()), want);
}

#[test]
fn the_order_of_members() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    fs::create_dir(tree.join("etc")).unwrap();
    fs::write(tree.join("etc/a"), "a").unwrap();
    fs::write(tree.join("workdir"), "no directory").unwrap();
    export(&session, Layout::Overlayfs, &dir.path().join("a.tar.zst"));
    let names = run("tar", &["--zstd", "-tf", "a.tar.zst"], dir.path());
    let want = "metadata.json\nsession.info\ndata/\ndata/etc/\ndata/etc/a\ndata/workdir\n";
    assert_eq!(String::from_utf8(names).unwrap(), want);
}

#[test]
fn privileged_gnu_tar_reads_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (session, tree) = overlay(dir.path());
    samples::special(&tree);
    let out = dir.path().join("a.tar.zst");
    export(&session, Layout::Overlayfs, &out);
    let to = dir.path().join("gnu");
    fs::create_dir(&to).unwrap();
    let how = [
        "--zstd",
        "--xattrs",
        "--xattrs-include=*",
        "--numeric-owner",
        "-xpf",
        "../a.tar.zst",
    ];
    run("tar", &how, &to);
    assert_eq!(differences(&tree, &to.join("data")), Vec::<String>::new());
}

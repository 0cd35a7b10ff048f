//! Archives that mean harm, built by hand (contract §7, check 60).

use super::*;
use crate::archive::header::Header;
use crate::archive::member::Members;
use crate::archive::read::members_into;
use crate::archive::stream::Stream;
use crate::archive::survey::of_members;

const METADATA: &str = r#"{"session":{"mode":"native","union":"overlayfs"}}"#;

/// A tar that says anything.
pub(super) struct Tar(Vec<u8>);

impl Tar {
    pub(super) fn member(&mut self, name: &str, kind: u8, link: &str, content: &[u8]) {
        let header = Header {
            name: name.into(),
            mode: 0o644,
            size: content.len() as u64,
            kind,
            link: link.into(),
            ..Header::default()
        };
        self.with(&header, content);
    }

    fn with(&mut self, header: &Header, content: &[u8]) {
        self.0.extend(header.block());
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
    }

    pub(super) fn file(&mut self, name: &str, content: &str) {
        self.member(name, b'0', "", content.as_bytes());
    }

    pub(super) fn extended(&mut self, records: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        records(&mut bytes);
        self.member("PaxHeaders/x", b'x', "", &bytes);
    }
}

/// What is in the directory, but for the session's own.
fn outside(dir: &Path) -> Vec<std::ffi::OsString> {
    let names = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names.filter(|name| name != "session").collect()
}

/// What is made of a tar whose metadata comes first.
pub(super) fn imported(dir: &Path, fill: impl FnOnce(&mut Tar)) -> Result<Got, ReadError> {
    imported_within(dir, Limits::default(), fill)
}

fn imported_within(
    dir: &Path,
    limits: Limits,
    fill: impl FnOnce(&mut Tar),
) -> Result<Got, ReadError> {
    let mut tar = Tar(Vec::new());
    tar.file("metadata.json", METADATA);
    tar.member("data/", b'5', "", b"");
    fill(&mut tar);
    tar.0.extend([0; 2 * BLOCK]);
    let staging = dir.join("session");
    fs::create_dir(&staging).unwrap();
    let staging = open_dir(&staging).unwrap();
    let members = || Members::new(Stream::of(tar.0.clone()), limits);
    let survey = of_members(members(), limits, &mut go_on)?;
    let tree = survey.layout.make(staging.as_fd()).unwrap();
    let imported = members_into(
        members(),
        &survey,
        limits,
        Policy::default(),
        tree.as_fd(),
        &mut go_on,
    )?;
    Got::new(survey, imported)
}

#[test]
fn nothing_outside_is_reached() {
    type Fill = fn(&mut Tar);
    let cases: &[(&str, Fill)] = &[
        ("upwards", |tar| tar.file("data/../../x", "x")),
        ("upwards at the top", |tar| tar.file("../x", "x")),
        ("absolute", |tar| tar.file("/tmp/x", "x")),
        ("beside the tree", |tar| {
            // With anything else at the top the archive is one of the flat kind, in which this is a link.
            tar.member("link", b'2', "..", b"");
            tar.file("link/x", "x");
        }),
        ("through a link", |tar| {
            tar.member("data/link", b'2', "../../..", b"");
            tar.file("data/link/x", "x");
        }),
        ("through an absolute link", |tar| {
            tar.member("data/link", b'2', "/tmp", b"");
            tar.member("data/link/x", b'5', "", b"");
        }),
        ("over a link", |tar| {
            tar.member("data/link", b'2', "../../x", b"");
            tar.file("data/link", "x");
        }),
        ("a link's attributes", |tar| {
            tar.member("data/link", b'2', "../..", b"");
            tar.member("data/link", b'5', "", b"");
        }),
        ("a hard link to elsewhere", |tar| {
            tar.member("data/x", b'1', "/etc/passwd", b"")
        }),
        ("a hard link upwards", |tar| {
            tar.member("data/x", b'1', "data/../../x", b"")
        }),
        ("a hard link through a link", |tar| {
            tar.member("data/link", b'2', "/etc", b"");
            tar.member("data/x", b'1', "data/link/passwd", b"");
        }),
        ("a hard link to what never came", |tar| {
            tar.member("data/x", b'1', "data/y", b"")
        }),
        ("a hard link to the tree", |tar| {
            tar.member("data/x", b'1', "data", b"")
        }),
        ("a file twice", |tar| {
            tar.file("data/x", "1");
            tar.file("data/x", "2");
        }),
        ("a directory over a file", |tar| {
            tar.file("data/x", "1");
            tar.member("data/x", b'5', "", b"");
        }),
        ("a file over a directory", |tar| {
            tar.member("data/x", b'5', "", b"");
            tar.file("data/x", "1");
        }),
        ("below a file", |tar| {
            tar.file("data/x", "1");
            tar.file("data/x/y", "2");
        }),
        ("a path in an extended header", |tar| {
            tar.extended(|records| pax::put(records, b"path", b"data/../../x"));
            tar.file("data/fine", "x");
        }),
        ("a zero in a path", |tar| {
            tar.extended(|records| pax::put(records, b"path", b"data/a\0/../../x"));
            tar.file("data/fine", "x");
        }),
        ("a GNU long name", |tar| {
            tar.member("././@LongLink", b'L', "", b"data/../../x\0");
            tar.file("data/fine", "x");
        }),
        ("a sparse name", |tar| {
            tar.extended(|records| {
                pax::put(records, b"GNU.sparse.major", b"1");
                pax::put(records, b"GNU.sparse.minor", b"0");
                pax::put(records, b"GNU.sparse.name", b"data/../../x");
                pax::put(records, b"GNU.sparse.realsize", b"5");
            });
            let mut content = b"1\n0\n5\n".to_vec();
            content.resize(BLOCK, 0);
            content.extend(b"hello");
            tar.member("data/fine", b'0', "", &content);
        }),
        ("too long a name", |tar| {
            let name = format!("data/{}", "n".repeat(256));
            tar.extended(|records| pax::put(records, b"path", name.as_bytes()));
            tar.file("data/fine", "x");
        }),
        ("an unknown type", |tar| tar.member("data/x", b'Q', "", b"")),
        ("a directory with content", |tar| {
            tar.member("data/x", b'5', "", b"x")
        }),
        ("two extended headers", |tar| {
            tar.extended(|records| pax::put(records, b"path", b"data/a"));
            tar.extended(|records| pax::put(records, b"path", b"data/b"));
            tar.file("data/fine", "x");
        }),
        ("a time that is none", |tar| {
            tar.extended(|records| pax::put(records, b"mtime", b"yesterday"));
            tar.file("data/fine", "x");
        }),
        ("an owner that is none", |tar| {
            tar.extended(|records| pax::put(records, b"uid", b"4294967295"));
            tar.file("data/fine", "x");
        }),
        ("a size that is none", |tar| {
            tar.extended(|records| pax::put(records, b"size", b"18446744073709551615"));
            tar.file("data/fine", "x");
        }),
    ];
    for (what, fill) in cases {
        let dir = tempfile::tempdir().unwrap();
        let outcome = imported(dir.path(), fill);
        assert_eq!(outside(dir.path()), [] as [&str; 0], "{what}");
        match outcome {
            Err(error) => {
                let text = Causes(&error).to_string();
                assert!(!text.contains('\0') && text.len() < 400, "{what}: {text}");
            }
            Ok(imported) => panic!("{what}: {imported:?}"),
        }
    }
}

#[test]
fn privileged_what_may_harm_is_left_out_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let imported = imported(dir.path(), |tar| {
        let device = |major, minor, kind| Header {
            name: format!("data/dev{major}-{minor}").into(),
            kind,
            major,
            minor,
            ..Header::default()
        };
        tar.with(&device(1, 1, b'3'), b"");
        tar.with(&device(8, 0, b'4'), b"");
        tar.with(&device(0, 0, b'3'), b"");
        for (key, value) in [
            ("opaque", &b"y"[..]),
            ("redirect", b"/etc/shadow"),
            ("metacopy", b""),
            ("origin", b"x"),
        ] {
            tar.extended(|records| {
                let key = format!("SCHILY.xattr.trusted.overlay.{key}");
                pax::put(records, key.as_bytes(), value);
            });
            tar.member(&format!("data/{key}"), b'5', "", b"");
        }
        tar.with(
            &Header {
                name: b"data/su".into(),
                mode: 0o4755,
                kind: b'0',
                ..Header::default()
            },
            b"",
        );
    });
    let imported = imported.unwrap();
    let told: Vec<String> = imported
        .findings
        .first
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "/dev1-1 is a device: left out",
            "/dev8-0 is a device: left out",
            "/redirect would show another file of a lower layer (trusted.overlay.redirect): left out",
            "/metacopy would show another file of a lower layer (trusted.overlay.metacopy): left out",
            "/su runs with the rights of its owner or group",
        ]
    );
    assert_eq!(imported.findings.notes_dropped, 1);
    let tree = dir.path().join("session/changes");
    let mut names: Vec<_> = fs::read_dir(&tree)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["dev0-0", "metacopy", "opaque", "origin", "redirect", "su"]
    );
    let xattrs = |name: &str| {
        let mut names = vec![0; 1000];
        let len = rustix::fs::listxattr(tree.join(name), names.as_mut_slice()).unwrap();
        String::from_utf8(names[..len].to_vec()).unwrap()
    };
    assert_eq!(xattrs("opaque"), "trusted.overlay.opaque\0");
    for name in ["redirect", "metacopy", "origin"] {
        assert_eq!(xattrs(name), "", "{name}");
    }
}

#[test]
fn archives_have_limits() {
    let limits = Limits {
        bytes: 1000,
        entries: 20,
        depth: 5,
        header: 2000,
        ratio: 10,
    };
    type Fill = fn(&mut Tar);
    let cases: &[(&str, Fill)] = &[
        ("bytes", |tar| tar.file("data/x", &"x".repeat(2000))),
        ("bytes", |tar| {
            for n in 0..10 {
                tar.file(&format!("data/{n}"), &"x".repeat(200));
            }
        }),
        ("files", |tar| {
            (0..30).for_each(|n| tar.file(&format!("data/{n}"), ""))
        }),
        ("deep", |tar| tar.file("data/1/2/3/4/5", "x")),
        ("extended header", |tar| {
            tar.extended(|records| pax::put(records, b"comment", &[b'c'; 3000]));
            tar.file("data/x", "");
        }),
    ];
    for (what, fill) in cases {
        let dir = tempfile::tempdir().unwrap();
        let error = imported_within(dir.path(), limits, fill).unwrap_err();
        let text = Causes(&error).to_string();
        assert!(text.contains(what), "{what}: {text}");
    }
    // A file that claims to be larger than anything costs nothing.
    let dir = tempfile::tempdir().unwrap();
    let error = imported(dir.path(), |tar| {
        let header = Header {
            name: b"data/x".into(),
            size: 0o777_7777_7777,
            kind: b'0',
            ..Header::default()
        };
        tar.with(&header, b"short");
    });
    assert!(matches!(error, Err(ReadError::Damaged { .. })), "{error:?}");
}

#[test]
fn zeros_without_end_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("bomb.tar.zst");
    let mut tar = Tar(Vec::new());
    tar.file("metadata.json", METADATA);
    let header = Header {
        name: b"data/zeros".into(),
        size: 3 << 30,
        kind: b'0',
        ..Header::default()
    };
    tar.0.extend(header.block());
    let mut encoder = zstd::Encoder::new(File::create(&archive).unwrap(), 1).unwrap();
    use std::io::Write;
    encoder.write_all(&tar.0).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..3 << 10 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap();
    let error = survey(
        &File::open(&archive).unwrap(),
        Limits::default(),
        &mut go_on,
    )
    .unwrap_err();
    assert!(
        matches!(error, ReadError::Limit { limit: 1000, .. }),
        "{error}"
    );
}

#[test]
fn what_is_no_archive_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let empty = zstd::encode_all(&[0; 1024][..], 1).unwrap();
    for (number, (bytes, want)) in [
        (b"".to_vec(), "damaged"),
        (b"not zstd at all".to_vec(), "damaged"),
        (empty, "no metadata.json"),
        (zstd::encode_all(&[7; 1024][..], 1).unwrap(), "damaged"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = dir.path().join("file");
        fs::write(&path, bytes).unwrap();
        let error = import(
            &path,
            Policy::default(),
            &dir.path().join(number.to_string()),
        );
        let text = error.unwrap_err();
        assert!(text.contains(want), "{text}");
    }
}

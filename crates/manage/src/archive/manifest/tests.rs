use super::*;

fn sample() -> (About, Sum, Timestamp) {
    let about = About {
        mode: Mode::Native,
        version: Some("5.1.1".into()),
        edition: None,
        union: Some(UnionKind::Overlayfs),
    };
    let sum = Sum {
        sha256: "0123456789abcdef".repeat(4),
        files: 3,
        bytes: 5,
    };
    (about, sum, Timestamp::from_second(1_763_736_000).unwrap())
}

#[test]
fn the_text_is_as_the_contract_has_it() {
    let (about, sum, at) = sample();
    let text = text(&about, Layout::Overlayfs, &sum, 4, at);
    let want = r#"{
  "version": "1.0",
  "date": "2025-11-21T14:40:00Z",
  "session": {
    "mode": "native",
    "version": "5.1.1",
    "edition": "unknown",
    "union": "overlayfs",
    "size": 1048576
  },
  "schema": 1,
  "layout": "overlayfs",
  "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "files": 3,
  "bytes": 5,
  "stored": 4
}
"#;
    assert_eq!(String::from_utf8(text.clone()).unwrap(), want);
    let manifest = parse(&text).unwrap();
    assert_eq!(manifest.about, about);
    assert_eq!((manifest.sum, manifest.stored), (Some(sum), Some(4)));
    assert_eq!(manifest.layout, Some(Layout::Overlayfs));
    assert_eq!(manifest.size, Some(1 << 20));
    assert!(has_schema(&text));
}

#[test]
fn archives_of_others_say_less() {
    let text = br#"{"version":"1.0","date":"2025-01-01T00:00:00Z",
            "session":{"mode":"raw","version":"5.0","edition":"toolbox","union":"aufs","size":60000}}"#;
    let manifest = parse(text).unwrap();
    assert_eq!(manifest.about.mode, Mode::Raw);
    assert_eq!(manifest.about.union, Some(UnionKind::Aufs));
    assert_eq!((manifest.layout, manifest.sum), (None, None));
    assert!(!has_schema(text));
    let missing = parse(br#"{"session":{"mode":"native"}}"#).unwrap();
    assert_eq!(missing.about.version, None);
    assert!(missing.unreadable.is_empty());
}

#[test]
fn nothing_is_believed() {
    let word = |word: &str| ManifestError::Mode { word: word.into() };
    let form = |form: &str| ManifestError::Form { form: form.into() };
    for (text, want) in [
        ("", ManifestError::Syntax),
        ("[]", ManifestError::Syntax),
        ("{}", ManifestError::Syntax),
        (r#"{"session":5}"#, ManifestError::Syntax),
        (r#"{"session":{}}"#, word("")),
        (
            r#"{"session":{"mode":"\u001b[2Jgenerator"}}"#,
            word("\x1b[2Jgenerator"),
        ),
        (r#"{"schema":2,"session":{"mode":"raw"}}"#, form("2")),
        (
            r#"{"version":"2.0","session":{"mode":"raw"}}"#,
            form("\"2.0\""),
        ),
        (
            r#"{"schema":1,"session":{"mode":"raw"}}"#,
            ManifestError::Syntax,
        ),
    ] {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, want, "{text}");
        assert!(!error.to_string().contains('\x1b'));
    }
    let text = r#"{"date":[],"session":{"mode":"raw","version":"5\u001b[31m","edition":"a\u202eb","union":"zfs"}}"#;
    let manifest = parse(text.as_bytes()).unwrap();
    assert_eq!(manifest.about.version, None);
    assert_eq!(manifest.about.edition, None);
    assert_eq!(manifest.about.union, None);
    let want = ["version", "edition", "date", "union"];
    assert_eq!(manifest.unreadable, want);
}

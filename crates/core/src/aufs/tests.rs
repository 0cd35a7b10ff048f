use super::*;

const WRITABLE: &str = "/m/changes";
const XINO: &str = "/m/xino";

fn texts(calls: &Calls) -> Vec<&str> {
    std::iter::once(&calls.mount)
        .chain(&calls.remounts)
        .map(|data| std::str::from_utf8(data).unwrap())
        .collect()
}

fn made(bundles: &[PathBuf]) -> Result<Calls, Unfit> {
    let bundles: Vec<&Path> = bundles.iter().map(PathBuf::as_path).collect();
    calls(Path::new(WRITABLE), &bundles, Path::new(XINO))
}

/// The branches from top to bottom after these calls, as `fs/aufs/opts.c` reads them.
fn branches(calls: &Calls) -> Vec<(String, String)> {
    let branch = |text: &str| {
        let (path, permission) = text.split_once('=').unwrap();
        (path.to_owned(), permission.to_owned())
    };
    let mut stack: Vec<(String, String)> = Vec::new();
    for data in texts(calls) {
        for option in data.split(',') {
            if let Some(list) = option.strip_prefix("br:") {
                assert!(stack.is_empty(), "branches are given once: {data}");
                stack = list.split(':').map(branch).collect();
            } else if let Some(added) = option.strip_prefix("add:") {
                let (index, text) = added.split_once(':').unwrap();
                stack.insert(index.parse().unwrap(), branch(text));
            }
        }
    }
    stack
}

#[test]
fn a_usual_medium_needs_one_call() {
    let made = made(&["/m/b/00".into(), "/m/b/01".into(), "/m/b/10".into()]).unwrap();
    assert_eq!(
        texts(&made),
        [
            "xino=/m/xino,trunc_xino,dirperm1,br:/m/changes=rw:/m/b/10=rr+wh:/m/b/01=rr+wh:/m/b/00=rr+wh"
        ]
    );
}

#[test]
fn whatever_the_number_and_length_the_order_is_kept_and_every_call_fits() {
    for count in [1, 2, 58, 59, 60, 61, 119, 120, MAX_BUNDLES] {
        for length in [1, 40, 200, 255] {
            let name = |n: usize| PathBuf::from(format!("/m/b/{n:03}{}", "x".repeat(length)));
            let bundles: Vec<PathBuf> = (0..count).map(name).collect();
            let made = made(&bundles).unwrap();
            let case = format!("{count} bundles with names of {length}");
            let mut want = vec![(WRITABLE.to_owned(), "rw".to_owned())];
            want.extend(
                bundles
                    .iter()
                    .rev()
                    .map(|path| (path.display().to_string(), "rr+wh".to_owned())),
            );
            assert_eq!(branches(&made), want, "{case}");
            for text in texts(&made) {
                assert!(text.len() <= MAX_DATA, "{case}: {} bytes", text.len());
                let told = text.matches("=rr+wh").count() + text.matches("=rw").count();
                assert!((1..=MAX_BRANCHES_A_CALL).contains(&told), "{case}: {told}");
                assert!(!text.starts_with(',') && !text.ends_with(','), "{case}");
            }
        }
    }
}

#[test]
fn what_aufs_cannot_be_told_is_refused_by_name() {
    let many: Vec<PathBuf> = (0..=MAX_BUNDLES).map(|n| n.to_string().into()).collect();
    let long = format!("/{}", "x".repeat(MAX_DATA));
    assert_eq!(made(&[]), Err(Unfit::NoBundle));
    assert_eq!(made(&many), Err(Unfit::TooMany { count: 127 }));
    assert_eq!(
        made(&[long.clone().into()]),
        Err(Unfit::TooLong { path: long.into() })
    );
    for name in ["a,b", "a:b", "a=b", "a\\b", "a\0b"] {
        let path = PathBuf::from(format!("/m/b/{name}"));
        assert_eq!(
            made(&["/m/b/00".into(), path.clone()]),
            Err(Unfit::Character { path }),
            "{name:?}"
        );
    }
    for name in ["a b", "ä", "a+b", "a'b\"", "a%b"] {
        assert!(made(&[format!("/m/b/{name}").into()]).is_ok(), "{name:?}");
    }
}

#[test]
fn the_place_of_the_writable_branch_and_the_table_count_too() {
    let bundle = [Path::new("/m/b/00")];
    let fine = Path::new(WRITABLE);
    let odd = Path::new("/m/a:b");
    for (writable, xino) in [(odd, Path::new(XINO)), (fine, odd)] {
        assert_eq!(
            calls(writable, &bundle, xino),
            Err(Unfit::Character { path: odd.into() })
        );
    }
    let long = PathBuf::from(format!("/{}", "x".repeat(MAX_DATA)));
    assert_eq!(
        calls(&long, &bundle, Path::new(XINO)),
        Err(Unfit::TooLong { path: long.clone() })
    );
}

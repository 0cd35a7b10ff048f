//! Compares what the program says with files in `tests/golden`.

use std::fs;
use std::path::Path;

/// Compares with `tests/golden/NAME`; with `PERCH_BLESS` set, writes it.
pub(crate) fn assert_golden(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("PERCH_BLESS").is_some() {
        fs::write(&path, got).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == want,
        "{}:\n--- expected\n{want}--- got\n{got}",
        path.display()
    );
}

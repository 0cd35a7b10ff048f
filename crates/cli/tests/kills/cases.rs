//! The commands that are tried: one line each.

/// A command, and the store that it finds: sessions 1 and 2 are native, 1 boots next.
#[derive(Debug)]
pub(crate) struct Case {
    /// Commands that make the store what it is to be; `fill ID` puts files into a raw container.
    pub(crate) first: &'static [&'static str],
    /// The command that is cut. `{dir}` is a directory for archives.
    pub(crate) command: &'static str,
}

const fn case(command: &'static str, first: &'static [&'static str]) -> Case {
    Case { first, command }
}

const RAW: &str = "create raw 16";
const EXPORT: &str = "export 2 {dir}/a.tar.zst";
/// Session 3.
const FILL: &str = "fill 3";
const DYNFILEFS: &str = "create dynfilefs 16";

/// All of them.
pub(crate) const ALL: &[Case] = &[
    case("activate 2", &[]),
    case("rename 2 work --note mine", &[]),
    case("create --name work", &[]),
    case("create raw 16 --name work", &[]),
    case("create dynfilefs 16 --name work", &[RAW]),
    case("delete 2", &[]),
    case("delete 3", &[DYNFILEFS]),
    case("delete 2 --purge --yes", &[]),
    case("delete 3 --purge --yes", &[RAW]),
    case("trash restore 2", &["delete 2"]),
    case("trash restore 3", &[RAW, FILL, "delete 3"]),
    case(
        "trash restore 2",
        &["rename 2 work --note mine", "delete 2"],
    ),
    case("trash empty --yes", &[RAW, "delete 2", "delete 3"]),
    case("resize 3 24", &[RAW, FILL]),
    case("resize 3 24", &[DYNFILEFS]),
    case("copy 2", &[]),
    case("copy 2 raw 16", &[]),
    case("copy 2 dynfilefs 16", &[]),
    case("copy 3", &[RAW, FILL]),
    case("export 2 {dir}/a.tar.zst", &[]),
    case("export 3 {dir}/a.tar.zst --force", &[RAW, FILL, EXPORT]),
    case("import {dir}/a.tar.zst", &[EXPORT]),
    case("import {dir}/a.tar.zst raw", &[EXPORT]),
    case("convert 2 raw --size 16", &[]),
    case("convert 2 raw --size 16 --purge --yes", &[]),
    case("convert 3 native", &[RAW, FILL]),
    case("convert 3 dynfilefs --size 16", &[RAW, FILL]),
    case("convert 2 raw --size 16 --new-session", &[]),
    case("snapshot 2 --name x", &[]),
    case("rollback 2", &["snapshot 2"]),
    case("rollback 3", &[RAW, FILL, "snapshot 3"]),
    case("delete 2", &["snapshot 2"]),
    case("trash restore 2", &["snapshot 2", "delete 2"]),
    case("snapshot delete 2 1 --yes", &["snapshot 2"]),
    case("cleanup --days 30 --yes", &[RAW, "delete 2"]),
];

//! The real init: where it is looked for.

/// Where it is looked for, in this order: as the kernel does (init/main.c) with systemd's own place,
/// which not every distribution links.
pub const USUAL: [&str; 5] = [
    "/sbin/init",
    "/etc/init",
    "/bin/init",
    "/usr/lib/systemd/systemd",
    "/bin/sh",
];

/// The programs that may be started, the one asked for with `init=` first.
pub fn candidates(asked: Option<&str>) -> impl Iterator<Item = &str> {
    asked.into_iter().chain(USUAL)
}

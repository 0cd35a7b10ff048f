use std::fs;
use std::path::PathBuf;

use rustix::io::Errno;
use tempfile::TempDir;

use super::{Found, Index, MAX_DEPTH};
use crate::kmod::KmodError;

/// A module directory with these files.
fn index(files: &[(&str, &str)]) -> (TempDir, Index) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let index = Index::open(dir.path());
    (dir, index)
}

/// The names that `find` gives, or what else it says.
fn found(index: &Index, name: &str) -> Vec<String> {
    match index.find(name).unwrap() {
        Found::Modules(modules) => modules.iter().map(|m| m.name.to_owned()).collect(),
        Found::Builtin => vec!["(builtin)".into()],
        Found::Nothing => vec![],
    }
}

fn order(index: &Index, name: &str) -> Vec<String> {
    let module = index.modules().unwrap().find(name).unwrap();
    let order = index.load_order(module).unwrap();
    order.iter().map(|m| m.name.to_owned()).collect()
}

/// As in Debian 12, shortened.
const DEBIAN: &[(&str, &str)] = &[
    (
        "modules.dep",
        "kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko\n\
         kernel/fs/jbd2/jbd2.ko:\n\
         kernel/fs/mbcache.ko:\n\
         kernel/lib/crc16.ko:\n\
         kernel/crypto/crc32c_generic.ko:\n\
         kernel/arch/x86/crypto/crc32c-intel.ko:\n\
         kernel/drivers/usb/host/uhci-hcd.ko: kernel/drivers/usb/core/usbcore.ko kernel/drivers/usb/common/usb-common.ko\n\
         kernel/drivers/usb/host/ehci-pci.ko: kernel/drivers/usb/host/ehci-hcd.ko kernel/drivers/usb/core/usbcore.ko kernel/drivers/usb/common/usb-common.ko\n\
         kernel/drivers/usb/host/ehci-hcd.ko: kernel/drivers/usb/core/usbcore.ko kernel/drivers/usb/common/usb-common.ko\n\
         kernel/drivers/usb/core/usbcore.ko: kernel/drivers/usb/common/usb-common.ko\n\
         kernel/drivers/usb/common/usb-common.ko:\n\
         kernel/x/ipmi_msghandler.ko:\n\
         kernel/x/ipmi_devintf.ko: kernel/x/ipmi_msghandler.ko\n",
    ),
    (
        "modules.alias",
        "alias pci:v*d*sv*sd*bc0Csc03i00* uhci_hcd\n\
         alias fs-ext4 ext4\n\
         alias crypto-crc32c crc32c_intel\n\
         alias crypto-crc32c crc32c_generic\n\
         alias pci:v*d*sv*sd*bc0Csc03i20* pruned_away\n",
    ),
    (
        "modules.softdep",
        "softdep ext4 pre: crypto-crc32c\n\
         softdep jbd2 pre: crypto-crc32c\n\
         softdep uhci_hcd pre: ehci_pci\n\
         softdep ipmi_msghandler post: ipmi_devintf\n\
         softdep mbcache pre: not-there unix\n",
    ),
    ("modules.builtin", "kernel/net/unix/unix.ko\n"),
];

#[test]
fn a_name_is_a_module_an_alias_or_builtin() {
    let (_dir, index) = index(DEBIAN);
    for (name, want) in [
        ("ext4", &["ext4"][..]),
        ("ehci_pci", &["ehci-pci"]),
        ("fs-ext4", &["ext4"]),
        ("crypto-crc32c", &["crc32c-intel", "crc32c_generic"]),
        ("pci:v8086d0sv0sd0bc0Csc03i00", &["uhci-hcd"]),
        ("pci:v8086d0sv0sd0bc0Csc03i20", &[]),
        ("pci:v8086d0sv0sd0bc01sc06i01", &[]),
        ("unix", &["(builtin)"]),
        ("xfs", &[]),
        ("", &[]),
        ("../ext4", &[]),
    ] {
        assert_eq!(found(&index, name), want, "name {name:?}");
    }
}

#[test]
fn what_is_needed_comes_first() {
    let (_dir, index) = index(DEBIAN);
    for (module, want) in [
        ("crc16", &["crc16"][..]),
        (
            "ext4",
            &[
                "crc32c-intel",
                "crc32c_generic",
                "jbd2",
                "mbcache",
                "crc16",
                "ext4",
            ],
        ),
        (
            "uhci-hcd",
            &["usb-common", "usbcore", "ehci-hcd", "ehci-pci", "uhci-hcd"],
        ),
        ("ipmi_msghandler", &["ipmi_msghandler", "ipmi_devintf"]),
        ("ipmi_devintf", &["ipmi_msghandler", "ipmi_devintf"]),
    ] {
        assert_eq!(order(&index, module), want, "module {module}");
    }
}

#[test]
fn circles_end() {
    let (_dir, index) = index(&[
        (
            "modules.dep",
            "a.ko: b.ko\nb.ko: a.ko\nc.ko: c.ko\nd.ko:\ne.ko:\n",
        ),
        ("modules.softdep", "softdep d pre: e\nsoftdep e pre: d\n"),
    ]);
    for (module, want) in [
        ("a", &["b", "a"][..]),
        ("b", &["a", "b"]),
        ("c", &["c"]),
        ("d", &["e", "d"]),
    ] {
        assert_eq!(order(&index, module), want, "module {module}");
    }
}

#[test]
fn an_endless_chain_is_an_error() {
    let chain: String = (0..10_000)
        .map(|n| format!("m{n}.ko: m{}.ko\n", n + 1))
        .collect();
    let (_dir, index) = index(&[("modules.dep", &chain)]);
    let first = index.modules().unwrap().find("m0").unwrap();
    assert_eq!(
        index.load_order(first),
        Err(KmodError::TooDeep {
            module: format!("m{MAX_DEPTH}")
        })
    );
}

#[test]
fn only_modules_dep_must_be_there() {
    let (_dir, bare) = index(&[("modules.dep", "a.ko:\n")]);
    assert_eq!(found(&bare, "a"), ["a"]);
    assert_eq!(found(&bare, "b"), [""; 0]);
    assert_eq!(order(&bare, "a"), ["a"]);

    let missing = Index::open("/nonexistent");
    assert_eq!(
        missing.find("a"),
        Err(KmodError::Index {
            path: PathBuf::from("/nonexistent/modules.dep"),
            source: Errno::NOENT
        })
    );
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("modules.dep"),
        b"\xff\xfe.ko: \xc3\na.ko:\n",
    )
    .unwrap();
    fs::write(dir.path().join("modules.alias"), b"alias \xff* a\n").unwrap();
    let index = Index::open(dir.path());
    assert_eq!(found(&index, "a"), ["a"]);
    assert_eq!(found(&index, "b"), [""; 0]);
}

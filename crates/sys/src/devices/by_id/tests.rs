//! Disks as sysfs shows them, laid out as directories; the names are those that udev gave the same
//! disks. What the kernel itself shows is tested in virtual machines.

use std::os::unix::fs::symlink;

use super::*;

/// A directory like /sys with one disk in it.
struct Sys {
    dir: tempfile::TempDir,
    class: PathBuf,
}

/// Lays out `files` below `devices`, and the disk at `disk` there with its link in class/block.
fn sys(disk: &str, files: &[(&str, &[u8])]) -> Sys {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let devices = dir.path().join("devices");
    let block = devices.join(disk);
    fs::create_dir_all(&block).expect("a directory");
    for (path, content) in files {
        let path = devices.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, content).expect("a file");
    }
    let class = dir.path().join("class/block");
    fs::create_dir_all(&class).expect("a directory");
    let class = class.join(block.file_name().expect("a name"));
    symlink(&block, &class).expect("a link");
    Sys { dir, class }
}

/// A disk's place, its files, its names.
type Case<'a> = (&'a str, Vec<(&'a str, &'a [u8])>, &'a [&'a str]);

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn disks_of_each_bus() {
    const USB: &str = "usb1/1-2/1-2:1.0/host4/target4:0:0/4:0:0:0";
    let usb = |file: &str| format!("{USB}/{file}");
    let usb_disk = usb("block/sdb");
    let usb_files = [
        ("usb1/1-2/idVendor".to_owned(), &b"0781\n"[..]),
        ("usb1/1-2/idProduct".to_owned(), b"5581\n"),
        ("usb1/1-2/manufacturer".to_owned(), b" USB\n"),
        ("usb1/1-2/product".to_owned(), b" SanDisk 3.2Gen1\n"),
        ("usb1/1-2/serial".to_owned(), b"0401aa\n"),
        ("usb1/1-2/1-2:1.0/bInterfaceClass".to_owned(), b"08\n"),
        ("usb1/1-2/1-2:1.0/bInterfaceSubClass".to_owned(), b"06\n"),
        (usb("block/sdb/device/vendor"), b"USB     \n"),
        (usb("block/sdb/device/model"), b" SanDisk 3.2Gen1\n"),
        (usb("block/sdb/removable"), b"1\n"),
    ];
    let usb_files: Vec<(&str, &[u8])> = usb_files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let with = |path: &'static str, text: &'static [u8]| {
        let mut files = usb_files.clone();
        files.push((path, text));
        files
    };
    let cases: Vec<Case> = vec![
        (
            "virtio0/block/vda",
            vec![("virtio0/block/vda/serial", b"my disk")],
            &["virtio-my_disk"],
        ),
        (
            "virtio0/block/vda",
            vec![("virtio0/block/vda/serial", b"")],
            &[],
        ),
        (
            "nvme/nvme0/nvme0n1",
            vec![
                ("nvme/nvme0/nvme0n1/wwid", b"eui.0025385b71b0b2c3\n"),
                ("nvme/nvme0/nvme0n1/nsid", b"1\n"),
                (
                    "nvme/nvme0/nvme0n1/device/model",
                    b"Samsung SSD 970  EVO                    \n",
                ),
                (
                    "nvme/nvme0/nvme0n1/device/serial",
                    b"S466NX0K123456A     \n",
                ),
            ],
            &[
                "nvme-Samsung_SSD_970_EVO_S466NX0K123456A",
                "nvme-Samsung_SSD_970__EVO_S466NX0K123456A",
                "nvme-Samsung_SSD_970__EVO_S466NX0K123456A_1",
                "nvme-eui.0025385b71b0b2c3",
            ],
        ),
        // As Debian 12 (udev 252) named QEMU's.
        (
            "nvme/nvme0/nvme0n1",
            vec![
                ("nvme/nvme0/nvme0n1/nsid", b"1\n"),
                ("nvme/nvme0/nvme0n1/device/model", b"QEMU NVMe Ctrl    \n"),
                ("nvme/nvme0/nvme0n1/device/serial", b"nv  1/x   \n"),
            ],
            &[
                "nvme-QEMU_NVMe_Ctrl_nv__1_x",
                "nvme-QEMU_NVMe_Ctrl_nv__1_x_1",
            ],
        ),
        (
            "mmc0/mmc0:aaaa/block/mmcblk0",
            vec![
                ("mmc0/mmc0:aaaa/block/mmcblk0/device/name", b"SU16G\n"),
                (
                    "mmc0/mmc0:aaaa/block/mmcblk0/device/serial",
                    b"0x2a5f1c00\n",
                ),
            ],
            &["mmc-SU16G_0x2a5f1c00"],
        ),
        (
            "mmc0/mmc0:0001/block/mmcblk0boot0",
            vec![
                ("mmc0/mmc0:0001/block/mmcblk0boot0/device/name", b"DG4016\n"),
                ("mmc0/mmc0:0001/block/mmcblk0boot0/device/serial", b"0x1\n"),
            ],
            &[],
        ),
        (
            "virtual/block/dm-0",
            vec![
                ("virtual/block/dm-0/dm/name", b"ventoy\n"),
                ("virtual/block/dm-0/dm/uuid", b"\n"),
            ],
            &["dm-name-ventoy"],
        ),
        (
            &usb_disk,
            usb_files.clone(),
            &["usb-USB_SanDisk_3.2Gen1_0401aa-0:0"],
        ),
        // A serial number that Windows would not take either.
        (
            &usb_disk,
            with("usb1/1-2/serial", b"04,01\n"),
            &["usb-USB_SanDisk_3.2Gen1-0:0"],
        ),
        // No SCSI inside: the words of the USB device itself.
        (
            &usb_disk,
            with("usb1/1-2/1-2:1.0/bInterfaceSubClass", b"05\n"),
            &["usb-USB_SanDisk_3.2Gen1_0401aa"],
        ),
        (
            "virtual/block/nbd0",
            vec![("virtual/block/nbd0/serial", b"x")],
            &[],
        ),
    ];
    for (disk, files, want) in cases {
        let sys = sys(disk, &files);
        assert_eq!(sorted(names(&sys.class)), want, "{disk} {files:?}");
    }
}

#[test]
fn a_partition_has_the_names_of_its_disk() {
    let sys = sys(
        "virtio0/block/vda",
        &[
            ("virtio0/block/vda/serial", b"one"),
            ("virtio0/block/vda/vda12/partition", b"12\n"),
        ],
    );
    let class = sys.dir.path().join("class/block/vda12");
    symlink(
        sys.dir.path().join("devices/virtio0/block/vda/vda12"),
        &class,
    )
    .expect("a link");
    assert_eq!(names(&class), ["virtio-one-part12"]);
    assert_eq!(names(&sys.dir.path().join("class/block/gone")), [""; 0]);
}

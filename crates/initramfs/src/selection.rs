//! Which kernel modules go into the image: enough to find the medium on nearly all machines and to
//! read what is on it, and a keyboard for questions.
//!
//! A name that the kernel in hand does not have is passed over, since kernels differ in what is
//! built in, or new, or gone.

/// Storage, buses and host controllers that media hang on.
const STORAGE: &[&str] = &[
    // Virtual machines.
    "virtio_pci",
    "virtio_mmio",
    "virtio_blk",
    "virtio_scsi",
    "vmw_pvscsi",
    "hv_vmbus",
    "hv_storvsc",
    "pci-hyperv",
    "xen-blkfront",
    "xen-scsifront",
    "mptspi",
    // SATA and what is left of IDE.
    "ahci",
    "acard-ahci",
    "ata_piix",
    "ata_generic",
    "pata_*",
    "sata_*",
    "pdc_adma",
    // NVMe, also behind Intel's RAID mode, and UFS.
    "nvme",
    "vmd",
    "ufshcd-pci",
    // USB; xhci controllers of some boards are other devices than PCI class 0C.03.30.
    "xhci-pci",
    "xhci-pci-renesas",
    "xhci-plat-hcd",
    "ehci-pci",
    "uhci-hcd",
    "ohci-pci",
    "usb-storage",
    "uas",
    "ums-*",
    // SD cards and eMMC.
    "mmc_block",
    "sdhci-pci",
    "sdhci-acpi",
    "rtsx_pci",
    "rtsx_pci_sdmmc",
    "rtsx_usb",
    "rtsx_usb_sdmmc",
    // SCSI and RAID controllers that are found in PCs and small servers.
    "sd_mod",
    "sr_mod",
    "megaraid_sas",
    "mpt3sas",
    "hpsa",
    "smartpqi",
];

/// Filesystems that media and containers have, with the character sets of the FAT ones.
const FILESYSTEMS: &[&str] = &[
    "loop",
    "dm-mod",
    "squashfs",
    "erofs",
    "overlay",
    "aufs",
    "fuse",
    "ext4",
    "vfat",
    "exfat",
    "ntfs3",
    "isofs",
    "udf",
    "btrfs",
    "f2fs",
    "xfs",
    "nls_cp437",
    "nls_ascii",
    "nls_iso8859-1",
    "nls_utf8",
];

/// Instructions of the processor for what loading modules costs most: hashing them.
const SPEED: &[&str] = &["sha256_ssse3"];

/// Keyboards, for a question at boot. Those with a driver of their own work with the generic one
/// until the running system brings it.
const INPUT: &[&str] = &["i8042", "atkbd", "usbhid", "hid-generic", "hyperv-keyboard"];

/// Matched by a pattern above, but no way to a medium: one probes ports of the eighties, the other
/// brings a whole bus along.
pub(crate) const NEVER: &[&str] = &["pata_legacy", "pata_pcmcia"];

/// What the kernel asks for while it runs and no file of depmod tells: the module that asks, and
/// what it wants. In the image these are soft dependencies, so that the boot program loads them
/// before, which spares the kernel from starting `/sbin/modprobe`.
pub(crate) const HIDDEN: &[(&str, &[&str])] = &[
    // crc64_rocksoft_mod_init() in lib/crc64-rocksoft.c; sd_mod and nvme need that.
    ("crc64_rocksoft", &["crc64_rocksoft_generic"]),
    // CONFIG_FAT_DEFAULT_CODEPAGE and _IOCHARSET: Debian's is ascii, the kernel's own iso8859-1.
    ("vfat", &["nls_cp437", "nls_ascii", "nls_iso8859-1"]),
    // CONFIG_NLS_DEFAULT, for the names of Joliet.
    ("isofs", &["nls_utf8"]),
];

/// What the boot of a usual machine loads in the end, and what it needs to get there: these lie in
/// the image ready for use, none of them has to be unpacked by the boot program.
const USUAL: &[&str] = &[
    // Makes the kernel faster at checking the signatures of all the others.
    "sha256_ssse3",
    "virtio_pci",
    "virtio_blk",
    "virtio_scsi",
    "ahci",
    "nvme",
    "xhci-pci",
    "usb-storage",
    "sd_mod",
    "loop",
    "squashfs",
    "overlay",
    "aufs",
    "ext4",
    "vfat",
];

/// The set that `common` stands for.
pub(crate) const COMMON: &[&[&str]] = &[USUAL];

/// What `dep` adds to the modules of the machine itself: bundles, unions, containers, and a keyboard.
pub(crate) const DEP: &[&[&str]] = &[ALWAYS, &["fuse", "ext4"], SPEED, INPUT];

/// Without these no medium's bundles become a system; of the last two, one is enough.
pub(crate) const ALWAYS: &[&str] = &["loop", "squashfs", "overlay", "aufs"];

/// Those of them that join layers.
pub(crate) const UNIONS: [&str; 2] = ["overlay", "aufs"];

/// The set that `most` stands for; names may contain `*`.
pub(crate) const MOST: &[&[&str]] = &[STORAGE, FILESYSTEMS, SPEED, INPUT];

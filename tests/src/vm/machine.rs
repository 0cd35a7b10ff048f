//! The description of a machine and its translation into QEMU's arguments (qemu-system-x86_64(1)).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a drive is plugged into; it decides which driver the guest needs and how the device is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// `/dev/vda` and on.
    Virtio,
    /// SATA disk, `/dev/sda` and on.
    Ahci,
    /// SATA CD drive, `/dev/sr0`; read-only.
    Cdrom,
    /// `/dev/nvme0n1` and on.
    Nvme,
    /// USB stick, `/dev/sda` and on; appears late, as a real one does.
    Usb,
}

/// One drive backed by a raw image file.
#[derive(Clone, Debug)]
pub struct Drive {
    /// The image.
    pub image: PathBuf,
    /// Where it is plugged in.
    pub bus: Bus,
    /// Whether the guest sees a write-protected drive.
    pub read_only: bool,
    /// The serial number that it tells the guest; `None` leaves it to QEMU.
    pub serial: Option<String>,
}

/// A kernel given to QEMU directly, without any boot loader.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The kernel image.
    pub vmlinuz: PathBuf,
    /// The initramfs.
    pub initrd: PathBuf,
    /// The kernel command line.
    pub cmdline: String,
}

/// The firmware for machines that boot from a drive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS, which QEMU brings along.
    #[default]
    Bios,
    /// OVMF (package ovmf).
    Uefi,
    /// OVMF of 32 bits (package ovmf-ia32): as in some early tablets and Macs, whose processors have 64.
    Uefi32,
}

/// A machine to be started any number of times.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The kernel to start; `None` boots from the first drive through [`Machine::firmware`].
    pub kernel: Option<Kernel>,
    /// Which firmware runs first.
    pub firmware: Firmware,
    /// The drives, in order.
    pub drives: Vec<Drive>,
    /// Main memory in MiB.
    pub memory_mib: u32,
    /// Lets guest time follow executed instructions (`-icount shift=0`), for measurements that repeat.
    pub icount: bool,
    /// Where every write to the first drive is logged, in the format of dm-log-writes; the file must exist, empty.
    pub write_log: Option<PathBuf>,
    /// Whether it has a screen, for VGA text.
    pub screen: bool,
    /// Further arguments, as they are.
    pub extra: Vec<String>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            kernel: None,
            firmware: Firmware::Bios,
            drives: Vec::new(),
            memory_mib: 512,
            icount: false,
            write_log: None,
            screen: false,
            extra: Vec::new(),
        }
    }
}

impl Machine {
    /// QEMU's arguments; the serial ports connect to the unix sockets `console` (ttyS0) and `commands` (ttyS1), the
    /// monitor to `monitor`.
    pub(super) fn arguments(
        &self,
        console: &Path,
        commands: &Path,
        monitor: &Path,
    ) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
        add(&[
            "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1",
        ]);
        add(&[
            "-nodefaults",
            "-display",
            "none",
            "-no-reboot",
            "-nic",
            "none",
        ]);
        add(&["-m", &self.memory_mib.to_string()]);
        for (name, socket) in [("console", console), ("commands", commands)] {
            add(&[
                "-chardev",
                &format!("socket,id={name},path={}", escape(socket)),
            ]);
            add(&["-serial", &format!("chardev:{name}")]);
        }
        let monitor = format!("socket,id=monitor,path={}", escape(monitor));
        add(&["-chardev", &monitor, "-mon", "chardev=monitor,mode=control"]);
        if self.screen {
            add(&["-vga", "std"]);
        }
        if let Some(kernel) = &self.kernel {
            add(&["-kernel", &text(&kernel.vmlinuz)]);
            add(&["-initrd", &text(&kernel.initrd)]);
            add(&["-append", &kernel.cmdline]);
        }
        match self.firmware {
            Firmware::Bios => {}
            Firmware::Uefi => add(&["-bios", "/usr/share/ovmf/OVMF.fd"]),
            // Its only build wants system management mode and flash. What it writes to that is forgotten.
            Firmware::Uefi32 => {
                add(&["-machine", "smm=on"]);
                add(&["-global", "driver=cfi.pflash01,property=secure,value=on"]);
                for (unit, file) in [(0, "CODE_4M.secboot"), (1, "VARS_4M")] {
                    let file = format!("/usr/share/OVMF/OVMF32_{file}.fd");
                    let flash = format!("if=pflash,format=raw,unit={unit},snapshot=on,file={file}");
                    add(&["-drive", &flash]);
                }
            }
        }
        if self.drives.iter().any(|drive| drive.bus == Bus::Usb) {
            add(&["-device", "qemu-xhci,id=usb"]);
        }
        for (index, drive) in self.drives.iter().enumerate() {
            // Without a lock, so that two machines can have one image: whether they should is what is tested.
            // The state after a power cut of the guest is the same whether the host forgets its own cache or not, and
            // the host does not crash: passing the guest's flushes on would only cost time.
            let read_only = if drive.read_only || drive.bus == Bus::Cdrom {
                ",readonly=on"
            } else {
                ""
            };
            let file = escape(&drive.image);
            let log = self.write_log.as_deref().filter(|_| index == 0);
            if let Some(log) = log {
                // blklogwrites (qemu-qmp-ref(7)) logs a flush when it is done. The image below ignores flushes, so that
                // none is in flight while a write ends, and the log's order is the order a disk saw.
                let log = escape(log);
                for node in [
                    format!("driver=file,node-name=image{index},cache.no-flush=on,filename={file}"),
                    format!("driver=file,node-name=log{index},filename={log}"),
                    format!(
                        "driver=blklogwrites,node-name=drive{index},file=image{index},log=log{index},log-sector-size=512"
                    ),
                ] {
                    add(&["-blockdev", &node]);
                }
            } else {
                add(&[
                    "-drive",
                    &format!(
                        "if=none,id=drive{index},format=raw,cache=unsafe,discard=unmap,file.locking=off,file={file}{read_only}"
                    ),
                ]);
            }
            // A kernel given directly takes the first place in the boot order for itself.
            let boot = match self.kernel {
                None => format!(",bootindex={index}"),
                Some(_) => String::new(),
            };
            // NVMe demands one.
            let serial = match (&drive.serial, drive.bus) {
                (Some(serial), _) => format!(",serial={serial}"),
                (None, Bus::Nvme) => format!(",serial=perch{index}"),
                (None, _) => String::new(),
            };
            let device = match drive.bus {
                Bus::Virtio => "virtio-blk-pci".to_owned(),
                Bus::Ahci => format!("ide-hd,bus=ide.{index}"),
                Bus::Cdrom => format!("ide-cd,bus=ide.{index}"),
                Bus::Nvme => "nvme".to_owned(),
                Bus::Usb => "usb-storage,bus=usb.0,removable=on".to_owned(),
            };
            // Without a volatile cache the guest would send no flush. Merged requests can have as many pieces as a call
            // may have; with what the log adds they have more, and fail.
            let cache = match (log, drive.bus) {
                (Some(_), Bus::Virtio) => ",write-cache=on,request-merging=off",
                (Some(_), _) => ",write-cache=on",
                (None, _) => "",
            };
            add(&[
                "-device",
                &format!("{device}{serial},drive=drive{index}{boot}{cache}"),
            ]);
        }
        if self.icount {
            add(&["-icount", "shift=0"]);
        }
        args.extend(self.extra.iter().map(OsString::from));
        args
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// QEMU ends an option's value at a comma unless it is doubled.
fn escape(path: &Path) -> String {
    text(path).replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bus_gets_its_device() {
        for (bus, want) in [
            (Bus::Virtio, "virtio-blk-pci,drive=drive0,bootindex=0"),
            (Bus::Ahci, "ide-hd,bus=ide.0,drive=drive0,bootindex=0"),
            (Bus::Cdrom, "ide-cd,bus=ide.0,drive=drive0,bootindex=0"),
            (Bus::Nvme, "nvme,serial=perch0,drive=drive0,bootindex=0"),
            (
                Bus::Usb,
                "usb-storage,bus=usb.0,removable=on,drive=drive0,bootindex=0",
            ),
        ] {
            let drive = Drive {
                image: "/a,b".into(),
                bus,
                read_only: false,
                serial: None,
            };
            let machine = Machine {
                drives: vec![drive],
                ..Machine::default()
            };
            let args = machine.arguments(Path::new("/c"), Path::new("/d"), Path::new("/m"));
            assert!(args.iter().any(|arg| arg == want), "{bus:?}: {args:?}");
            assert!(
                args.iter()
                    .any(|arg| arg.to_string_lossy().contains("file=/a,,b")),
                "{bus:?}: {args:?}"
            );
        }
    }
}

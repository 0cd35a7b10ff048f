//! What a scenario is made of, and the words it is written with.

use super::{Boot, Content, Loaders, Node, Offline, STORE};
use crate::disk::{EXT4, Medium, Table};
use crate::initramfs::Kind;
use crate::vm::Bus;

/// One scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The symptom, in a few words; unique.
    pub name: String,
    /// The disks of the machine; the first one holds the system in its first file system.
    pub disks: Vec<DiskSpec>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The kind of initramfs; absent where the run decides.
    pub initramfs: Option<Kind>,
    /// Why it has no meaning in the initramfs of somebody else; absent where it has one.
    pub only_own_initramfs: Option<&'static str>,
    /// Why it has no meaning through another union than overlayfs; absent where it has one.
    pub only_overlayfs: Option<&'static str>,
}

/// One disk and where it is plugged in.
#[derive(Clone, Debug)]
pub struct DiskSpec {
    /// How it is divided.
    pub table: Table,
    /// Where it is plugged in.
    pub bus: Bus,
    /// Whether the machine sees it write-protected.
    pub read_only: bool,
    /// The serial number that it tells; `None` leaves it to QEMU.
    pub serial: Option<String>,
    /// What its partitions' UUIDs are made of, see [`crate::disk::Disk::id`].
    pub id: Option<u32>,
    /// The boot loaders on it, where `perch image` makes it. Its file systems are then those in the order of the table; only
    /// the first one's content is given.
    pub loaders: Option<Loaders>,
    /// Its file systems, in order.
    pub parts: Vec<PartSpec>,
}

/// One file system of a disk.
#[derive(Clone, Debug)]
pub struct PartSpec {
    /// Which one.
    pub medium: Medium,
    /// Its label; empty for none.
    pub label: String,
    /// Its size in MiB.
    pub size_mib: u64,
    /// What is on it, beside the system.
    pub content: Content,
}

/// One step of a scenario.
#[derive(Clone, Debug)]
pub enum Step {
    /// The machine is started and brought to its end.
    Boot(Box<Boot>),
    /// A store is looked at while the machine is off.
    Offline(StoreAt, Offline),
    /// The medium's partition table is looked at while the machine is off.
    Table(TableCheck),
}

/// What must be true of the medium's partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableCheck {
    /// Its first and last MiB are as before the first boot, byte by byte.
    Unchanged,
    /// They are not, and sfdisk finds no error.
    ChangedAndSound,
}

/// Where a store is that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreAt {
    /// Which disk, from 0.
    pub disk: usize,
    /// Which of its file systems, from 1.
    pub part: usize,
    /// The store's path there; empty for the root.
    pub dir: String,
}

impl StoreAt {
    /// The store of the medium.
    pub fn medium() -> Self {
        Self::new(0, 1, STORE)
    }

    /// A store elsewhere.
    pub fn new(disk: usize, part: usize, dir: &str) -> Self {
        Self {
            disk,
            part,
            dir: dir.to_owned(),
        }
    }
}

impl PartSpec {
    /// An empty file system.
    pub fn new(medium: Medium, label: &str, size_mib: u64) -> Self {
        Self {
            medium,
            label: label.to_owned(),
            size_mib,
            content: Content::default(),
        }
    }

    /// Adds a text file; `path` counts from the root of the file system.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.content.add(path, Node::File(text.into()));
        self
    }

    /// Adds a bundle; `path` counts from the root of the file system.
    #[must_use]
    pub fn bundle(mut self, path: &str, bundle: crate::base::Bundle) -> Self {
        self.content.add(path, Node::Bundle(bundle));
        self
    }
}

impl Scenario {
    /// A scenario whose medium is an undivided ext4 disk with the system and an empty store.
    pub fn new(name: impl Into<String>) -> Self {
        let mut part = PartSpec::new(EXT4, "MINIOS", 192);
        part.content.add(STORE, Node::Directory);
        let disk = DiskSpec {
            table: Table::None,
            bus: Bus::Virtio,
            read_only: false,
            serial: None,
            id: None,
            loaders: None,
            parts: vec![part],
        };
        Self {
            name: name.into(),
            disks: vec![disk],
            steps: Vec::new(),
            initramfs: None,
            only_own_initramfs: None,
            only_overlayfs: None,
        }
    }

    /// Uses another file system for the medium.
    #[must_use]
    pub fn medium(mut self, medium: Medium) -> Self {
        self.part().medium = medium;
        self
    }

    /// Uses a medium of `size_mib`; the system itself takes about 3 MiB of it.
    #[must_use]
    pub fn size_mib(mut self, size_mib: u64) -> Self {
        self.part().size_mib = size_mib;
        self
    }

    /// Plugs the medium into another bus.
    #[must_use]
    pub fn bus(mut self, bus: Bus) -> Self {
        self.disk().bus = bus;
        self
    }

    /// Divides the medium; its file system becomes the first partition.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.disk().table = table;
        self
    }

    /// Gives the medium's drive a serial number.
    #[must_use]
    pub fn serial(mut self, serial: &str) -> Self {
        self.disk().serial = Some(serial.to_owned());
        self
    }

    /// Starts the machine from the medium, through its firmware and `loaders`; boots' command lines only name them.
    #[must_use]
    pub fn started_by(mut self, loaders: Loaders) -> Self {
        self.disk().loaders = Some(loaders);
        self.disk().table = Table::Made;
        self
    }

    /// What starts the machine, if it is not given its kernel.
    pub fn loaders(&self) -> Option<Loaders> {
        self.disks.first().and_then(|disk| disk.loaders)
    }

    /// Gives the medium's partitions UUIDs that are known, see [`crate::disk::Disk::id`].
    #[must_use]
    pub fn id(mut self, id: u32) -> Self {
        self.disk().id = Some(id);
        self
    }

    /// Uses another label for the medium's file system, and with a GPT for its partition.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.part().label = label.to_owned();
        self
    }

    /// Adds a partition to the medium.
    #[must_use]
    pub fn partition(mut self, part: PartSpec) -> Self {
        self.disk().parts.push(part);
        self
    }

    /// Adds a further undivided disk on the same bus.
    #[must_use]
    pub fn second_disk(mut self, part: PartSpec) -> Self {
        let bus = self.disk().bus;
        self.disks.push(DiskSpec {
            table: Table::None,
            bus,
            read_only: false,
            serial: None,
            id: None,
            loaders: None,
            parts: vec![part],
        });
        self
    }

    /// Write-protects the medium.
    #[must_use]
    pub fn write_protected(mut self) -> Self {
        self.disk().read_only = true;
        self
    }

    /// Adds a file to the medium; `path` counts from its root.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.part().content.add(path, Node::File(bytes.into()));
        self
    }

    /// Leaves `path`, from the root of the medium, out of what would be there.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        self.part().content.remove(path);
        self
    }

    /// Adds a bundle to the medium; `path` counts from its root.
    #[must_use]
    pub fn bundle(mut self, path: &str, bundle: crate::base::Bundle) -> Self {
        self.part().content.add(path, Node::Bundle(bundle));
        self
    }

    /// Cuts a file of the system after `bytes`, as an interrupted copy does; `path` counts from the root.
    #[must_use]
    pub fn cut_short(mut self, path: &str, bytes: u64) -> Self {
        self.part().content.cut_short(path, bytes);
        self
    }

    /// Adds a file to the store, for example `session.json`.
    #[must_use]
    pub fn store(self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.file(&format!("{STORE}/{path}"), bytes)
    }

    /// Adds a directory to the store.
    #[must_use]
    pub fn store_dir(mut self, path: &str) -> Self {
        self.part()
            .content
            .add(&format!("{STORE}/{path}"), Node::Directory);
        self
    }

    /// Adds a native session of overlayfs to the store: in it, `/from` says which one it is.
    #[must_use]
    pub fn session(self, id: &str) -> Self {
        self.store(&format!("{id}/changes/from"), format!("{id}\n"))
            .store_dir(&format!("{id}/workdir"))
    }

    /// Adds a raw session of overlayfs to the store, with a container of `size_mib`: in it, `/from` says which one it is.
    #[must_use]
    pub fn raw_session(mut self, id: &str, size_mib: u64) -> Self {
        let files = vec![("changes/from".to_owned(), format!("{id}\n"))];
        let node = Node::Ext4 { size_mib, files };
        let path = format!("{STORE}/{id}/changes.img");
        self.part().content.add(&path, node);
        self
    }

    /// Makes `path` of the store look last used so many days ago; what is not named was used just now.
    #[must_use]
    pub fn used(mut self, path: &str, days_ago: u64) -> Self {
        self.part()
            .content
            .age(&format!("{STORE}/{path}"), days_ago);
        self
    }

    /// Boots an initramfs of this kind, whatever the run is about.
    #[must_use]
    pub fn initramfs(mut self, kind: Kind) -> Self {
        self.initramfs = Some(kind);
        self
    }

    /// Leaves it out where scenarios run in the initramfs of somebody else, for this reason.
    #[must_use]
    pub fn only_own_initramfs(mut self, reason: &'static str) -> Self {
        self.only_own_initramfs = Some(reason);
        self
    }

    /// Leaves the scenario out where another union than overlayfs is tested; says why.
    #[must_use]
    pub fn only_overlayfs(mut self, reason: &'static str) -> Self {
        self.only_overlayfs = Some(reason);
        self
    }

    /// Boots the machine.
    #[must_use]
    pub fn boot(mut self, boot: Boot) -> Self {
        self.steps.push(Step::Boot(Box::new(boot)));
        self
    }

    /// Looks at the medium while the machine is off.
    #[must_use]
    pub fn offline(mut self, check: Offline) -> Self {
        self.steps.push(Step::Offline(StoreAt::medium(), check));
        self
    }

    /// Looks at a store elsewhere while the machine is off.
    #[must_use]
    pub fn offline_at(mut self, at: StoreAt, check: Offline) -> Self {
        self.steps.push(Step::Offline(at, check));
        self
    }

    /// Looks at the medium's partition table while the machine is off.
    #[must_use]
    pub fn table_is(mut self, check: TableCheck) -> Self {
        self.steps.push(Step::Table(check));
        self
    }

    /// Puts the system into an ISO file at `path` of the medium, and nowhere else.
    #[must_use]
    pub fn system_in_iso(mut self, path: &str) -> Self {
        self.part().content.add(path, Node::SystemIso);
        self.part().content.remove("minios");
        self
    }

    /// Adds a disk of its own kind.
    #[must_use]
    pub fn disk_of(mut self, table: Table, bus: Bus, parts: Vec<PartSpec>) -> Self {
        self.disks.push(DiskSpec {
            table,
            bus,
            read_only: false,
            serial: None,
            id: None,
            loaders: None,
            parts,
        });
        self
    }

    /// Requires a file of the store to hold `text`; blank space at the end does not count.
    #[must_use]
    pub fn store_file(self, path: &str, text: &str) -> Self {
        self.offline(Offline::File {
            path: path.into(),
            text: text.into(),
        })
    }

    /// Requires `path` to be missing in the store.
    #[must_use]
    pub fn store_missing(self, path: &str) -> Self {
        self.offline(Offline::Missing(path.into()))
    }

    /// Requires the value at `pointer` (RFC 6901) of a JSON file of the store; `null` also means: nothing there.
    #[must_use]
    pub fn store_json(
        self,
        path: &str,
        pointer: &str,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.offline(Offline::Json {
            path: path.into(),
            pointer: pointer.into(),
            value: value.into(),
        })
    }

    /// Requires the store's session directories to be exactly these, in numeric order.
    #[must_use]
    pub fn store_sessions(self, ids: &[&str]) -> Self {
        self.offline(Offline::Sessions(
            ids.iter().map(ToString::to_string).collect(),
        ))
    }

    /// Requires exactly `count` names in the store that start with `prefix`.
    #[must_use]
    pub fn store_count(self, prefix: &str, count: usize) -> Self {
        self.offline(Offline::Count {
            prefix: prefix.into(),
            count,
        })
    }

    /// Requires a file of the store to be a container whose file system is in order, or is so after a repair that needs no
    /// decision.
    #[must_use]
    pub fn store_container(self, path: &str) -> Self {
        self.offline(Offline::Container(path.into()))
    }

    /// Requires a file of the store to be a container that was unmounted.
    #[must_use]
    pub fn store_container_unmounted(self, path: &str) -> Self {
        self.offline(Offline::UnmountedContainer(path.into()))
    }

    /// The name as a directory name.
    pub fn slug(&self) -> String {
        let keep = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        self.name.chars().map(keep).collect()
    }

    fn disk(&mut self) -> &mut DiskSpec {
        &mut self.disks[0] // `new` makes it, nothing removes it
    }

    fn part(&mut self) -> &mut PartSpec {
        &mut self.disk().parts[0] // as above
    }
}

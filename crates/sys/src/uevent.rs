//! The kernel's announcements of devices, kobject uevents over netlink(7).
//!
//! Open the socket first, then look at what is there already, then wait: so nothing is missed in
//! between. What to make of a device is decided elsewhere.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with, sockopt,
};

/// Multicast group of messages by the kernel; udev sends its own to group 2.
const KERNEL_GROUP: u32 = 1;
/// Room for queued messages in bytes. At coldplug hundreds arrive at once, each up to a few KiB
/// with the kernel's overhead.
const QUEUE: usize = 4 * 1024 * 1024;
/// The largest message: `UEVENT_BUFFER_SIZE` (2 KiB) and a header with the path of the device.
const MAX_MESSAGE: usize = 16 * 1024;
/// How many events one [`Uevents::wait`] returns at most.
const MAX_BATCH: usize = 1024;

/// One announcement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uevent {
    /// What happened: `add`, `remove`, `change`, `bind`, …
    pub action: String,
    /// The device's directory below `/sys`, with a leading slash.
    pub devpath: String,
    /// `block`, `usb`, …; absent for some buses.
    pub subsystem: Option<String>,
    /// The node below `/dev`, without that prefix; absent for devices without one.
    pub devname: Option<String>,
    /// `disk` or `partition` for block devices; absent for most others.
    pub devtype: Option<String>,
    /// By which name a kernel module for the device is found; absent where none is needed.
    pub modalias: Option<String>,
    /// Number of the announcement, rising since boot.
    pub seqnum: Option<u64>,
    /// Every key with its value, those above too, in the kernel's order.
    pub properties: Vec<(String, String)>,
}

impl Uevent {
    /// The value of a property such as `PARTNAME` or `DISKSEQ`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// Why the announcements could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum UeventError {
    /// The socket could not be opened.
    #[error("cannot open a socket for the kernel's device events")]
    Open {
        /// The reason.
        source: Errno,
    },
    /// Waiting or reading failed.
    #[error("cannot read the kernel's device events")]
    Read {
        /// The reason.
        source: Errno,
    },
    /// More came than the queue holds and some are lost: look at all devices again, then go on
    /// waiting.
    #[error("some of the kernel's device events were lost")]
    Lost,
}

/// An open socket that collects announcements from [`Uevents::open`] on.
#[derive(Debug)]
pub struct Uevents {
    socket: OwnedFd,
}

impl Uevents {
    /// Starts to collect. Works without privileges, in the initial network namespace only.
    pub fn open() -> Result<Self, UeventError> {
        let failed = |source| UeventError::Open { source };
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(KOBJECT_UEVENT),
        )
        .map_err(failed)?;
        // Needs CAP_NET_ADMIN. Without it the queue is smaller, and Lost the more likely.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, QUEUE);
        bind(&socket, &SocketAddrNetlink::new(0, KERNEL_GROUP)).map_err(failed)?;
        Ok(Self { socket })
    }

    /// Waits until at least one event has come or `until` is reached, and returns all that have
    /// come: none at the deadline. Without `until` it waits as long as it takes.
    ///
    /// # Errors
    ///
    /// [`UeventError::Lost`] stands for events that nobody will see, including those read in the
    /// same call.
    pub fn wait(&self, until: Option<Instant>) -> Result<Vec<Uevent>, UeventError> {
        loop {
            let events = self.drain()?;
            if !events.is_empty() {
                return Ok(events);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(events);
            }
            // A time beyond what the kernel can express is as good as none.
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            let mut sockets = [PollFd::new(&self.socket, PollFlags::IN)];
            match poll(&mut sockets, left.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(source) => return Err(UeventError::Read { source }),
            }
        }
    }

    fn drain(&self) -> Result<Vec<Uevent>, UeventError> {
        let mut events = Vec::new();
        let mut buffer = vec![0; MAX_MESSAGE];
        while events.len() < MAX_BATCH {
            let received = recvfrom(&self.socket, buffer.as_mut_slice(), RecvFlags::empty());
            let (len, from) = match received {
                Ok((len, _, from)) => (len, from),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                Err(Errno::NOBUFS) => return Err(UeventError::Lost),
                Err(source) => return Err(UeventError::Read { source }),
            };
            // Programs may send to the group too; only the kernel has the port number 0.
            let by_kernel = from
                .and_then(|from| SocketAddrNetlink::try_from(from).ok())
                .is_some_and(|from| from.pid() == 0);
            if by_kernel {
                events.extend(buffer.get(..len).and_then(parse));
            }
        }
        Ok(events)
    }
}

impl AsFd for Uevents {
    /// For poll(2) together with other descriptors.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Parses one message: `<action>@<devpath>`, then `KEY=value`, each ended by a zero byte
/// (lib/kobject_uevent.c). `None` for anything else, such as messages of udev.
pub fn parse(message: &[u8]) -> Option<Uevent> {
    let mut words = message
        .split(|byte| *byte == 0)
        .map(String::from_utf8_lossy);
    let header = words.next()?;
    let (action, devpath) = header.split_once('@')?;
    if action.is_empty() || !devpath.starts_with('/') {
        return None;
    }
    let properties: Vec<(String, String)> = words
        .filter_map(|word| {
            let (key, value) = word.split_once('=')?;
            Some((key.to_owned(), value.to_owned()))
        })
        .collect();
    let mut event = Uevent {
        action: action.into(),
        devpath: devpath.into(),
        properties,
        ..Uevent::default()
    };
    let value = |key| event.get(key).map(str::to_owned);
    let (subsystem, devname) = (value("SUBSYSTEM"), value("DEVNAME"));
    let (devtype, modalias) = (value("DEVTYPE"), value("MODALIAS"));
    event.seqnum = event.get("SEQNUM").and_then(|number| number.parse().ok());
    (event.subsystem, event.devname) = (subsystem, devname);
    (event.devtype, event.modalias) = (devtype, modalias);
    Some(event)
}

#[cfg(test)]
mod tests;

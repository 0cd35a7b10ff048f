//! Messages between two processes that share a socket: each is one packet, with at most one descriptor. unix(7),
//! `SOCK_SEQPACKET` and `SCM_RIGHTS`. What they mean is not decided here.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, Result, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};

/// What came.
#[derive(Debug)]
pub struct Packet {
    /// The message; empty if the other end is closed.
    pub bytes: Vec<u8>,
    /// The descriptor that was sent with it.
    pub descriptor: Option<OwnedFd>,
}

/// Two ends that are connected. Both are closed on exec(2).
pub fn pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
}

/// Sends a message. It does not wait for room: an end that does not read is `EAGAIN`, a closed one `EPIPE`.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors: Vec<BorrowedFd<'_>> = descriptor.into_iter().collect();
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Errno::NOBUFS);
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    retry_on_intr(|| sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, flags)).map(drop)
}

/// Receives a message of at most `max` bytes; a longer one is `EMSGSIZE`. Waits `limit` for it at the most, then
/// `ETIMEDOUT`.
pub fn receive(socket: impl AsFd, max: usize, limit: Duration) -> Result<Packet> {
    let until = Instant::now() + limit;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(&socket, PollFlags::IN)];
        match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) => return Err(Errno::TIMEDOUT),
            Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        match receive_now(&socket, max) {
            Err(Errno::AGAIN) => {}
            outcome => return outcome,
        }
    }
}

fn receive_now(socket: impl AsFd, max: usize) -> Result<Packet> {
    let mut bytes = vec![0; max];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = retry_on_intr(|| {
        let mut parts = [IoSliceMut::new(&mut bytes)];
        recvmsg(&socket, &mut parts, &mut control, flags)
    })?;
    let mut descriptor = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            descriptor = descriptors.last();
        }
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(Errno::MSGSIZE);
    }
    bytes.truncate(received.bytes);
    Ok(Packet { bytes, descriptor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::fstat;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_message_arrives_with_its_descriptor() {
        let (ours, theirs) = pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        send(&ours, b"one", None).unwrap();
        send(&ours, b"two", Some(file.as_fd())).unwrap();
        let one = receive(&theirs, 8, LONG).unwrap();
        assert_eq!(
            (&*one.bytes, one.descriptor.is_some()),
            (&b"one"[..], false)
        );
        let two = receive(&theirs, 8, LONG).unwrap();
        assert_eq!(two.bytes, b"two");
        let inode = fstat(two.descriptor.unwrap()).unwrap().st_ino;
        assert_eq!(inode, fstat(&file).unwrap().st_ino);
    }

    #[test]
    fn ends_and_limits() {
        let (ours, theirs) = pair().unwrap();
        let error = receive(&theirs, 8, Duration::ZERO).unwrap_err();
        assert_eq!(error, Errno::TIMEDOUT);
        send(&ours, &[1; 9], None).unwrap();
        assert_eq!(receive(&theirs, 8, LONG).unwrap_err(), Errno::MSGSIZE);
        drop(ours);
        assert!(receive(&theirs, 8, LONG).unwrap().bytes.is_empty());
        assert_eq!(send(&theirs, b"x", None).unwrap_err(), Errno::PIPE);
    }
}

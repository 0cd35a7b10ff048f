//! The process that serves a container: from the first order to the end of the disk.
//!
//! Standard input is the socket to the starter, standard error the kernel log; the container's directory comes with
//! the first order. After that no path is looked up, since the root may be another one. The starter may go, the
//! disk stays; the process ends when the kernel says that nobody has the disk any more.

mod process;
mod serving;

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use perch_core::serving::{Answer, Failure, FailureKind, MAX_PACKET, NAME, Order};
use perch_sys::packet;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use serving::{Request, Serving};

/// What comes next for the process.
enum Next {
    /// Another order may come.
    Go,
    /// It is over.
    End(ExitCode),
}

/// Serves what the other end of standard input orders, until nobody needs it.
pub fn run() -> ExitCode {
    process::start_log();
    let signals = match process::detach() {
        Ok(signals) => signals,
        Err(error) => {
            log::error!("cannot hold signals back: {error}");
            return ExitCode::FAILURE;
        }
    };
    let Ok(control) = std::io::stdin().as_fd().try_clone_to_owned() else {
        log::error!("is only started by perch itself");
        return ExitCode::FAILURE;
    };
    process::harden();
    Server {
        control: Some(control),
        signals,
        serving: None,
    }
    .run()
}

struct Server {
    /// Absent when the starter is gone.
    control: Option<OwnedFd>,
    signals: OwnedFd,
    /// Absent before the first order.
    serving: Option<Serving>,
}

impl Server {
    fn run(&mut self) -> ExitCode {
        loop {
            let (told, signalled, ended) = match self.wait() {
                Ok(ready) => ready,
                Err(error) => {
                    log::error!("cannot wait for orders: {error}");
                    return ExitCode::FAILURE;
                }
            };
            if told && let Next::End(code) = self.obey() {
                return code;
            }
            if signalled {
                self.signalled();
            }
            // An order that came before the end counts.
            if ended && !told {
                return self
                    .serving
                    .take()
                    .map_or(ExitCode::SUCCESS, Serving::finish);
            }
        }
    }

    /// Waits, as long as that takes, for the starter, for signals and for the end of the disk.
    fn wait(&self) -> Result<(bool, bool, bool), Errno> {
        let control = self
            .control
            .as_ref()
            .map_or(self.signals.as_fd(), AsFd::as_fd);
        let ended = self
            .serving
            .as_ref()
            .map_or(self.signals.as_fd(), |serving| serving.ended());
        let mut fds = [control, self.signals.as_fd(), ended]
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let [control, signals, ended] = fds.map(|fd| !fd.revents().is_empty());
        Ok((
            control && self.control.is_some(),
            signals,
            ended && self.serving.is_some(),
        ))
    }

    /// Takes one order.
    fn obey(&mut self) -> Next {
        let Some(control) = &self.control else {
            return Next::Go;
        };
        let packet = match packet::receive(control, MAX_PACKET, Duration::ZERO) {
            Ok(packet) if !packet.bytes.is_empty() => packet,
            Err(Errno::TIMEDOUT) => return Next::Go,
            // An end that was closed with something unread is a reset.
            Ok(_) | Err(Errno::CONNRESET) => return self.left_alone(),
            Err(error) => return self.refuse(FailureKind::Order, &error),
        };
        let order = match Order::from_packet(&packet.bytes) {
            Ok(order) => order,
            Err(error) => return self.refuse(FailureKind::Order, &error),
        };
        let answer = match (order, &mut self.serving) {
            (Order::Stop, _) => return self.left_alone(),
            (Order::Create { place, split, size }, None) => self.begin(
                Request::Create { split, size },
                place.base.as_str(),
                place.mode,
                packet.descriptor,
            ),
            (Order::Open { place, access }, None) => self.begin(
                Request::Open(access),
                place.base.as_str(),
                place.mode,
                packet.descriptor,
            ),
            (Order::Snapshot { mode }, None) => match packet.descriptor {
                Some(file) => Serving::snapshot(file, mode).map(|begun| self.begun(begun)),
                None => Err(Failure::new(
                    FailureKind::Order,
                    "the file did not come with the order",
                )),
            },
            (Order::Commit, Some(serving)) => serving.commit().map(|()| (Answer::Committed, None)),
            (Order::Grow { to }, Some(serving)) => serving
                .grow(to.bytes())
                .map(|size| (Answer::Grown { size }, None)),
            (
                Order::Watch {
                    session,
                    name,
                    device,
                    cap,
                },
                Some(serving),
            ) => match packet.descriptor {
                Some(above) => serving
                    .watch(session, above, name, device, cap)
                    .map(|size| (Answer::Watching { size }, None)),
                None => Err(Failure::new(
                    FailureKind::Order,
                    "the directory above the mount did not come with the order",
                )),
            },
            (Order::Create { .. } | Order::Open { .. } | Order::Snapshot { .. }, Some(_)) => {
                Err(Failure::new(
                    FailureKind::Order,
                    format!("{NAME} serves a container already"),
                ))
            }
            (Order::Commit | Order::Grow { .. } | Order::Watch { .. }, None) => Err(Failure::new(
                FailureKind::Order,
                format!("{NAME} serves nothing yet"),
            )),
        };
        match answer {
            Ok((answer, mount)) => self.answer(&answer, mount),
            Err(failure) => {
                log::warn!("{failure}");
                self.answer(&Answer::Failed(failure), None)
            }
        }
    }

    /// Carries the first order out.
    fn begin(
        &mut self,
        request: Request,
        base: &str,
        mode: u16,
        directory: Option<OwnedFd>,
    ) -> Result<(Answer, Option<OwnedFd>), Failure> {
        let directory = directory.ok_or_else(|| {
            Failure::new(
                FailureKind::Order,
                "the directory of the container did not come with the order",
            )
        })?;
        Serving::begin(request, directory, base, mode).map(|begun| self.begun(begun))
    }

    fn begun(&mut self, (serving, mount): (Serving, OwnedFd)) -> (Answer, Option<OwnedFd>) {
        let size = serving.size();
        self.serving = Some(serving);
        (Answer::Ready { size }, Some(mount))
    }

    fn refuse(&mut self, kind: FailureKind, error: &dyn std::fmt::Display) -> Next {
        self.answer(&Answer::Failed(Failure::new(kind, error)), None)
    }

    /// Sends an answer; the server's own descriptor of the mount is closed with that.
    fn answer(&mut self, answer: &Answer, mount: Option<OwnedFd>) -> Next {
        let Some(control) = &self.control else {
            return Next::Go;
        };
        let packet = match answer.to_packet() {
            Ok(packet) => packet,
            Err(error) => {
                log::error!("{error}");
                return Next::Go;
            }
        };
        match packet::send(control, &packet, mount.as_ref().map(AsFd::as_fd)) {
            Ok(()) => Next::Go,
            Err(error) => {
                log::debug!("nobody takes an answer: {error}");
                self.left_alone()
            }
        }
    }

    /// The starter is gone, or has done with us: what is a container is served on.
    fn left_alone(&mut self) -> Next {
        self.control = None;
        match &self.serving {
            None => Next::End(ExitCode::SUCCESS),
            Some(serving) if serving.is_committed() => Next::Go,
            Some(serving) => {
                serving.remove();
                Next::End(ExitCode::SUCCESS)
            }
        }
    }

    /// A signal that ends programs: the disk is in use, so it is made durable and served on.
    fn signalled(&mut self) {
        let mut numbers = [0; 1024];
        while let Ok(1..) = rustix::io::read(&self.signals, &mut numbers) {}
        if let Some(serving) = &self.serving {
            serving.flush("a signal");
        }
    }
}

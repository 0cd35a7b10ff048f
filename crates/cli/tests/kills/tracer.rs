//! Runs a program by ptrace(2), and does something to it at one of its system calls.
//!
//! All threads of the program are counted together. The programs that it starts are not followed: a kill of perch does
//! not reach them either.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::calls::Call;

/// How long a program may take; none of them needs a tenth of it.
const LIMIT: Duration = Duration::from_secs(120);

/// What is done to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: its calls are counted.
    None,
    /// SIGKILL before that call is made, counted from 1.
    Kill(usize),
    /// That call is not made, and seems to fail like this.
    Fail(usize, Errno),
    /// That fsync(2) seems to fail with `EIO`, counted among its like.
    FailSync(usize),
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Traced {
    /// `None` after a signal.
    pub(crate) status: Option<i32>,
    /// Which signal ended it.
    pub(crate) signal: Option<Signal>,
    /// How many calls it made that count.
    pub(crate) calls: usize,
    /// The call at which the fault struck; `None` if it ended before.
    pub(crate) struck: Option<&'static str>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `program`, whose standard input is empty.
#[expect(clippy::zombie_processes, reason = "the tracer waits for it")]
pub(crate) fn trace(program: &Command, fault: Fault) -> Traced {
    let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    // It waits until the tracer is there.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "read go; exec \"$@\"", "sh"]);
    command.arg(program.get_program()).args(program.get_args());
    command.env_clear();
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.process_group(0).stdin(Stdio::piped());
    command.stdout(out.try_clone().unwrap());
    command.stderr(err.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).unwrap();
    ptrace::interrupt(pid).unwrap();
    waitpid(pid, Some(WaitPidFlag::__WALL)).unwrap();
    ptrace::syscall(pid, None).unwrap();
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    // Whoever hangs is killed, and fails by that signal.
    let (ended, watch) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if watch.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = killpg(pid, Signal::SIGABRT);
        }
    });
    let mut traced = Tracer::new(pid, fault).run();
    drop(ended);
    watchdog.join().unwrap();
    traced.out = text(out);
    traced.err = text(err);
    traced
}

fn text(mut file: File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Tracer {
    leader: Pid,
    fault: Fault,
    /// The shell before it does not count.
    has_begun: bool,
    /// The threads that are within a call.
    within: HashSet<Pid>,
    /// The thread whose call has to fail.
    failing: Option<Pid>,
    traced: Traced,
}

impl Tracer {
    fn new(leader: Pid, fault: Fault) -> Self {
        Self {
            leader,
            fault,
            has_begun: false,
            within: HashSet::new(),
            failing: None,
            traced: Traced {
                status: None,
                signal: None,
                calls: 0,
                struck: None,
                out: String::new(),
                err: String::new(),
            },
        }
    }

    fn run(mut self) -> Traced {
        let group = Pid::from_raw(-self.leader.as_raw());
        loop {
            let (process, signal) = match waitpid(group, Some(WaitPidFlag::__WALL)).unwrap() {
                WaitStatus::Exited(process, status) if process == self.leader => {
                    self.traced.status = Some(status);
                    return self.traced;
                }
                WaitStatus::Signaled(process, signal, _) if process == self.leader => {
                    self.traced.signal = Some(signal);
                    return self.traced;
                }
                WaitStatus::PtraceSyscall(process) => {
                    self.call(process);
                    (process, None)
                }
                WaitStatus::PtraceEvent(process, _, event) => {
                    if event == nix::libc::PTRACE_EVENT_EXEC {
                        self.has_begun = true;
                        self.within.insert(process);
                    }
                    (process, None)
                }
                WaitStatus::Stopped(process, signal) => (process, Some(signal)),
                _ => continue,
            };
            // ESRCH: it was killed meanwhile, and is reported once more.
            let _ = ptrace::syscall(process, signal);
        }
    }

    /// A call begins, or has ended.
    fn call(&mut self, process: Pid) {
        if self.within.remove(&process) {
            if self.failing == Some(process) {
                self.failing = None;
                self.give_error(process);
            }
            return;
        }
        self.within.insert(process);
        if !self.has_begun || self.traced.struck.is_some() {
            return;
        }
        let Ok(registers) = ptrace::getregs(process) else {
            return;
        };
        let Some(call) = Call::of(process, &registers) else {
            return;
        };
        if !self.strikes(call) {
            return;
        }
        self.traced.calls += 1;
        match self.fault {
            Fault::Kill(at) if at == self.traced.calls => {
                self.traced.struck = Some(call.name);
                kill(self.leader, Signal::SIGKILL).unwrap();
            }
            Fault::Fail(at, _) | Fault::FailSync(at) if at == self.traced.calls => {
                self.traced.struck = Some(call.name);
                self.failing = Some(process);
                let mut registers = registers;
                // ptrace(2), x86: no call has that number, so none is made.
                registers.orig_rax = u64::MAX;
                ptrace::setregs(process, registers).unwrap();
            }
            Fault::None | Fault::Kill(_) | Fault::Fail(..) | Fault::FailSync(_) => {}
        }
    }

    /// Whether the fault can be of this call.
    fn strikes(&self, call: Call) -> bool {
        match self.fault {
            Fault::None | Fault::Kill(_) => true,
            Fault::Fail(_, Errno::ENOSPC) => call.takes_space && !call.is_speech,
            Fault::FailSync(_) => call.name == "fsync",
            Fault::Fail(..) => !call.is_of_processes && !call.is_speech,
        }
    }

    fn give_error(&self, process: Pid) {
        let errno = match self.fault {
            Fault::Fail(_, errno) => errno,
            Fault::None | Fault::Kill(_) | Fault::FailSync(_) => Errno::EIO,
        };
        let mut registers = ptrace::getregs(process).unwrap();
        registers.rax = (-i64::from(errno as i32)).cast_unsigned();
        ptrace::setregs(process, registers).unwrap();
    }
}

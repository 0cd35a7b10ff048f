//! Which system calls count: those that change files, mounts or devices, and those that start other programs or wait for them.

use nix::libc::{self, c_long, user_regs_struct};
use nix::sys::ptrace;
use nix::unistd::Pid;

/// One system call as it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    /// It writes to standard output or standard error: whether that works is not the store's concern.
    pub(crate) is_speech: bool,
    /// It takes space, so a full medium can refuse it.
    pub(crate) takes_space: bool,
    /// It changes no file: the medium has nothing to do with it.
    pub(crate) is_of_processes: bool,
}

/// What a call is to whoever counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Takes space.
    Grow,
    /// Changes what is there.
    Change,
    /// Opens: counts if it makes or empties a file; the number of the argument that holds the flags.
    Open(usize),
    /// As `Open`, with the flags in memory.
    Open2,
    /// Starts a program, waits for it or tells it something.
    Process,
}

use Sort::{Change, Grow, Open, Open2, Process};

const CALLS: &[(c_long, &str, Sort)] = &[
    (libc::SYS_open, "open", Open(1)),
    (libc::SYS_openat, "openat", Open(2)),
    (libc::SYS_openat2, "openat2", Open2),
    (libc::SYS_creat, "creat", Grow),
    (libc::SYS_write, "write", Grow),
    (libc::SYS_pwrite64, "pwrite64", Grow),
    (libc::SYS_writev, "writev", Grow),
    (libc::SYS_pwritev, "pwritev", Grow),
    (libc::SYS_pwritev2, "pwritev2", Grow),
    (libc::SYS_copy_file_range, "copy_file_range", Grow),
    (libc::SYS_sendfile, "sendfile", Grow),
    (libc::SYS_splice, "splice", Grow),
    (libc::SYS_fallocate, "fallocate", Grow),
    (libc::SYS_truncate, "truncate", Grow),
    (libc::SYS_ftruncate, "ftruncate", Grow),
    (libc::SYS_mkdir, "mkdir", Grow),
    (libc::SYS_mkdirat, "mkdirat", Grow),
    (libc::SYS_mknod, "mknod", Grow),
    (libc::SYS_mknodat, "mknodat", Grow),
    (libc::SYS_symlink, "symlink", Grow),
    (libc::SYS_symlinkat, "symlinkat", Grow),
    (libc::SYS_link, "link", Grow),
    (libc::SYS_linkat, "linkat", Grow),
    (libc::SYS_rename, "rename", Grow),
    (libc::SYS_renameat, "renameat", Grow),
    (libc::SYS_renameat2, "renameat2", Grow),
    (libc::SYS_setxattr, "setxattr", Grow),
    (libc::SYS_lsetxattr, "lsetxattr", Grow),
    (libc::SYS_fsetxattr, "fsetxattr", Grow),
    (libc::SYS_fsync, "fsync", Grow),
    (libc::SYS_fdatasync, "fdatasync", Grow),
    (libc::SYS_syncfs, "syncfs", Grow),
    (libc::SYS_sync_file_range, "sync_file_range", Grow),
    (libc::SYS_msync, "msync", Grow),
    (libc::SYS_removexattr, "removexattr", Change),
    (libc::SYS_lremovexattr, "lremovexattr", Change),
    (libc::SYS_fremovexattr, "fremovexattr", Change),
    (libc::SYS_unlink, "unlink", Change),
    (libc::SYS_unlinkat, "unlinkat", Change),
    (libc::SYS_rmdir, "rmdir", Change),
    (libc::SYS_chmod, "chmod", Change),
    (libc::SYS_fchmod, "fchmod", Change),
    (libc::SYS_fchmodat, "fchmodat", Change),
    (libc::SYS_chown, "chown", Change),
    (libc::SYS_fchown, "fchown", Change),
    (libc::SYS_lchown, "lchown", Change),
    (libc::SYS_fchownat, "fchownat", Change),
    (libc::SYS_utimensat, "utimensat", Change),
    (libc::SYS_ioctl, "ioctl", Change),
    (libc::SYS_mount, "mount", Change),
    (libc::SYS_umount2, "umount2", Change),
    (libc::SYS_move_mount, "move_mount", Change),
    (libc::SYS_open_tree, "open_tree", Change),
    (libc::SYS_fsopen, "fsopen", Change),
    (libc::SYS_fsconfig, "fsconfig", Change),
    (libc::SYS_fsmount, "fsmount", Change),
    (libc::SYS_mount_setattr, "mount_setattr", Change),
    (libc::SYS_flock, "flock", Process),
    (libc::SYS_unshare, "unshare", Process),
    (libc::SYS_setns, "setns", Process),
    (libc::SYS_sendmsg, "sendmsg", Process),
    (libc::SYS_sendto, "sendto", Process),
    (libc::SYS_clone, "clone", Process),
    (libc::SYS_clone3, "clone3", Process),
    (libc::SYS_fork, "fork", Process),
    (libc::SYS_vfork, "vfork", Process),
    (libc::SYS_wait4, "wait4", Process),
    (libc::SYS_waitid, "waitid", Process),
    (libc::SYS_kill, "kill", Process),
    (libc::SYS_pidfd_send_signal, "pidfd_send_signal", Process),
];

impl Call {
    /// The call that `process` is about to make, if it counts.
    pub(crate) fn of(process: Pid, registers: &user_regs_struct) -> Option<Self> {
        let number = c_long::try_from(registers.orig_rax).ok()?;
        let (_, name, sort) = CALLS.iter().find(|(known, ..)| *known == number)?;
        let arguments = [registers.rdi, registers.rsi, registers.rdx];
        let counts = match sort {
            Open(at) => makes(arguments[*at]),
            // openat2(2): `struct open_how` begins with the flags.
            Open2 => {
                let word = ptrace::read(process, registers.rdx as ptrace::AddressType).ok()?;
                makes(word.cast_unsigned())
            }
            Grow | Change | Process => true,
        };
        let writes = [libc::SYS_write, libc::SYS_writev].contains(&number);
        counts.then_some(Self {
            name,
            is_speech: writes && (1..=2).contains(&registers.rdi),
            takes_space: matches!(sort, Grow | Open(_) | Open2),
            is_of_processes: *sort == Process,
        })
    }
}

/// Whether open(2) with these flags changes something.
fn makes(flags: u64) -> bool {
    let changing = libc::O_CREAT | libc::O_TRUNC | (libc::O_TMPFILE & !libc::O_DIRECTORY);
    flags & u64::from(changing.cast_unsigned()) != 0
}

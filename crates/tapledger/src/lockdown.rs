//! What processes that listen give up before they see a frame.
//!
//! `capture` gives up the right to open and to use sockets for sending. The sensor's capturing process keeps CAP_NET_RAW, may make no network call but those of an allow-list without any that sends,
//! and may write to its two pipes only: a packet socket sends what is written to it. The decoding process keeps no
//! capability, reaches no network, starts no program, and sees only the folders of the register.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use rustix::thread::{CapabilitySet, CapabilitySets};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Descriptors that the capturing process may write to: standard output, which is the pipe of frames, and standard error.
const PIPES: [u64; 2] = [1, 2];

/// Newest rules of Landlock that are asked for; older kernels enforce what they know of them.
const RULES: ABI = ABI::V5;

/// System calls of the capturing process, apart from those with conditions. None sends.
const CAPTURING: &[i64] = &[
    libc::SYS_bind,
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getdents64,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_ioctl,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_ppoll,
    libc::SYS_prctl,
    libc::SYS_pread64,
    libc::SYS_prlimit64,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_setsockopt,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    libc::SYS_tgkill,
    libc::SYS_uname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
];

/// System calls that the decoding process is refused.
const NOT_DECODING: &[i64] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bind,
    libc::SYS_bpf,
    libc::SYS_capset,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_kill,
    libc::SYS_listen,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_setregid,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setreuid,
    libc::SYS_settimeofday,
    libc::SYS_setuid,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// System calls that the foreground capture is refused whatever they name: those that may write to a descriptor that they do
/// not name first, and those that reach other processes and the kernel.
const NOT_LISTENING: &[i64] = &[
    libc::SYS_bpf,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_vmsplice,
];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Gives up everything but listening. Call it before any thread is started.
///
/// # Errors
///
/// Fails where the kernel cannot: then nothing is listened to.
pub(crate) fn capturing() -> io::Result<()> {
    keep(CapabilitySet::NET_RAW)?;
    let readable = ["/etc", "/lib", "/lib64", "/proc", "/sys", "/usr"].map(PathBuf::from);
    // Without Landlock the process can read what its user can, and still write nowhere: the filter sees to that.
    let _ = confine(&readable, &[]);
    apply(&capturing_filter()?)
}

/// Gives up what the foreground capture does not need any more once its packet socket is open: the right to open another,
/// and every call that sends on this one. Call it before any thread is started.
///
/// # Errors
///
/// Fails where the kernel has no seccomp or keeps a capability.
pub(crate) fn listening(socket: BorrowedFd<'_>) -> io::Result<()> {
    // The register may lie in a folder of the user who called sudo.
    let files = [
        CapabilitySet::CHOWN,
        CapabilitySet::DAC_OVERRIDE,
        CapabilitySet::DAC_READ_SEARCH,
        CapabilitySet::FOWNER,
    ];
    keep(files.into_iter().collect())?;
    apply(&listening_filter(socket)?)
}

/// Gives up all capabilities, the network, and all files but these. Call it before any thread is started.
/// Says how far the kernel confines file access.
///
/// # Errors
///
/// Fails where the kernel has no seccomp or keeps a capability.
pub(crate) fn decoding(readable: &[PathBuf], writable: &[PathBuf]) -> io::Result<RulesetStatus> {
    keep(CapabilitySet::empty())?;
    let status = confine(readable, writable)?;
    apply(&decoding_filter()?)?;
    Ok(status)
}

/// Keeps of its capabilities only these, for ever.
fn keep(kept: CapabilitySet) -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    // Old kernels have no ambient set, and who may not lower the bounding set can gain nothing by it either.
    let _ = rustix::thread::clear_ambient_capability_set();
    for capability in CapabilitySet::all().difference(kept).iter() {
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let kept = rustix::thread::capabilities(None)?.permitted & kept;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets)?;
    Ok(())
}

fn confine(readable: &[PathBuf], writable: &[PathBuf]) -> io::Result<RulesetStatus> {
    let confined = || {
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(RULES))?
            .handle_access(AccessNet::from_all(RULES))?
            .create()?
            .add_rules(path_beneath_rules(readable, AccessFs::ReadFile | AccessFs::ReadDir))?
            .add_rules(path_beneath_rules(writable, AccessFs::from_all(RULES) & !AccessFs::Execute))?
            .restrict_self()?;
        Ok::<_, landlock::RulesetError>(status.ruleset)
    };
    confined().map_err(io::Error::other)
}

fn apply(program: &BpfProgram) -> io::Result<()> {
    seccompiler::apply_filter(program).map_err(io::Error::other)
}

fn refused() -> SeccompAction {
    SeccompAction::Errno(libc::EPERM.unsigned_abs())
}

fn compile(rules: Rules, otherwise: SeccompAction, listed: SeccompAction) -> io::Result<BpfProgram> {
    let architecture = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    SeccompFilter::new(rules, otherwise, listed, architecture)
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)
}

/// A condition on the argument at `at`: a number of 32 bits, as descriptors and address families are.
fn condition(at: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(at, SeccompCmpArgLen::Dword, operator, value).map_err(io::Error::other)
}

fn argument(at: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompRule> {
    SeccompRule::new(vec![condition(at, operator, value)?]).map_err(io::Error::other)
}

fn any_of(at: u8, values: &[u64]) -> io::Result<Vec<SeccompRule>> {
    values.iter().map(|value| argument(at, SeccompCmpOp::Eq, *value)).collect()
}

fn family(number: i32) -> u64 {
    number.unsigned_abs().into()
}

/// Everything that is not listed is refused, with it all that sends, duplicates a descriptor or starts a program.
fn capturing_filter() -> io::Result<BpfProgram> {
    let mut rules: Rules = CAPTURING.iter().map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_write, any_of(0, &PIPES)?);
    let families = [libc::AF_PACKET, libc::AF_NETLINK, libc::AF_UNIX].map(family);
    rules.insert(libc::SYS_socket, any_of(0, &families)?);
    // Their numbers stay those of the pipes.
    rules.insert(libc::SYS_close, vec![argument(0, SeccompCmpOp::Gt, 2)?]);
    let settings = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL];
    rules.insert(libc::SYS_fcntl, any_of(1, &settings.map(family))?);
    compile(rules, refused(), SeccompAction::Allow)
}

/// Nothing is sent or written by way of the packet socket, and it gets no other number. What catches signals sends to itself by another one.
fn listening_filter(socket: BorrowedFd<'_>) -> io::Result<BpfProgram> {
    let mut rules: Rules = NOT_LISTENING.iter().map(|call| (*call, Vec::new())).collect();
    let socket = family(socket.as_raw_fd());
    for call in [
        libc::SYS_dup,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_dup2,
        libc::SYS_dup3,
        libc::SYS_pwrite64,
        libc::SYS_pwritev,
        libc::SYS_pwritev2,
        libc::SYS_sendfile,
        libc::SYS_sendmmsg,
        libc::SYS_sendmsg,
        libc::SYS_sendto,
        libc::SYS_write,
        libc::SYS_writev,
    ] {
        rules.insert(call, vec![argument(0, SeccompCmpOp::Eq, socket)?]);
    }
    rules.insert(libc::SYS_socket, vec![argument(0, SeccompCmpOp::Ne, family(libc::AF_UNIX))?]);
    let duplicates = [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC].map(|command| {
        let conditions =
            vec![condition(0, SeccompCmpOp::Eq, socket)?, condition(1, SeccompCmpOp::Eq, family(command))?];
        SeccompRule::new(conditions).map_err(io::Error::other)
    });
    rules.insert(libc::SYS_fcntl, duplicates.into_iter().collect::<io::Result<_>>()?);
    compile(rules, SeccompAction::Allow, refused())
}

fn decoding_filter() -> io::Result<BpfProgram> {
    let mut rules: Rules = NOT_DECODING.iter().map(|call| (*call, Vec::new())).collect();
    // The service manager is told by a datagram of the machine itself.
    rules.insert(libc::SYS_socket, vec![argument(0, SeccompCmpOp::Ne, family(libc::AF_UNIX))?]);
    compile(rules, SeccompAction::Allow, refused())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use super::*;

    fn denied<T>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// A filter holds for the thread that applies it, so that the other tests are left alone.
    fn in_a_thread(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().unwrap();
    }

    #[test]
    fn who_captures_can_neither_send_nor_write_to_a_socket_nor_start_a_program() {
        let (one, other) = UnixStream::pair().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        in_a_thread(move || {
            rustix::thread::set_no_new_privs(true).unwrap();
            apply(&capturing_filter().unwrap()).unwrap();
            assert!(denied(socket.send_to(b"x", to)));
            assert!(rustix::io::write(&socket, b"x").is_err_and(|error| error == rustix::io::Errno::PERM));
            assert!(rustix::io::write(&one, b"x").is_err_and(|error| error == rustix::io::Errno::PERM));
            assert!(rustix::io::dup(&one).is_err_and(|error| error == rustix::io::Errno::PERM));
            assert!(denied(UdpSocket::bind("127.0.0.1:0")));
            assert!(denied(Command::new("/bin/true").status()));
            // Reading goes on.
            other.set_nonblocking(true).unwrap();
            let read = rustix::io::read(&other, &mut [0_u8; 4]);
            assert!(read.is_err_and(|error| error == rustix::io::Errno::AGAIN));
            assert!(std::fs::read_to_string("/proc/self/net/dev").is_ok());
        });
    }

    #[test]
    fn who_captures_in_the_foreground_can_send_on_no_socket_and_write_to_all_but_its_own() {
        let (one, other) = UnixStream::pair().unwrap();
        let folder = tempfile::tempdir().unwrap();
        in_a_thread(move || {
            listening(one.as_fd()).unwrap();
            let refused = |result: rustix::io::Result<usize>| result == Err(rustix::io::Errno::PERM);
            assert!(refused(rustix::io::write(&one, b"x")));
            assert!(refused(rustix::io::writev(&one, &[io::IoSlice::new(b"x")])));
            assert!(rustix::io::dup(&one).is_err_and(|error| error == rustix::io::Errno::PERM));
            assert!(denied(one.try_clone()));
            assert!(denied((&one).write(b"x")), "the standard library sends on sockets");
            assert!(denied(UdpSocket::bind("127.0.0.1:0")));
            assert!(denied(Command::new("/bin/true").status()));
            assert_eq!(rustix::io::write(&other, b"x"), Ok(1), "other descriptors are written to as before");
            std::fs::write(folder.path().join("register.db"), "x").unwrap();
            assert!(!rustix::thread::capabilities(None).unwrap().permitted.contains(CapabilitySet::NET_RAW));
        });
    }

    #[test]
    fn who_decodes_reaches_no_network_starts_no_program_and_sees_its_folders_only() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        in_a_thread(move || {
            let status = decoding(&[], &[folder.path().to_path_buf()]).unwrap();
            assert!(denied(UdpSocket::bind("127.0.0.1:0")));
            assert!(denied(Command::new("/bin/true").status()));
            assert!(rustix::thread::capabilities(None).unwrap().permitted.is_empty());
            std::fs::write(folder.path().join("register.db"), "x").unwrap();
            if status == RulesetStatus::NotEnforced {
                return println!("SKIPPED: this kernel has no Landlock");
            }
            assert!(denied(File::create(outside.path().join("x"))));
            assert!(denied(std::fs::read_to_string("/etc/passwd")));
        });
    }
}

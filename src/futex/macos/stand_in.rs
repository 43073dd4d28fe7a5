//! A stand-in of macOS's calls on Linux: they take the same arguments, and sleep in Linux's futex. Like those of macOS, they
//! refuse arguments that they do not know, and return early now and then.

use super::{AddressCalls, CLOCK_MACH_ABSOLUTE, ULOCK_COMPARE_AND_WAIT, UlockWait, UlockWake};
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Whether the system is older than macOS 14.4.
pub static IS_OLD: AtomicBool = AtomicBool::new(false);
/// Whether each sleep ends after a millisecond, for no reason.
pub static ENDS_EARLY: AtomicBool = AtomicBool::new(false);
/// How many calls were refused.
pub static REFUSED: AtomicUsize = AtomicUsize::new(0);
/// How many sleeps began.
pub static SLEEPS: AtomicUsize = AtomicUsize::new(0);
/// The limit of the last sleep in nanoseconds; zero for none.
pub static LAST_LIMIT: AtomicU64 = AtomicU64::new(0);

pub const ULOCK_WAIT: UlockWait = ulock_wait;
pub const ULOCK_WAKE: UlockWake = ulock_wake;

static CALLS: AddressCalls = AddressCalls {
    wait: wait_on_address,
    wait_with_timeout,
    wake: wake_by_address,
};

pub fn address_calls() -> Option<&'static AddressCalls> {
    (!IS_OLD.load(Ordering::SeqCst)).then_some(&CALLS)
}

fn refuse() -> c_int {
    REFUSED.fetch_add(1, Ordering::SeqCst);
    -1
}

/// Sleeps, for so many nanoseconds at most; zero for no limit.
fn sleep(address: *mut c_void, value: u64, limit: u64) -> c_int {
    SLEEPS.fetch_add(1, Ordering::SeqCst);
    LAST_LIMIT.store(limit, Ordering::SeqCst);
    let early = ENDS_EARLY.load(Ordering::SeqCst);
    let limit = if early { 1_000_000 } else { limit };
    let time = libc::timespec {
        tv_sec: (limit / 1_000_000_000) as _,
        tv_nsec: (limit % 1_000_000_000) as _,
    };
    let until = if limit == 0 {
        ptr::null()
    } else {
        ptr::from_ref(&time)
    };
    // SAFETY: the caller passes the address of a live word; the time lives until the call returns.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            address,
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            value as u32,
            until,
        ) as c_int
    }
}

fn wake(address: *mut c_void) -> c_int {
    // SAFETY: waking takes an address and reads nothing through it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            address,
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            1,
        ) as c_int
    }
}

unsafe extern "C" fn wait_on_address(
    address: *mut c_void,
    value: u64,
    size: usize,
    flags: u32,
) -> c_int {
    match (size, flags) {
        (4, 0) => sleep(address, value, 0),
        _ => refuse(),
    }
}

unsafe extern "C" fn wait_with_timeout(
    address: *mut c_void,
    value: u64,
    size: usize,
    flags: u32,
    clock: u32,
    nanoseconds: u64,
) -> c_int {
    match (size, flags, clock, nanoseconds) {
        (4, 0, CLOCK_MACH_ABSOLUTE, 1..) => sleep(address, value, nanoseconds),
        _ => refuse(),
    }
}

unsafe extern "C" fn wake_by_address(address: *mut c_void, size: usize, flags: u32) -> c_int {
    match (size, flags) {
        (4, 0) => wake(address),
        _ => refuse(),
    }
}

unsafe extern "C" fn ulock_wait(
    operation: u32,
    address: *mut c_void,
    value: u64,
    microseconds: u32,
) -> c_int {
    match operation {
        ULOCK_COMPARE_AND_WAIT => sleep(address, value, u64::from(microseconds) * 1_000),
        _ => refuse(),
    }
}

unsafe extern "C" fn ulock_wake(operation: u32, address: *mut c_void, wake_value: u64) -> c_int {
    match (operation, wake_value) {
        (ULOCK_COMPARE_AND_WAIT, 0) => wake(address),
        _ => refuse(),
    }
}

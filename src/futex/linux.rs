//! Linux: private futexes with absolute deadlines on `CLOCK_MONOTONIC` (futex(2), `FUTEX_WAIT_BITSET`).

use super::{Deadline, Futex, Wake};
use crate::sync::AtomicU32;
use std::ptr;

/// A word that sleeps in the kernel's futex.
pub struct Linux {
    word: AtomicU32,
}

impl Futex for Linux {
    fn new(value: u32) -> Self {
        Linux {
            word: AtomicU32::new(value),
        }
    }

    fn word(&self) -> &AtomicU32 {
        &self.word
    }

    fn wait(&self, expected: u32, deadline: Option<Deadline>) -> Wake {
        let until = deadline.map(timespec);
        // SAFETY: the word outlives the call, which borrows it; the time is null or a valid timespec that lives
        // until the call returns. FUTEX_WAIT_BITSET takes an absolute monotonic time.
        let result = unsafe {
            libc::syscall(
                libc::SYS_futex,
                self.word.as_ptr(),
                libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
                expected,
                until.as_ref().map_or(ptr::null(), ptr::from_ref),
                ptr::null::<u32>(),
                libc::FUTEX_BITSET_MATCH_ANY,
            )
        };
        if result < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ETIMEDOUT) {
            Wake::TimedOut
        } else {
            Wake::Woken
        }
    }

    fn wake(&self) {
        // SAFETY: waking takes an address and reads nothing through it.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                self.word.as_ptr(),
                libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                1,
            );
        }
    }
}

fn timespec(deadline: Deadline) -> libc::timespec {
    let nanoseconds = deadline.as_nanoseconds();
    libc::timespec {
        // The type is `time_t`, which libc deprecates for musl by name. It has 64 bits where `c_long` has.
        tv_sec: (nanoseconds / 1_000_000_000)
            .try_into()
            .unwrap_or(libc::c_long::MAX as _),
        // Below 10^9, so it fits into every c_long.
        tv_nsec: (nanoseconds % 1_000_000_000) as _,
    }
}

pub(super) fn monotonic_nanoseconds() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid place for a timespec, and CLOCK_MONOTONIC exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

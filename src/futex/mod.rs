//! Sleeping on a word of memory, as each operating system offers it: one trait, one file a system.
//!
//! The only words that anybody sleeps on are the ones inside the [thread records](crate::threads), never the
//! user's cells: a word of the thread's own can be poked by whoever wants the thread, for whatever reason.

use crate::sync::AtomicU32;

#[cfg(all(target_os = "linux", not(loom)))]
mod linux;
#[cfg(all(target_os = "macos", not(loom)))]
mod macos;
#[cfg(loom)]
mod model;
#[cfg(all(windows, not(loom)))]
mod windows;

#[cfg(all(target_os = "linux", not(loom)))]
pub use linux::Linux as Native;
#[cfg(all(target_os = "macos", not(loom)))]
pub use macos::Macos as Native;
#[cfg(loom)]
pub use model::Model as Native;
#[cfg(all(windows, not(loom)))]
pub use windows::Windows as Native;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows, loom)))]
compile_error!("shared-sync knows the futexes of Linux, macOS and Windows only");

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Somebody woke the sleeper, the word had changed before it slept, or the system woke it for no reason:
    /// the caller looks at its own state to tell these apart.
    Woken,
    /// The deadline passed. Never reported early.
    TimedOut,
}

/// A word that one thread sleeps on and any thread may wake.
pub trait Futex {
    /// A word that holds `value`.
    fn new(value: u32) -> Self
    where
        Self: Sized;

    /// The word, to be read and changed by anybody.
    fn word(&self) -> &AtomicU32;

    /// Sleeps while the word holds `expected`, until woken or past `deadline`. The comparison and falling
    /// asleep are one step with respect to [`Futex::wake`]: a wake that follows a change of the word is not lost.
    fn wait(&self, expected: u32, deadline: Option<Deadline>) -> Wake;

    /// Wakes the thread that sleeps on the word, if any.
    fn wake(&self);
}

/// A moment on the system's monotonic clock, in nanoseconds since that clock's own beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u64);

impl Deadline {
    /// Now.
    pub fn now() -> Self {
        Deadline(monotonic_nanoseconds())
    }

    /// The moment `milliseconds` from now: none for infinity, clamped to the clock's range where it is longer.
    pub fn after_milliseconds(milliseconds: f64) -> Option<Self> {
        if milliseconds == f64::INFINITY {
            return None;
        }
        // `as` saturates, so that a huge limit is clamped and never wraps into the past; rounded up, since a
        // limit must never be early.
        let nanoseconds = (milliseconds * 1e6).ceil() as u64;
        Some(Self::now().plus(nanoseconds))
    }

    /// This moment, `nanoseconds` later.
    pub fn plus(self, nanoseconds: u64) -> Self {
        // Half the range: far beyond any uptime, and still valid as a signed count of seconds for every system.
        Deadline(self.0.saturating_add(nanoseconds).min(u64::MAX / 2))
    }

    /// The moment at which the monotonic clock shows `nanoseconds`.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Deadline(nanoseconds)
    }

    /// Nanoseconds on the monotonic clock.
    pub fn as_nanoseconds(self) -> u64 {
        self.0
    }
}

/// The models know no time, only now, when a wait may time out, and later, which never comes.
#[cfg(loom)]
fn monotonic_nanoseconds() -> u64 {
    0
}

#[cfg(all(target_os = "linux", not(loom)))]
use linux::monotonic_nanoseconds;
#[cfg(all(target_os = "macos", not(loom)))]
use macos::monotonic_nanoseconds;
#[cfg(all(windows, not(loom)))]
use windows::monotonic_nanoseconds;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::Ordering;
    use std::time::{Duration, Instant};

    #[test]
    fn a_wait_is_never_early_and_says_that_it_timed_out() {
        let futex = Native::new(0);
        for milliseconds in [0.0, 0.3, 1.0, 5.0, 20.0] {
            let start = Instant::now();
            let deadline = Deadline::after_milliseconds(milliseconds);
            while futex.wait(0, deadline) != Wake::TimedOut {}
            assert!(start.elapsed() >= Duration::from_secs_f64(milliseconds / 1e3));
        }
    }

    #[test]
    fn a_changed_word_is_not_slept_on() {
        assert_eq!(Native::new(1).wait(0, None), Wake::Woken);
    }

    #[test]
    fn wake_ends_a_sleep_without_limit() {
        let futex = Native::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                futex.word().store(1, Ordering::Release);
                futex.wake();
            });
            while futex.word().load(Ordering::Acquire) == 0 {
                futex.wait(0, None);
            }
        });
    }

    #[test]
    fn limits_are_clamped_and_never_wrap() {
        assert_eq!(Deadline::after_milliseconds(f64::INFINITY), None);
        let far = Deadline::after_milliseconds(f64::MAX).unwrap();
        assert!(far > Deadline::now().plus(u64::MAX / 4));
        assert_eq!(far.plus(u64::MAX), far);
    }
}

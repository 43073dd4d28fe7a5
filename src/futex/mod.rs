//! Sleeping on a word of memory by the means of each operating system: one trait, and one file a system.
//!
//! Threads sleep only on the words inside the [thread records](crate::threads), never on the user's cells. A word of
//! the thread's own can be changed in order to wake the thread for any reason.

use crate::sync::AtomicU32;

#[cfg(all(target_os = "linux", not(loom)))]
mod linux;
#[cfg(all(any(target_os = "macos", all(test, target_os = "linux")), not(loom)))]
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
    /// Another thread woke the sleeper, the word had changed before it slept, or the wake-up is spurious. The caller
    /// checks its own state to tell these apart.
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

    /// The word, which any thread may read and change.
    fn word(&self) -> &AtomicU32;

    /// Sleeps while the word holds `expected`, until woken or past `deadline`. Comparing and falling asleep are one
    /// step with respect to [`Futex::wake`]: a wake that follows a change of the word is not lost.
    fn wait(&self, expected: u32, deadline: Option<Deadline>) -> Wake;

    /// Wakes the thread that sleeps on the word, if any.
    fn wake(&self);
}

/// A moment on the system's monotonic clock, in nanoseconds since the start of that clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u64);

impl Deadline {
    /// Now.
    #[inline]
    pub fn now() -> Self {
        Deadline(monotonic_nanoseconds())
    }

    /// This moment, `milliseconds` later. None for infinity; a longer time than the clock's range is clamped.
    pub fn plus_milliseconds(self, milliseconds: f64) -> Option<Self> {
        if milliseconds == f64::INFINITY {
            return None;
        }
        // `as` saturates, so that a huge limit is clamped and never wraps into the past. Rounded up, since a limit
        // must never be early.
        let nanoseconds = (milliseconds * 1e6).ceil() as u64;
        Some(self.plus(nanoseconds))
    }

    /// This moment, `nanoseconds` later.
    pub fn plus(self, nanoseconds: u64) -> Self {
        // Half the range: far beyond any uptime, and still valid as a signed count of seconds on every system.
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

/// The models know no time. They know only now, at which a wait may time out, and later, which never comes.
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
            let deadline = Deadline::now().plus_milliseconds(milliseconds);
            while futex.wait(0, deadline) != Wake::TimedOut {}
            assert!(start.elapsed() >= Duration::from_secs_f64(milliseconds / 1e3));
        }
    }

    #[test]
    fn a_wait_on_a_changed_word_returns_at_once() {
        assert_eq!(Native::new(1).wait(0, None), Wake::Woken);
    }

    #[test]
    fn a_wake_ends_a_wait_without_limit() {
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
        assert_eq!(Deadline::now().plus_milliseconds(f64::INFINITY), None);
        let far = Deadline::now().plus_milliseconds(f64::MAX).unwrap();
        assert!(far > Deadline::now().plus(u64::MAX / 4));
        assert_eq!(far.plus(u64::MAX), far);
    }
}

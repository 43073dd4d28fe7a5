//! Backing off from a lock that its owner reacquires again and again.
//!
//! If an owner wants its lock back sooner than a cache line travels to another processor, two threads that take turns
//! are slower than one alone. The other thread makes the owner wait for the line, and then waits for the line itself.
//! So a thread that detects this leaves the lock to its owner for a while: Anderson, "The Performance of Spin Lock
//! Alternatives for Shared-Memory Multiprocessors", 1990. What counts is how long the lock stays free, not how long
//! it is owned: if threads work outside the lock for longer than a line travels, one works outside while the other
//! works inside.

use super::{FREE, Mutex};
use crate::futex::Deadline;
use crate::queue::{Cooldown, back_off};

/// A lock that is reacquired within this time is not worth competing for: about the round trip of a cache line between
/// two processors. A thread that loads the free word takes the line from the owner and delays it, so it sees the lock
/// free for half of the round trip.
const REACQUIRED_WITHIN_NS: u64 = 160;
/// A lock that is seen free this many times in a row counts as free. If these loads took much longer than reading the
/// clock does, the line travelled in between: the lock was acquired and released between two loads.
const FREE_SAMPLES: u64 = 12;
/// How long to sample. Critical sections that are longer than this make up for the travel of the line.
const SAMPLE_NS: u64 = 2_000;

impl Mutex {
    /// Backs off if the last sample found the lock hot, that is, rapidly reacquired. Then samples again. Returns how
    /// many contended calls to skip before the next sample; none while the lock is hot.
    pub fn back_off(self, before: Option<Cooldown>) -> Cooldown {
        if before.is_some_and(|cooldown| cooldown.skip() == 0) {
            back_off();
        }
        before
            .unwrap_or_default()
            .after(Some(self.is_rapidly_reacquired()))
    }

    /// Whether the lock is owned again soon after it became free.
    fn is_rapidly_reacquired(self) -> bool {
        let start = nanoseconds();
        let mut now = nanoseconds();
        let untouched = FREE_SAMPLES * (now - start);
        let mut was_owned = false;
        let mut free_since = None;
        let mut found_free = 0;
        while now < start + SAMPLE_NS {
            let is_free = self.cell.load() == FREE;
            now = nanoseconds();
            if is_free {
                let since = *free_since.get_or_insert(now);
                found_free += 1;
                if found_free == FREE_SAMPLES {
                    return now - since > untouched + REACQUIRED_WITHIN_NS;
                }
            } else {
                let soon = free_since
                    .take()
                    .is_some_and(|since| now - since < REACQUIRED_WITHIN_NS);
                if soon && was_owned {
                    return true;
                }
                was_owned = true;
                found_free = 0;
            }
        }
        false
    }
}

fn nanoseconds() -> u64 {
    Deadline::now().as_nanoseconds()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::cell::SharedWord;
    use crate::sync::{AtomicBool, AtomicU32, Ordering};
    use crate::threads::ThreadId;
    use std::time::Duration;

    /// Samples the lock up to `times` times, or until `enough` samples found it hot. Returns how many did. Meanwhile
    /// its owner spins for `inside` iterations while it owns the lock and for `outside` iterations while it does not.
    fn times_found_hot(inside: u32, outside: u32, times: usize, enough: usize) -> usize {
        let word = AtomicU32::new(0);
        // SAFETY: aligned, and it outlives the threads of the scope.
        let mutex = Mutex::new(unsafe { SharedWord::new(&word) });
        let stop = AtomicBool::new(false);
        let id = ThreadId::new(1).unwrap();
        let spin = |turns| (0..turns).for_each(|_| std::hint::spin_loop());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(mutex.try_lock_fast(id));
                    spin(inside);
                    assert!(mutex.unlock_fast(id));
                    spin(outside);
                }
            });
            let mut cooldown = None;
            let found = (0..times)
                .filter(|_| cooldown.insert(mutex.back_off(cooldown)).skip() == 0)
                .take(enough)
                .count();
            stop.store(true, Ordering::Relaxed);
            found
        })
    }

    // Many times, as the owner's thread may not have a processor yet.
    const OFTEN: usize = 1_000_000;
    const SOMETIMES: usize = 200;
    // The sampling thread may lose its processor in the middle of a sample.
    const BY_MISTAKE: usize = 20;
    // Fifteen seconds, on a machine that is busy with other programs.
    const RUNS: usize = 100;
    const BETWEEN_RUNS: Duration = Duration::from_millis(100);

    #[test]
    fn a_lock_that_its_owner_reacquires_at_once_is_hot() {
        assert_eq!(times_found_hot(0, 0, OFTEN, 10), 10);
        assert_eq!(times_found_hot(2, 0, OFTEN, 10), 10);
    }

    /// Whether at least one of many runs does not find the lock hot. In any run other threads may need the
    /// processors, and a thread that loses its processor in the middle of a sample measures a reacquisition that did
    /// not happen.
    fn is_steady(inside: u32, outside: u32) -> bool {
        (0..RUNS).any(|run| {
            if run > 0 {
                std::thread::sleep(BETWEEN_RUNS);
            }
            times_found_hot(inside, outside, SOMETIMES, SOMETIMES) < BY_MISTAKE
        })
    }

    #[test]
    fn a_lock_that_is_free_for_longer_than_its_line_travels_is_not_hot() {
        assert!(is_steady(0, 100_000));
    }

    #[test]
    fn a_lock_that_is_owned_for_longer_than_a_sample_is_not_hot() {
        assert!(is_steady(1_000_000, 0));
    }
}

//! Backing off from a lock that its owner locks again and again.
//!
//! Where an owner wants its lock back sooner than a cache line travels to another processor, two threads that take turns
//! are slower than one alone: whoever gets in between makes the owner wait for the line, and then waits for it itself. So
//! whoever sees that lets its owner have it for a while: Anderson, "The Performance of Spin Lock Alternatives for
//! Shared-Memory Multiprocessors", 1990. What matters is for how long it stays free, not for how long it is owned: where
//! threads do something else in between for longer than that, one works outside while the other works inside.

use super::{FREE, Mutex};
use crate::futex::Deadline;
use crate::queue::{Cooldown, back_off};

/// A lock that is owned again so soon is not worth competing for: in nanoseconds, about as long as a line needs to
/// another processor and back. To see a lock free makes its owner wait for the line, so it is seen free for half of that.
const SOON: u64 = 160;
/// Who finds it free so many times in a row takes it. If these looks took much longer than reading the clock does, its
/// line travelled meanwhile: it was owned and freed again between two looks.
const IDLE: u64 = 12;
/// For how long to look for that, in nanoseconds: longer sections make up for the line's way.
const LOOKING: u64 = 2_000;

impl Mutex {
    /// Backs off from it where it flickered the last time that it was observed, and observes whether it does so now: for so
    /// many more times that somebody else owns it that is not worth the time, and none where it is_rapidly_reacquired.
    pub fn back_off(self, before: Option<Cooldown>) -> Cooldown {
        if before.is_some_and(|trust| trust.resting() == 0) {
            back_off();
        }
        before
            .unwrap_or_default()
            .after(Some(self.is_rapidly_reacquired()))
    }

    /// Whether it is owned again soon after it became free.
    fn is_rapidly_reacquired(self) -> bool {
        let start = nanoseconds();
        let mut now = nanoseconds();
        let untouched = IDLE * (now - start);
        let mut was_owned = false;
        let mut free_since = None;
        let mut found_free = 0;
        while now < start + LOOKING {
            let is_free = self.cell.load() == FREE;
            now = nanoseconds();
            if is_free {
                let since = *free_since.get_or_insert(now);
                found_free += 1;
                if found_free == IDLE {
                    return now - since > untouched + SOON;
                }
            } else {
                let soon = free_since.take().is_some_and(|since| now - since < SOON);
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

    /// Of so many times that it is observed, or until it was found to flicker so often: how often it was, while its owner
    /// turns so many turns with it and without.
    fn found_flickering(inside: u32, outside: u32, times: usize, enough: usize) -> usize {
        let word = AtomicU32::new(0);
        // SAFETY: aligned, and it outlives the threads of the scope.
        let mutex = Mutex::new(unsafe { SharedWord::new(&word) });
        let stop = AtomicBool::new(false);
        let id = ThreadId::new(1).unwrap();
        let toil = |turns| (0..turns).for_each(|_| std::hint::spin_loop());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(mutex.try_lock_fast(id));
                    toil(inside);
                    assert!(mutex.unlock_fast(id));
                    toil(outside);
                }
            });
            let mut trust = None;
            let found = (0..times)
                .filter(|_| trust.insert(mutex.back_off(trust)).resting() == 0)
                .take(enough)
                .count();
            stop.store(true, Ordering::Relaxed);
            found
        })
    }

    // Often, as the other thread may not have a processor yet.
    const OFTEN: usize = 1_000_000;
    const SOMETIMES: usize = 200;
    // The thread that looks may lose its processor in the middle.
    const BY_MISTAKE: usize = 20;
    // Fifteen seconds, on a machine that is busy with something else.
    const RUNS: usize = 100;
    const BETWEEN_RUNS: Duration = Duration::from_millis(100);

    #[test]
    fn a_lock_that_its_owner_locks_again_at_once_flickers() {
        assert_eq!(found_flickering(0, 0, OFTEN, 10), 10);
        assert_eq!(found_flickering(2, 0, OFTEN, 10), 10);
    }

    /// Whether it is not found to flicker in one of many runs: in each of them other threads may need the processors, and
    /// a thread that loses its own in the middle finds what is not there.
    fn is_steady(inside: u32, outside: u32) -> bool {
        (0..RUNS).any(|run| {
            if run > 0 {
                std::thread::sleep(BETWEEN_RUNS);
            }
            found_flickering(inside, outside, SOMETIMES, SOMETIMES) < BY_MISTAKE
        })
    }

    #[test]
    fn one_that_is_free_for_longer_than_its_line_travels_does_not() {
        assert!(is_steady(0, 100_000));
    }

    #[test]
    fn one_that_is_owned_for_longer_than_it_is_looked_at_does_not() {
        assert!(is_steady(1_000_000, 0));
    }
}

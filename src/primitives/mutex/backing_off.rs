//! Backing off from a lock that its owner locks again and again.
//!
//! Where a critical section is shorter than the way of its cache line from one processor to another, two threads that
//! take turns are slower than one alone. So whoever finds the lock to flicker between free and owned lets its owner have
//! it for a while: Anderson, "The Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors", 1990. It is
//! counted in looks and not in time: a look at a word that has not changed is cheap, and one at a word that has takes as
//! long as a line needs to travel, whatever that is.

use super::{Mutex, WAITERS};
use crate::queue::back_off;

/// How many looks tell whether it flickers.
const LOOKS: u32 = 24;
/// How many of them find it changed, at least, where it does.
const CHANGES: usize = 4;

impl Mutex {
    /// Whether to back off from it the next time, too: by what it does after this one, or `at_once` if there is none.
    pub fn back_off(self, at_once: bool) -> bool {
        if !at_once {
            back_off();
        }
        self.flickers()
    }

    fn flickers(self) -> bool {
        let look = || self.cell.load() & !WAITERS;
        let mut last = look();
        let changes = (0..LOOKS).filter(|_| {
            std::hint::spin_loop();
            let word = look();
            std::mem::replace(&mut last, word) != word
        });
        changes.count() >= CHANGES
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::cell::Cell;
    use crate::sync::{AtomicBool, AtomicU32, Ordering};
    use crate::threads::ThreadId;

    /// Whether it is found to flicker in one of so many times, while its owner turns so many turns with it and without it.
    fn is_found_flickering(turns: u32, times: u32) -> bool {
        let word = AtomicU32::new(0);
        // SAFETY: aligned, and it outlives the threads of the scope.
        let mutex = Mutex::new(unsafe { Cell::new(&word) });
        let stop = AtomicBool::new(false);
        let id = ThreadId::new(1).unwrap();
        let toil = || (0..turns).for_each(|_| std::hint::spin_loop());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(mutex.lock_free(id));
                    toil();
                    assert!(mutex.unlock_quiet(id));
                    toil();
                }
            });
            let found = (0..times).any(|_| mutex.back_off(false));
            stop.store(true, Ordering::Relaxed);
            found
        })
    }

    #[test]
    fn a_lock_that_changes_more_often_than_its_line_can_travel_flickers() {
        // So many, as the other thread may not have a processor yet.
        assert!(is_found_flickering(0, 1_000_000));
    }

    #[test]
    fn one_that_is_owned_for_longer_than_a_few_looks_take_does_not() {
        assert!(!is_found_flickering(1_000_000, 100));
    }
}

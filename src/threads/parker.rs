//! A token for which one thread sleeps, its owner. Any thread may leave it. The states are those of Rust std's thread
//! parker (`library/std/src/sys/sync/thread_parking/futex.rs`).

use crate::futex::{Deadline, Futex, Native, Wake};
use crate::sync::Ordering;

/// The thread does not sleep, and there is no token.
const EMPTY: u32 = 0;
/// There is a token: the next sleep ends at once.
const NOTIFIED: u32 = 1;
/// The thread sleeps, or is about to.
const PARKED: u32 = 2;

/// The parker of one thread. Leaving a token costs a system call only if the thread sleeps.
///
/// Orderings: [`Parker::unpark`] releases and [`Parker::park`] acquires. So the thread that takes the token sees what
/// the other thread wrote before it left the token.
pub struct Parker<F: Futex = Native> {
    futex: F,
}

impl<F: Futex> Parker<F> {
    /// A parker without a token.
    pub fn new() -> Self {
        Parker {
            futex: F::new(EMPTY),
        }
    }

    /// Takes the token, or sleeps until there is a token, the deadline passes or the wake-up is spurious. Only the
    /// thread that owns the parker calls this.
    pub fn park(&self, deadline: Option<Deadline>) -> Wake {
        let word = self.futex.word();
        if word
            .compare_exchange(EMPTY, PARKED, Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            word.swap(EMPTY, Ordering::AcqRel);
            return Wake::Woken;
        }
        let wake = self.futex.wait(PARKED, deadline);
        match word.swap(EMPTY, Ordering::AcqRel) {
            NOTIFIED => Wake::Woken,
            _ => wake,
        }
    }

    /// Leaves a token, and wakes the thread if it sleeps.
    pub fn unpark(&self) {
        if self.futex.word().swap(NOTIFIED, Ordering::AcqRel) == PARKED {
            self.futex.wake();
        }
    }
}

impl<F: Futex> Default for Parker<F> {
    fn default() -> Self {
        Self::new()
    }
}

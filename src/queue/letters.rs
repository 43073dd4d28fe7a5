//! Letters from any thread to the thread of one event loop: the ids of the promises that can continue.

use crate::sync::{Mutex, lock};

/// The letters that were left and are unread.
#[derive(Default)]
pub struct Letters {
    numbers: Mutex<Vec<u64>>,
}

impl Letters {
    /// Leaves a letter. If it is the only one, calls `ring`, which makes the event loop read: so no letter lies unread
    /// without a ring that was called or is about to be.
    ///
    /// `ring` runs without the lock: it wakes a thread that may read before `ring` returns.
    pub fn post(&self, number: u64, ring: impl FnOnce()) {
        let is_only_one = {
            let mut numbers = lock(&self.numbers);
            numbers.push(number);
            numbers.len() == 1
        };
        if is_only_one {
            ring();
        }
    }

    /// Exchanges the letters for an empty vector, whose room is used for the next.
    pub fn exchange(&self, numbers: Vec<u64>) -> Vec<u64> {
        std::mem::replace(&mut lock(&self.numbers), numbers)
    }

    /// Whether there are no unread letters.
    pub fn is_empty(&self) -> bool {
        lock(&self.numbers).is_empty()
    }
}

//! Which threads ended while they owned what, for locks whose word has no room to name them.
//!
//! A lock stays abandoned until a thread recovers it, which may never happen. So a bucket remembers the last deaths only.
//! Of a lock whose entry was dropped it is still known that it can be abandoned, but not by which thread.

use super::key::Key;
use crate::threads::ThreadId;
use std::collections::VecDeque;

/// How many deaths a bucket remembers; few in the models, which would take too long to reach more.
const MAX_ENTRIES: usize = if cfg!(loom) { 1 } else { 64 };

/// The thread that ended while it owned a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadOwner {
    /// This thread.
    Known(ThreadId),
    /// A thread whose entry was dropped.
    Forgotten,
}

impl DeadOwner {
    /// The thread, where it is known.
    pub fn thread(self) -> Option<ThreadId> {
        match self {
            DeadOwner::Known(thread) => Some(thread),
            DeadOwner::Forgotten => None,
        }
    }
}

/// The deaths that a bucket remembers. Under the bucket's lock.
#[derive(Default)]
pub(super) struct DeadOwners {
    /// The oldest first.
    entries: VecDeque<(Key, ThreadId)>,
    /// An entry was dropped once, of a lock that may still be abandoned.
    dropped: bool,
}

impl DeadOwners {
    /// Remembers that `owner` ended while it owned the lock.
    pub fn note(&mut self, key: Key, owner: ThreadId) {
        self.forget(key);
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
            self.dropped = true;
        }
        self.entries.push_back((key, owner));
    }

    /// The thread that ended while it owned the lock, if its word says that there is one. None where there can be none: the
    /// cell was written over.
    pub fn get(&self, key: Key) -> Option<DeadOwner> {
        let known = self.entries.iter().find(|(other, _)| *other == key);
        match known {
            Some((_, owner)) => Some(DeadOwner::Known(*owner)),
            None => self.dropped.then_some(DeadOwner::Forgotten),
        }
    }

    /// A thread recovered the lock.
    pub fn forget(&mut self, key: Key) {
        self.entries.retain(|(other, _)| *other != key);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::cell::SharedWord;
    use crate::sync::AtomicU32;

    const CELLS: usize = MAX_ENTRIES + 2;
    static WORDS: [AtomicU32; CELLS] = [const { AtomicU32::new(0) }; CELLS];

    fn key(index: usize) -> Key {
        // SAFETY: aligned, and a static is never unmapped.
        Key::new(unsafe { SharedWord::new(&WORDS[index]) }, Kind::RwLock)
    }

    fn thread(number: usize) -> ThreadId {
        ThreadId::new(number as u32).unwrap()
    }

    #[test]
    fn the_oldest_entry_is_dropped_and_its_lock_is_abandoned_by_an_unknown_thread() {
        let mut owners = DeadOwners::default();
        for index in 0..MAX_ENTRIES {
            owners.note(key(index), thread(index + 1));
        }
        assert_eq!(owners.get(key(0)), Some(DeadOwner::Known(thread(1))));
        assert_eq!(owners.get(key(MAX_ENTRIES)), None);
        owners.note(key(MAX_ENTRIES), thread(100));
        assert_eq!(owners.entries.len(), MAX_ENTRIES);
        assert_eq!(owners.get(key(0)), Some(DeadOwner::Forgotten));
        assert_eq!(owners.get(key(1)), Some(DeadOwner::Known(thread(2))));
        assert_eq!(
            owners.get(key(MAX_ENTRIES)),
            Some(DeadOwner::Known(thread(100)))
        );
    }

    #[test]
    fn a_second_death_in_one_lock_replaces_the_first_and_drops_no_other() {
        let mut owners = DeadOwners::default();
        for index in 0..MAX_ENTRIES {
            owners.note(key(index), thread(index + 1));
        }
        owners.note(key(0), thread(200));
        assert_eq!(owners.get(key(0)), Some(DeadOwner::Known(thread(200))));
        assert_eq!(owners.get(key(1)), Some(DeadOwner::Known(thread(2))));
        assert!(!owners.dropped);
    }

    #[test]
    fn a_lock_that_was_recovered_has_no_dead_owner() {
        let mut owners = DeadOwners::default();
        owners.note(key(0), thread(1));
        owners.forget(key(0));
        assert_eq!(owners.get(key(0)), None);
    }
}

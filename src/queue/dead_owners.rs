//! Which threads died while they owned a lock, for locks whose word has no room to name them.
//!
//! A lock stays abandoned until a thread recovers it, which may never happen. So a bucket remembers only the last
//! deaths. If the entry of a lock was dropped, the lock can still be abandoned, but the thread that died is unknown.

use super::key::Key;
use crate::threads::ThreadId;
use std::collections::VecDeque;

/// How many deaths a bucket remembers. The models remember one, since reaching more would take them too long.
const MAX_ENTRIES: usize = if cfg!(loom) { 1 } else { 64 };

/// The thread that died while it owned a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadOwner {
    /// This thread.
    Known(ThreadId),
    /// A thread whose entry was dropped.
    Forgotten,
}

impl DeadOwner {
    /// The thread, if it is known.
    pub fn thread(self) -> Option<ThreadId> {
        match self {
            DeadOwner::Known(thread) => Some(thread),
            DeadOwner::Forgotten => None,
        }
    }
}

/// The deaths that a bucket remembers. Accessed under the lock of the bucket.
#[derive(Default)]
pub(super) struct DeadOwners {
    /// The oldest first.
    entries: VecDeque<(Key, ThreadId)>,
    /// Whether an entry was ever dropped: its lock may still be abandoned.
    dropped: bool,
}

impl DeadOwners {
    /// Remembers that `owner` died while it owned the lock.
    pub fn note(&mut self, key: Key, owner: ThreadId) {
        self.forget(key);
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
            self.dropped = true;
        }
        self.entries.push_back((key, owner));
    }

    /// The thread that died while it owned the lock, for a lock whose word says that there is one. None if there
    /// cannot be one: the cell was written over.
    pub fn get(&self, key: Key) -> Option<DeadOwner> {
        let known = self.entries.iter().find(|(other, _)| *other == key);
        match known {
            Some((_, owner)) => Some(DeadOwner::Known(*owner)),
            None => self.dropped.then_some(DeadOwner::Forgotten),
        }
    }

    /// Forgets the death, because a thread recovered the lock.
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

//! What the promises of this thread were given and hold: for each lock the number of the promise whose guard owns it. A
//! guard of an earlier promise is not to release what a later one was given, and the word, which names only the thread,
//! cannot tell the two apart.

use super::view::KeptView;
use crate::queue::Key;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;

thread_local! {
    /// The number of the promise that owns a lock, or that runs the action of a Barrier.
    static OWNERS: RefCell<HashMap<Key, u64>> = RefCell::default();
    /// The reads that guards hold, by the numbers of their promises. A read keeps the memory of its lock: when the thread
    /// ends, its word is to be changed.
    static READS: ManuallyDrop<RefCell<HashMap<u64, (Key, KeptView)>>> =
        ManuallyDrop::new(RefCell::default());
}

/// The promise `number` owns the lock from here on.
pub fn grant(key: Key, number: u64) {
    OWNERS.with_borrow_mut(|owners| owners.insert(key, number));
}

/// Whether the promise `number` owns the lock.
pub fn is_granted(key: Key, number: u64) -> bool {
    OWNERS.with_borrow(|owners| owners.get(&key) == Some(&number))
}

/// Whether any promise of this thread owns the lock.
pub fn is_granted_to_any(key: Key) -> bool {
    OWNERS.with_borrow(|owners| owners.contains_key(&key))
}

/// Takes the lock from the promise `number`: false where it does not own it.
pub fn revoke(key: Key, number: u64) -> bool {
    let granted = is_granted(key, number);
    if granted {
        OWNERS.with_borrow_mut(|owners| owners.remove(&key));
    }
    granted
}

/// The promise `number` reads from here on.
pub fn grant_read(key: Key, number: u64, view: KeptView) {
    READS.with(|reads| reads.borrow_mut().insert(number, (key, view)));
}

/// Whether the promise `number` reads.
pub fn is_read_granted(number: u64) -> bool {
    READS.with(|reads| reads.borrow().contains_key(&number))
}

/// Takes the read from the promise `number`; none where it does not read.
pub fn revoke_read(number: u64) -> Option<KeptView> {
    READS.with(|reads| Some(reads.borrow_mut().remove(&number)?.1))
}

/// No promise reads this lock any more: its cell was written over.
pub fn revoke_all_reads(key: Key) {
    READS.with(|reads| reads.borrow_mut().retain(|_, (other, _)| *other != key));
}

/// Forgets everything: the thread ends.
pub fn end() {
    OWNERS.take();
    READS.with(|reads| reads.take());
}

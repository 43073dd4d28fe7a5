//! What the promises of this thread were granted and hold: for each lock, the id of the promise whose guard owns it.
//! The guard of an earlier promise must not release what a later promise was granted. The word cannot tell the two
//! apart, since it names only the thread.

use super::view::KeptView;
use crate::hash::HashMap;
use crate::queue::Key;
use std::cell::RefCell;

use std::mem::ManuallyDrop;

thread_local! {
    /// The id of the promise that owns a lock, or that runs the action of a Barrier.
    static OWNERS: RefCell<HashMap<Key, u64>> = RefCell::default();
    /// The reads that guards hold, by the ids of their promises. A read keeps the memory of its lock, since the end
    /// of the thread changes its word.
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

/// Takes the lock from the promise `number`. False if the promise does not own it.
pub fn revoke(key: Key, number: u64) -> bool {
    let granted = is_granted(key, number);
    if granted {
        OWNERS.with_borrow_mut(|owners| owners.remove(&key));
    }
    granted
}

/// The promise `number` holds a read from here on.
pub fn grant_read(key: Key, number: u64, view: KeptView) {
    READS.with(|reads| reads.borrow_mut().insert(number, (key, view)));
}

/// Whether the promise `number` holds a read.
pub fn is_read_granted(number: u64) -> bool {
    READS.with(|reads| reads.borrow().contains_key(&number))
}

/// Takes the read from the promise `number`. None if the promise holds none.
pub fn revoke_read(number: u64) -> Option<KeptView> {
    READS.with(|reads| Some(reads.borrow_mut().remove(&number)?.1))
}

/// No promise holds a read of this lock any more, since its cell was written over.
pub fn revoke_all_reads(key: Key) {
    READS.with(|reads| reads.borrow_mut().retain(|_, (other, _)| *other != key));
}

/// Forgets everything, since the thread ends.
pub fn end() {
    OWNERS.take();
    READS.with(|reads| reads.take());
}

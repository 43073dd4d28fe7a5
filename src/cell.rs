//! One 32-bit cell of the user's shared memory.

use crate::sync::{AtomicU32, Ordering};
use std::ptr::NonNull;

/// The address of a cell, and the atomic instructions on it.
///
/// Every thread of the process shares this memory, JavaScript code included, and any of them may write any value at
/// any time. So no Rust reference to it is kept: each access forms an atomic at the address for the length of one
/// instruction.
///
/// Orderings: a primitive acquires with the read-modify-write that takes it, and releases with the one that gives it
/// back. That pair synchronizes two threads: the acquire of the next owner sees what the release of the last one
/// published. JavaScript's `Atomics` on the same cells are sequentially consistent, which is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SharedWord(NonNull<AtomicU32>);

// SAFETY: the pointer is only used for atomic instructions, from any thread. The creator of the value keeps the
// memory alive (see `SharedWord::new`).
unsafe impl Send for SharedWord {}
// SAFETY: as above.
unsafe impl Sync for SharedWord {}

impl SharedWord {
    /// A cell at `address`.
    ///
    /// # Safety
    /// The address is not null and aligned to four bytes, and its memory stays mapped for as long as this cell or a copy of
    /// it is used.
    pub const unsafe fn new(address: *const AtomicU32) -> Self {
        // SAFETY: not null, as demanded above.
        SharedWord(unsafe { NonNull::new_unchecked(address.cast_mut()) })
    }

    /// The address, which identifies the cell in the whole process.
    pub fn address(self) -> usize {
        self.0.addr().get()
    }

    fn atomic(&self) -> &AtomicU32 {
        // SAFETY: aligned and mapped, as `new` demands.
        unsafe { self.0.as_ref() }
    }

    /// Loads the word. Acquires what the last change released.
    pub fn load(self) -> u32 {
        self.atomic().load(Ordering::Acquire)
    }

    /// Replaces `current` by `new` and returns true. Returns false and changes nothing if the word is not `current`.
    pub fn replace(self, current: u32, new: u32) -> bool {
        self.atomic()
            .compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Writes `word`, whatever value was there.
    pub fn overwrite(self, word: u32) {
        self.atomic().swap(word, Ordering::AcqRel);
    }
}

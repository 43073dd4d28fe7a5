//! One 32-bit cell of the user's shared memory.

use crate::sync::{AtomicU32, Ordering};
use std::ptr::NonNull;

/// The address of a cell, and the atomic instructions on it.
///
/// Shared memory belongs to every thread of the process, JavaScript's included: anybody may write anything there
/// at any moment. So no Rust reference to it is ever kept: each access forms an atomic at the address, for the
/// length of one instruction.
///
/// Orderings: a primitive acquires through the read-modify-write that takes it and releases through the one that
/// gives it back; JavaScript's `Atomics` on the same cells are sequentially consistent, which is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SharedWord(NonNull<AtomicU32>);

// SAFETY: the pointer is only ever used for atomic instructions, from any thread; whoever made the cell keeps its
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

    /// The address, which names the cell in the whole process.
    pub fn address(self) -> usize {
        self.0.addr().get()
    }

    fn atomic(&self) -> &AtomicU32 {
        // SAFETY: aligned and mapped, as `new` demands.
        unsafe { self.0.as_ref() }
    }

    /// Reads, and acquires what the last change released.
    pub fn load(self) -> u32 {
        self.atomic().load(Ordering::Acquire)
    }

    /// Replaces `current` by `new` and returns true, or returns false and changes nothing.
    pub fn replace(self, current: u32, new: u32) -> bool {
        self.atomic()
            .compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Writes, whatever is there.
    pub fn overwrite(self, word: u32) {
        self.atomic().swap(word, Ordering::AcqRel);
    }
}

//! The atomics and the short lock from which everything below Node-API is built: those of std in the addon that
//! ships, those of loom in the models. Nothing else differs between the two builds.

#[cfg(loom)]
pub use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};
#[cfg(not(loom))]
pub use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

/// Locks, and ignores poisoning: no code under these locks leaves a structure half changed when it panics.
// Not inlined: so many functions lock something that their copies would take 20 KB.
#[inline(never)]
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

//! Mutex, Condition, Barrier, Latch, Semaphore and RwLock for the worker threads of Node.js: each is one cell of the user's
//! own SharedArrayBuffer, and blocks on the operating system's futexes.
//!
//! One direction, from the top: [`node`] (Node-API) over [`primitives`] (the protocols) over [`queue`] (who waits for
//! which cell) over [`threads`] (one record a thread) over [`futex`] (the operating system).

pub mod cell;
pub mod futex;
pub mod label;
#[cfg(all(test, loom))]
mod models;
#[cfg(feature = "node")]
pub mod node;
pub mod primitives;
pub mod queue;
mod sync;
pub mod threads;

//! Mutex, Condition, Barrier, Latch, Semaphore, RwLock, Event and Once for the worker threads of Node.js. Each is one cell of a
//! SharedArrayBuffer that the user provides, and blocks on the futexes of the operating system.
//!
//! Each layer knows only the ones below it: [`node`] (Node-API), [`primitives`] (the protocols), [`queue`] (the
//! queues of waiters), [`threads`] (one record for each thread), [`futex`] (the operating system). [`order`] stands beside the primitives: the order in which locks are acquired.

pub mod cell;
pub mod futex;
pub mod hash;
pub mod label;
#[cfg(all(test, loom))]
mod models;
#[cfg(feature = "node")]
pub mod node;
pub mod order;
pub mod primitives;
pub mod queue;
mod sync;
pub mod threads;

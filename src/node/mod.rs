//! Node-API, which only this module uses. It has free functions that are complete in themselves; the classes in
//! `lib/` try one atomic instruction before they call them. No native object stands for a primitive: each call
//! receives the number of its realm and the view of the cell, and reads the address of the cell.

// A call carries everything that the native side needs, since no object stands for a primitive.
#![allow(clippy::too_many_arguments)]

pub mod barrier;
mod call;
pub mod clock;
pub mod condition;
mod current_thread;
pub mod describe;
mod environment;
pub mod errors;
mod event_loop;
mod grants;
pub mod host;
pub mod inspect;
pub mod latch;
mod listing;
mod mailbox;
pub mod mutex;
mod names;
mod numbers;
pub mod promises;
pub mod read_counts;
pub mod realm;
pub mod rwlock;
pub mod semaphore;
mod view;

use crate::queue::{HandOff, Queues};
use std::sync::LazyLock;

/// When a lock is handed off to the waiter at the front: after a millisecond if it was overtaken, else after ten. In
/// each bucket at most once every half millisecond.
const HAND_OFF: HandOff = HandOff {
    overtaken_after: 1_000_000,
    otherwise_after: 10_000_000,
    min_interval: 500_000,
};

/// The queues of the process: `2^8` buckets, so that a hundred contended cells rarely share one.
static QUEUES: LazyLock<Queues> = LazyLock::new(|| Queues::new(8, HAND_OFF));

//! Node-API: the only code that knows it. Free functions, complete in themselves; JavaScript's classes in `lib/` put one
//! atomic instruction in front of them. No native object stands for a primitive: each call gets the number of its realm and
//! the view of the cell, and reads its address.

// A call carries all that the native side has to know: no object stands for a primitive.
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

/// When the front of a queue is handed its lock: after a millisecond, or ten of them, and at most every half.
const HAND_OFF: HandOff = HandOff {
    after: 1_000_000,
    at_last: 10_000_000,
    every: 500_000,
};

/// The queues of the process: `2^8` buckets, so that a hundred contended cells rarely share one.
static QUEUES: LazyLock<Queues> = LazyLock::new(|| Queues::new(8, HAND_OFF));

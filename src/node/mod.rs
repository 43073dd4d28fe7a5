//! Node-API: the only code that knows it. The native classes, complete in themselves; JavaScript's classes in `lib/`
//! put one atomic instruction in front of them.

pub mod barrier;
pub mod condition;
mod current_thread;
pub mod errors;
mod event_loop;
mod handles;
pub mod inspect;
mod instance;
pub mod latch;
pub mod mutex;
mod names;
pub mod promises;
mod reads;
pub mod realm;
pub mod runtime;
pub mod rwlock;
pub mod semaphore;
mod view;
pub mod words;

use crate::queue::{HandOver, Queues};
use std::sync::LazyLock;

/// When the front of a queue is handed its lock: after a millisecond, or ten of them, and at most every half.
const HAND_OVER: HandOver = HandOver {
    after: 1_000_000,
    at_last: 10_000_000,
    every: 500_000,
};

/// The queues of the process: `2^8` buckets, so that a hundred contended cells rarely share one.
static QUEUES: LazyLock<Queues> = LazyLock::new(|| Queues::new(8, HAND_OVER));

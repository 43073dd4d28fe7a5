//! Node-API: the only code that knows it. The native classes, complete in themselves; JavaScript's classes in `lib/`
//! put one atomic instruction in front of them.

mod barrier;
mod condition;
mod errors;
mod latch;
mod mutex;
mod realm;
mod view;

use crate::queue::Queues;
use std::sync::LazyLock;

/// The queues of the process: `2^8` buckets, so that a hundred contended cells rarely share one.
static QUEUES: LazyLock<Queues> = LazyLock::new(|| Queues::new(8));

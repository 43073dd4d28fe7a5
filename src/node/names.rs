//! How messages refer to primitives and threads.

use crate::queue::{Kind, Named};
use crate::threads::ThreadId;

/// How a message refers to a primitive.
pub fn label(named: &Named) -> String {
    named.label.behind(class_of(named.key.kind()))
}

/// The class name of a kind of primitive.
pub fn class_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Mutex => "Mutex",
        Kind::Condition => "Condition",
        Kind::Barrier | Kind::BarrierGate => "Barrier",
        Kind::Latch => "Latch",
        Kind::Semaphore => "Semaphore",
        Kind::RwLock => "RwLock",
    }
}

/// A thread as the user knows it.
pub fn thread(id: ThreadId) -> String {
    match id.worker() {
        0 => "the main thread".to_owned(),
        worker => format!("worker {worker}"),
    }
}

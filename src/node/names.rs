//! How messages refer to primitives, threads and times.

use crate::queue::{Kind, Named};
use crate::threads::ThreadId;

/// How a message refers to a primitive.
pub fn label(named: &Named) -> String {
    match (named.key.kind(), &named.label.name) {
        // Its name lists the cases.
        (Kind::Select, Some(cases)) => format!("select of {cases}"),
        (kind, _) => named.label.behind(class_of(kind)),
    }
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
        Kind::Event => "Event",
        Kind::Once => "Once",
        Kind::Cancel => "Cancel",
        Kind::Channel => "Channel",
        Kind::Select => "select",
    }
}

/// A thread as the user knows it.
pub fn thread(id: ThreadId) -> String {
    match id.worker() {
        0 => "the main thread".to_owned(),
        worker => format!("worker {worker}"),
    }
}

/// A time as the user reads it.
pub fn duration(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    if milliseconds < 1_000 {
        format!("{milliseconds} ms")
    } else {
        // Without floating point, whose formatting would take 15 KB of the addon.
        let tenths = (milliseconds + 50) / 100;
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

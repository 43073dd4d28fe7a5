//! What a fault is called in JavaScript, and what its message tells the user to do next.

use crate::primitives::Fault;
use crate::threads::ThreadId;

/// A fault in words: its stable code, and a message.
pub struct Report {
    /// The error's `code`.
    pub code: &'static str,
    /// The error's `message`.
    pub message: String,
}

/// Puts a fault of a `primitive` ("Mutex", ...) into words. None for an interruption: the runtime has an exception of
/// its own on the way.
pub fn report(primitive: &str, fault: Fault) -> Option<Report> {
    let (code, message) = match fault {
        Fault::NotOwner(None) => (
            "ERR_NOT_OWNER",
            format!(
                "The {primitive} is not locked. Call lock() in this thread first, and unlock() once for each lock()."
            ),
        ),
        Fault::NotOwner(Some(owner)) => (
            "ERR_NOT_OWNER",
            format!(
                "The {primitive} is locked by {}, not by this thread. Only the thread that locked it can unlock it \
                 or wait with it.",
                name(owner)
            ),
        ),
        Fault::Recursive => (
            "ERR_DEADLOCK",
            format!(
                "This thread holds the {primitive} already and would wait for itself: it is not recursive. Unlock it \
                 first, or call the inner code without locking."
            ),
        ),
        Fault::Abandoned(owner) => (
            "ERR_ABANDONED",
            format!(
                "The {primitive} was held by {} when that thread ended, so what it protects may be half changed. \
                 This thread does not own it.",
                name(owner)
            ),
        ),
        Fault::Broken => (
            "ERR_BROKEN_BARRIER",
            format!(
                "The {primitive} is broken: a party left before all had arrived, because it ended or its time was \
                 up. Nobody passes it any more; make a new one in zeroed memory."
            ),
        ),
        Fault::Corrupt(word) => (
            "ERR_CORRUPT_CELL",
            format!(
                "The cell of the {primitive} holds {} (0x{word:08x}), which no {primitive} writes. Something else \
                 uses this cell, its memory was not zeroed before its first use, or a second copy of the package \
                 runs in this process.",
                word.cast_signed()
            ),
        ),
        Fault::Interrupted => return None,
    };
    Some(Report { code, message })
}

/// A thread as its user knows it.
fn name(id: ThreadId) -> String {
    match id.worker() {
        0 => "the main thread".to_owned(),
        worker => format!("worker {worker}"),
    }
}

//! The errors of JavaScript for each fault: the code, and a message that says what to do next.

use super::names::{label, thread};
use super::value::Value;
use crate::primitives::Fault;
use crate::queue::{CycleEdge, Kind, Named};
use crate::threads::ThreadId;

/// A report of a fault.
pub struct Report {
    /// The error's `code`, which is stable.
    pub code: &'static str,
    /// The error's `message`.
    pub message: String,
    /// Further properties of the error, as `Details` of binding.d.ts describes them.
    pub details: Value,
}

/// Reports a fault of a primitive to the calling thread. None for an interruption, for which the runtime has an
/// exception of its own pending.
pub fn report(named: &Named, context: ThreadId, fault: Fault) -> Option<Report> {
    let this = label(named);
    let kind = named.key.kind();
    let no_details = || Value::Object(Vec::new());
    let owned_by = |owner: ThreadId| Value::Object(vec![(c"ownerThreadId", owner.worker().into())]);
    let waits_for_itself = || {
        let edge = CycleEdge {
            thread: context,
            holds: named.clone(),
            waits_for: named.clone(),
        };
        Value::Object(vec![
            (c"ownerThreadId", context.worker().into()),
            (c"cycle", cycle(&[edge])),
        ])
    };
    let (code, message, details) = match fault {
        Fault::NotOwner(None) if kind == Kind::RwLock => (
            "ERR_NOT_OWNER",
            format!(
                "This thread does not hold the {this}. Call read() or write() in this thread first. Then call \
                 unlockRead() once for each read(), and unlockWrite() once for each write()."
            ),
            no_details(),
        ),
        Fault::NotOwner(None) => (
            "ERR_NOT_OWNER",
            format!(
                "The {this} is not locked. Call lock() in this thread first, and unlock() once for each lock()."
            ),
            no_details(),
        ),
        Fault::NotOwner(Some(owner)) if kind == Kind::RwLock => (
            "ERR_NOT_OWNER",
            format!(
                "The {this} is written by {}, not by this thread. Call unlockRead() or unlockWrite() only in the thread \
                 that called read() or write().",
                thread(owner)
            ),
            owned_by(owner),
        ),
        Fault::NotOwner(Some(owner)) => (
            "ERR_NOT_OWNER",
            format!(
                "The {this} is locked by {}, not by this thread. Only the thread that locked it can unlock it or wait \
                 with it.",
                thread(owner)
            ),
            owned_by(owner),
        ),
        Fault::WrongOwnerKind if kind == Kind::RwLock => (
            "ERR_NOT_OWNER",
            format!(
                "This thread holds the {this} in another way. Call unlockRead() after read() and unlockWrite() after \
                 write(). What a promise acquired, only its guard releases."
            ),
            owned_by(context),
        ),
        Fault::WrongOwnerKind => (
            "ERR_NOT_OWNER",
            format!(
                "This thread holds the {this} in another way. After lock(), call unlock() and wait(). After lockAsync(), \
                 call release() of its guard, and waitAsync() with that guard."
            ),
            owned_by(context),
        ),
        Fault::Recursive if kind == Kind::Barrier => (
            "ERR_DEADLOCK",
            format!(
                "This thread runs the action of the {this}, so it would wait for itself. Arrive again after the action, \
                 or await waitAsync() outside of it."
            ),
            no_details(),
        ),
        Fault::Recursive if kind == Kind::RwLock => (
            "ERR_DEADLOCK",
            format!(
                "This thread holds the {this} already and would wait for itself: a writer waits for all readers to leave, \
                 and a reader waits for the writers that were queued before it. Unlock it first, or call downgrade() to \
                 read after a write. If a promise of this thread holds it by a guard, await readAsync() or writeAsync() \
                 instead."
            ),
            waits_for_itself(),
        ),
        Fault::Recursive => (
            "ERR_DEADLOCK",
            format!(
                "This thread holds the {this} already and would wait for itself: the lock is not recursive. Unlock it first, \
                 or call the inner code without locking. If a promise of this thread holds it by a guard, await lockAsync() \
                 instead."
            ),
            waits_for_itself(),
        ),
        Fault::Deadlock(circle) => {
            let details = Value::Object(vec![(c"cycle", cycle(&circle))]);
            (
                "ERR_DEADLOCK",
                format!(
                    "Deadlock: {}. This thread, {}, gave up and does not hold what it waited for. Lock them in the \
                     same order in every thread.",
                    in_words(&circle),
                    thread(context)
                ),
                details,
            )
        }
        Fault::Abandoned(owner) => (
            "ERR_ABANDONED",
            format!(
                "The {this} was held by {} ended, so the data that it guards may be half changed. This \
                 thread does not own it. Call recover() or recoverAsync() to acquire it, repair the data, then unlock.",
                match owner {
                    Some(owner) => format!("{} when that thread", thread(owner)),
                    None => "a thread that has".to_owned(),
                }
            ),
            owner.map_or_else(no_details, owned_by),
        ),
        Fault::Broken => (
            "ERR_BROKEN_BARRIER",
            format!(
                "The {this} is broken: a party left before all had arrived (it timed out, its signal aborted or its \
                 thread ended), the action failed, or a thread called abort() or reset(). No party can pass it: call \
                 reset() once all parties know."
            ),
            no_details(),
        ),
        Fault::TimedOut if kind == Kind::Barrier => (
            "ERR_TIMEOUT",
            format!(
                "The wait at the {this} timed out before all parties had arrived, and the barrier is broken. Call reset() \
                 once all parties know, or allow more time."
            ),
            no_details(),
        ),
        Fault::TimedOut => (
            "ERR_TIMEOUT",
            format!(
                "The wait for the {this} timed out, and nothing was acquired. Wait again, or allow more time."
            ),
            no_details(),
        ),
        Fault::Corrupt(word) => (
            "ERR_CORRUPT_CELL",
            format!(
                "The cell of the {this} holds {} (0x{word:08x}), a value that it never writes. Other code uses this \
                 cell, its memory was not zeroed before its first use{}, or a second copy of the package runs in this \
                 process. Give each primitive a cell of its own in zeroed memory.",
                word.cast_signed(),
                match kind {
                    Kind::Semaphore => ", another thread constructed it with other permits",
                    Kind::Barrier => ", another thread constructed it with another total",
                    Kind::Latch => ", another thread constructed it with another count",
                    _ => "",
                }
            ),
            no_details(),
        ),
        Fault::Interrupted => return None,
    };
    Some(Report {
        code,
        message,
        details,
    })
}

/// The threads of a deadlock, as `CycleLink` of binding.d.ts describes them.
fn cycle(edges: &[CycleEdge]) -> Value {
    let link = |edge: &CycleEdge| {
        Value::Object(vec![
            (c"threadId", edge.thread.worker().into()),
            (c"holds", label(&edge.holds).into()),
            (c"waitsFor", label(&edge.waits_for).into()),
        ])
    };
    Value::Array(edges.iter().map(link).collect())
}

fn in_words(edges: &[CycleEdge]) -> String {
    let clause = |edge: &CycleEdge| {
        format!(
            "{} holds the {} and waits for the {}",
            thread(edge.thread),
            label(&edge.holds),
            label(&edge.waits_for)
        )
    };
    edges.iter().map(clause).collect::<Vec<_>>().join(", ")
}

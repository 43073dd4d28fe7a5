//! The errors of JavaScript for each fault: the code, and a message that says what to do next.

use super::QUEUES;
use super::names::{duration, label, thread};
use super::value::Value;
use crate::primitives::Fault;
use crate::queue::{Access, CycleEdge, Holding, Kind, Named};
use crate::threads::{LastError, ThreadId};

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
    let report = report_of(named, context, fault)?;
    let Report { code, message, .. } = &report;
    let text = first_characters(&format!("{code}: {message}"));
    QUEUES.threads().note_error(context, &text);
    Some(report)
}

/// The beginning of a message that becomes part of another one: the last error of a thread may name the last error of
/// another thread in turn.
fn first_characters(text: &str) -> String {
    /// The most characters.
    const MOST: usize = 1_000;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What went wrong in a thread that died: the last error that it threw, which may never have been printed.
fn last_error(dead: ThreadId) -> String {
    let Some(LastError {
        text,
        thrown,
        died: Some(died),
    }) = QUEUES.threads().last_error(dead)
    else {
        return String::new();
    };
    let before = died
        .as_nanoseconds()
        .saturating_sub(thrown.as_nanoseconds());
    format!(
        " The last error that this package threw in {}, {} before it ended: {text}",
        thread(dead),
        duration(before)
    )
}

fn report_of(named: &Named, context: ThreadId, fault: Fault) -> Option<Report> {
    let this = label(named);
    let kind = named.key.kind();
    let no_details = || Value::Object(Vec::new());
    let owned_by = |owner: ThreadId| Value::Object(vec![(c"ownerThreadId", owner.worker().into())]);
    let waits_for_itself = || {
        let edge = CycleEdge {
            thread: context,
            holding: Holding::Owns,
            holds: named.clone(),
            access: Access::Own,
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
        Fault::Recursive if kind == Kind::Once => (
            "ERR_DEADLOCK",
            format!(
                "This thread runs the function of the {this} already and would wait for itself. Do not use the Once inside \
                 its own function. If a promise of this thread runs it, await runAsync() or waitAsync() instead."
            ),
            waits_for_itself(),
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
        Fault::Deadlock(edges) => {
            let details = Value::Object(vec![(c"cycle", cycle(&edges))]);
            (
                "ERR_DEADLOCK",
                format!(
                    "Deadlock: {}. This thread, {}, gave up and does not hold what it waited for. Lock them in the \
                     same order in every thread.",
                    in_words(&edges),
                    thread(context)
                ),
                details,
            )
        }
        Fault::Abandoned(owner) => (
            "ERR_ABANDONED",
            format!(
                "The {this} was held by {} ended, so the data that it guards may be half changed. This \
                 thread does not own it. Call recover() or recoverAsync() to acquire it, repair the data, then unlock.{}",
                match owner {
                    Some(owner) => format!("{} when that thread", thread(owner)),
                    None => "a thread that has".to_owned(),
                },
                owner.map(last_error).unwrap_or_default()
            ),
            owner.map_or_else(no_details, owned_by),
        ),
        Fault::Broken => (
            "ERR_BROKEN_BARRIER",
            format!(
                "The {this} is broken: a party left before all had arrived (it timed out, was cancelled or its thread \
                 ended), the action failed, or a thread called abort() or reset(). No party can pass it: call \
                 reset() once all parties know."
            ),
            no_details(),
        ),
        Fault::TimedOut if kind == Kind::Barrier => (
            "ERR_TIMEOUT",
            format!(
                "The wait at the {this} timed out before all parties had arrived, and the barrier is broken, unless the \
                 action of the round before was running. Call reset() once all parties know, or allow more time."
            ),
            no_details(),
        ),
        Fault::TimedOut if kind == Kind::Condition => (
            "ERR_TIMEOUT",
            format!(
                "The wait for the {this} timed out before it was notified. The mutex is locked again. Check the data, and \
                 wait again, or allow more time."
            ),
            no_details(),
        ),
        Fault::TimedOut if kind == Kind::Select => (
            "ERR_TIMEOUT",
            format!(
                "The {this} timed out: none of its cases was ready, and nothing was taken. Select again, or allow more time."
            ),
            no_details(),
        ),
        Fault::TimedOut if kind == Kind::Channel => (
            "ERR_TIMEOUT",
            format!(
                "The wait for the {this} timed out, and it sent or received nothing. Wait again, or allow more time."
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
        Fault::Cancelled if kind == Kind::Cancel => (
            "ERR_CANCELLED",
            format!(
                "The {this} was aborted: a thread called its abort(), or the time of its abortAfter() has passed. Stop the \
                 work that it belongs to."
            ),
            no_details(),
        ),
        Fault::Cancelled => (
            "ERR_CANCELLED",
            format!(
                "The wait for the {this} was cancelled: a Cancel in its options was aborted. {} Stop the work that the \
                 Cancel belongs to.",
                match kind {
                    Kind::Barrier => "The barrier is broken.",
                    Kind::Condition => "The mutex is locked again.",
                    Kind::Channel => "It sent or received nothing.",
                    _ => "Nothing was acquired.",
                }
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
                    Kind::Event => ", another thread constructed it with or without autoReset",
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
        let holds = match edge.holding {
            Holding::Owns | Holding::Reads => label(&edge.holds).to_string().into(),
            Holding::QueuedBefore => Value::Undefined,
        };
        Value::Object(vec![
            (c"threadId", edge.thread.worker().into()),
            (c"holds", holds),
            (c"waitsFor", label(&edge.waits_for).to_string().into()),
        ])
    };
    Value::Array(edges.iter().map(link).collect())
}

fn in_words(edges: &[CycleEdge]) -> String {
    let clause = |edge: &CycleEdge| {
        let (thread, held, awaited) = (
            thread(edge.thread),
            label(&edge.holds),
            label(&edge.waits_for),
        );
        let waits = match edge.access {
            Access::Own => "waits for",
            Access::Read => "waits to read",
            Access::Write => "waits to write",
        };
        match edge.holding {
            Holding::Owns => format!("{thread} holds the {held} and {waits} the {awaited}"),
            Holding::Reads => format!("{thread} reads the {held} and {waits} the {awaited}"),
            Holding::QueuedBefore => {
                format!("{thread} {waits} the {awaited} and is queued before that thread")
            }
        }
    };
    edges.iter().map(clause).collect::<Vec<_>>().join(", ")
}

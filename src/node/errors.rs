//! The errors of JavaScript for each fault: the code, and a message that says what to do next.

use super::names::{label, thread};
use crate::primitives::Fault;
use crate::queue::{CycleEdge, Kind, Named};
use crate::threads::ThreadId;
use napi_derive::napi;

/// A report of a fault: its stable code, a message, and the data of the error.
pub struct Report {
    /// The error's `code`.
    pub code: &'static str,
    /// The error's `message`.
    pub message: String,
    /// Further properties of the error.
    pub details: Details,
}

/// Further properties of an error.
#[derive(Default)]
#[napi(object)]
pub struct Details {
    /// The worker that owns the lock, or died while it owned it.
    pub owner_thread_id: Option<u32>,
    /// The cycle of a deadlock. It begins with the thread that receives the error.
    pub cycle: Option<Vec<CycleLink>>,
}

/// One thread of a deadlock.
#[napi(object)]
pub struct CycleLink {
    /// The worker.
    pub thread_id: u32,
    /// What the thread holds, and the previous link waits for.
    pub holds: String,
    /// What the thread waits for, and the next link holds.
    pub waits_for: String,
}

/// Reports a fault of a primitive to the calling thread. None for an interruption, for which the runtime has an
/// exception of its own pending.
pub fn report(named: &Named, context: ThreadId, fault: Fault) -> Option<Report> {
    let this = label(named);
    let kind = named.key.kind();
    let owned_by = |owner: ThreadId| Details {
        owner_thread_id: Some(owner.worker()),
        cycle: None,
    };
    let waits_for_itself = || Details {
        owner_thread_id: Some(context.worker()),
        cycle: Some(cycle(&[CycleEdge {
            thread: context,
            holds: named.clone(),
            waits_for: named.clone(),
        }])),
    };
    let (code, message, details) = match fault {
        Fault::NotOwner(None) if kind == Kind::RwLock => (
            "ERR_NOT_OWNER",
            format!(
                "This thread is not inside the {this}. Call read() or write() in it first, and unlock once for each: \
                 unlockRead() what read() locked, unlockWrite() what write() locked."
            ),
            Details::default(),
        ),
        Fault::NotOwner(None) => (
            "ERR_NOT_OWNER",
            format!(
                "The {this} is not locked. Call lock() in this thread first, and unlock() once for each lock()."
            ),
            Details::default(),
        ),
        Fault::NotOwner(Some(owner)) if kind == Kind::RwLock => (
            "ERR_NOT_OWNER",
            format!(
                "The {this} is written by {}, and this thread is not inside. Only the thread that called read() or write() \
                 can unlock what that locked.",
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
                "This thread is inside the {this}, but not in this way. Unlock it in the way in which it was locked: \
                 unlockRead() after read(), unlockWrite() after write(), and what a promise locked by its guard alone."
            ),
            owned_by(context),
        ),
        Fault::WrongOwnerKind => (
            "ERR_NOT_OWNER",
            format!(
                "The {this} is locked by this thread, but not in this way. What lockAsync() locked, only its guard unlocks \
                 and only waitAsync() waits with; what lock() locked, unlock() and wait()."
            ),
            owned_by(context),
        ),
        Fault::Recursive if kind == Kind::Barrier => (
            "ERR_DEADLOCK",
            format!(
                "This thread runs the action of the {this}, and would wait for its end before that. Arrive again after \
                 the action, or await waitAsync() outside of it."
            ),
            Details::default(),
        ),
        Fault::Recursive if kind == Kind::RwLock => (
            "ERR_DEADLOCK",
            format!(
                "This thread is inside the {this} already and would wait for itself: a writer waits for its readers to \
                 leave, and a reader behind the writers that came before. Unlock it first, or call downgrade() to read \
                 after a write. If a promise of this thread is inside by a guard, await readAsync() or writeAsync() \
                 instead."
            ),
            waits_for_itself(),
        ),
        Fault::Recursive => (
            "ERR_DEADLOCK",
            format!(
                "This thread holds the {this} already and would wait for itself: it is not recursive. Unlock it first, \
                 or call the inner code without locking. If a promise of this thread holds it by a guard, await lockAsync() \
                 instead."
            ),
            waits_for_itself(),
        ),
        Fault::Deadlock(circle) => {
            let cycle = cycle(&circle);
            (
                "ERR_DEADLOCK",
                format!(
                    "Deadlock: {}. This thread, {}, gave up and does not hold what it waited for. Lock them in the \
                     same order in every thread.",
                    in_words(&circle),
                    thread(context)
                ),
                Details {
                    owner_thread_id: None,
                    cycle: Some(cycle),
                },
            )
        }
        Fault::Abandoned(owner) => (
            "ERR_ABANDONED",
            format!(
                "The {this} was held by {} ended, so what it protects may be half changed. This \
                 thread does not own it. Call recover() or recoverAsync() to own it, repair what it protects, and unlock.",
                match owner {
                    Some(owner) => format!("{} when that thread", thread(owner)),
                    None => "a thread that has".to_owned(),
                }
            ),
            owner.map(owned_by).unwrap_or_default(),
        ),
        Fault::Broken => (
            "ERR_BROKEN_BARRIER",
            format!(
                "The {this} is broken: a party left before all had arrived (its time was up, it was aborted or its \
                 thread ended), the action failed, or abort() or reset() was called. Nobody passes a broken barrier: \
                 call reset() once all parties know."
            ),
            Details::default(),
        ),
        Fault::TimedOut if kind == Kind::Barrier => (
            "ERR_TIMEOUT",
            format!(
                "The time was up before all had arrived at the {this}. That breaks it for the others, too: call reset() \
                 once all parties know, or give them more time."
            ),
            Details::default(),
        ),
        Fault::TimedOut => (
            "ERR_TIMEOUT",
            format!(
                "The time was up while waiting for the {this}. Nothing was taken: wait again, or longer."
            ),
            Details::default(),
        ),
        Fault::Corrupt(word) => (
            "ERR_CORRUPT_CELL",
            format!(
                "The cell of the {this} holds {} (0x{word:08x}), which it never writes. Something else uses this \
                 cell, its memory was not zeroed before its first use{}, or a second copy of the package runs in this \
                 process.",
                word.cast_signed(),
                match kind {
                    Kind::Semaphore => ", another thread gave it another number of permits",
                    Kind::Barrier => ", another thread gave it another total",
                    Kind::Latch => ", another thread gave it another count",
                    _ => "",
                }
            ),
            Details::default(),
        ),
        Fault::Interrupted => return None,
    };
    Some(Report {
        code,
        message,
        details,
    })
}

fn cycle(edges: &[CycleEdge]) -> Vec<CycleLink> {
    let link = |edge: &CycleEdge| CycleLink {
        thread_id: edge.thread.worker(),
        holds: label(&edge.holds),
        waits_for: label(&edge.waits_for),
    };
    edges.iter().map(link).collect()
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

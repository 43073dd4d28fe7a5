//! What the primitives look like, in words, for `console.log` and `util.inspect`. Looking takes the lock of a queue for a
//! moment, and changes nothing.

use super::QUEUES;
use super::names::name_of;
use crate::primitives::{
    Barrier, Condition, Fault, Holder, Inside, Latch, Mutex, Phase, RwLock, Semaphore,
};
use crate::queue::{Key, Section};
use crate::threads::ThreadId;
use napi_derive::napi;

/// A primitive in words.
#[napi(object)]
pub struct InWords {
    /// The name that some thread gave to it.
    pub name: Option<String>,
    /// Its state.
    pub state: String,
}

/// Puts the primitive at `key` into words; `state` is given its locked queue.
pub fn in_words(key: Key, state: impl FnOnce(&Section) -> Result<String, Fault>) -> InWords {
    // Its own statement: the lock is released before the name is looked up.
    let state = state(&QUEUES.enter(key));
    InWords {
        name: name_of(key),
        state: state.unwrap_or_else(fault),
    }
}

/// The owner, and who waits for it.
pub fn mutex(mutex: Mutex, key: Key, section: &Section) -> Result<String, Fault> {
    let state = match mutex.holder(QUEUES.threads())? {
        Holder::Nobody => "free".to_owned(),
        Holder::Alive(owner) => format!("locked by {}", thread(owner)),
        Holder::Dead(owner) => format!("abandoned by {}", thread(owner)),
    };
    Ok(state + &waiting(section.len(key)))
}

/// How many wait to be notified.
pub fn condition(condition: Condition, section: &Section) -> Result<String, Fault> {
    Ok(format!("{} waiting", condition.waiting(section)?))
}

/// How many of how many have arrived.
pub fn barrier(barrier: Barrier, total: u32, section: &Section) -> Result<String, Fault> {
    Ok(match barrier.phase(QUEUES.threads(), section)? {
        Phase::Arriving(arrived) => format!("{arrived} of {total} arrived"),
        Phase::Acting(id) => format!("{total} of {total} arrived, {} runs the action", thread(id)),
    })
}

/// Whether it is open, or what is missing.
pub fn latch(latch: Latch, key: Key, section: &Section) -> Result<String, Fault> {
    match latch.remaining()? {
        0 => Ok("open".to_owned()),
        remaining => Ok(format!(
            "closed, {remaining} to go{}",
            waiting(section.len(key))
        )),
    }
}

/// How many permits are free, and who waits for some.
pub fn semaphore(semaphore: Semaphore, key: Key, section: &Section) -> Result<String, Fault> {
    let available = semaphore.available()?;
    let permits = if available == 1 { "permit" } else { "permits" };
    Ok(format!(
        "{available} {permits} free{}",
        waiting(section.len(key))
    ))
}

/// Who is inside, and who waits.
pub fn rwlock(lock: RwLock, key: Key, section: &Section) -> Result<String, Fault> {
    let state = match lock.inside(QUEUES.threads(), section)? {
        Inside::Readers(0) => "free".to_owned(),
        Inside::Readers(1) => "1 read".to_owned(),
        Inside::Readers(reads) => format!("{reads} reads"),
        Inside::Writer(writer) => format!("written by {}", thread(writer)),
        Inside::Dead(Some(dead)) => format!("abandoned by {}", thread(dead)),
        Inside::Dead(None) => "abandoned by a thread that has ended".to_owned(),
    };
    Ok(state + &waiting(section.len(key)))
}

fn waiting(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(", {count} waiting"),
    }
}

fn thread(id: ThreadId) -> String {
    match id.worker() {
        0 => "the main thread".to_owned(),
        worker => format!("thread {worker}"),
    }
}

/// What is wrong with it.
fn fault(fault: Fault) -> String {
    match fault {
        Fault::Broken => "broken".to_owned(),
        Fault::Corrupt(word) => format!(
            "corrupt: the cell holds {} (0x{word:08x})",
            word.cast_signed()
        ),
        // Not among those that looking comes to.
        other => format!("{other:?}"),
    }
}

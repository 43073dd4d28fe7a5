//! The descriptions of the primitives for `console.log` and `util.inspect`. Describing takes the lock of a queue for
//! a short time, and changes nothing.

use super::listing::Granted;
use super::names::thread;
use super::numbers::Count;
use super::read_counts::Reads;
use super::view::CellView;
use super::{QUEUES, barrier, latch, semaphore};
use crate::primitives::{Condition, Fault, Holder, Inside, Mutex, Phase, RwLock};
use crate::queue::{Key, Kind, QueueGuard};
use crate::threads::ThreadId;
use napi::bindgen_prelude::*;
use napi_derive::napi;

type State = std::result::Result<String, Fault>;

fn describe(cell: CellView, kind: Kind, state: impl FnOnce(Key, &QueueGuard) -> State) -> String {
    let key = Key::new(cell.cell(), kind);
    state(key, &QUEUES.lock(key)).unwrap_or_else(fault)
}

/// The owner, and how many waiters there are.
#[napi]
pub fn mutex_describe(cell: CellView) -> String {
    let mut owner = None;
    let text = describe(cell, Kind::Mutex, |key, queue| {
        let state = match Mutex::new(cell.cell()).holder(QUEUES.threads())? {
            Holder::Free => "free".to_owned(),
            Holder::Alive(alive) => {
                owner = Some(alive);
                format!("locked by {}", thread(alive))
            }
            Holder::Dead(dead) => format!("abandoned by {}", thread(dead)),
        };
        Ok(state + &waiting(queue.len(key)))
    });
    text + &not_run(cell, Kind::Mutex, owner)
}

/// How many waiters are not notified yet.
#[napi]
pub fn condition_describe(cell: CellView) -> String {
    describe(cell, Kind::Condition, |_, queue| {
        let waiting = Condition::new(cell.cell()).waiting(queue)?;
        Ok(format!("{waiting} waiting"))
    })
}

/// How many of all parties have arrived.
#[napi]
pub fn barrier_describe(cell: CellView, total: Count) -> Result<String> {
    let barrier = barrier::of(cell, total)?;
    Ok(describe(cell, Kind::Barrier, |_, queue| {
        Ok(match barrier.phase(QUEUES.threads(), queue)? {
            Phase::Arriving(arrived) => format!("{arrived} of {} arrived", total.0),
            Phase::Acting(id) => {
                format!(
                    "{0} of {0} arrived, {1} runs the action",
                    total.0,
                    thread(id)
                )
            }
        })
    }))
}

/// Whether the latch is open, or how many countdowns are left.
#[napi]
pub fn latch_describe(cell: CellView, count: Count) -> Result<String> {
    let latch = latch::of(cell, count)?;
    Ok(describe(cell, Kind::Latch, |key, queue| {
        Ok(match latch.remaining()? {
            0 => "open".to_owned(),
            remaining => format!("closed, {remaining} to go{}", waiting(queue.len(key))),
        })
    }))
}

/// How many permits are free, and how many waiters there are.
#[napi]
pub fn semaphore_describe(cell: CellView, permits: Count, max: Count) -> Result<String> {
    let semaphore = semaphore::of(cell, permits, max)?;
    Ok(describe(cell, Kind::Semaphore, |key, queue| {
        let available = semaphore.available()?;
        let permits = if available == 1 { "permit" } else { "permits" };
        Ok(format!(
            "{available} {permits} free{}",
            waiting(queue.len(key))
        ))
    }))
}

/// Who holds the lock, and how many waiters there are.
#[napi]
pub fn rwlock_describe(env: Env, cell: CellView) -> Result<String> {
    let reads = Reads::of(&env, cell.cell())?;
    let lock = RwLock::new(cell.cell(), reads.held());
    let mut owner = None;
    let text = describe(cell, Kind::RwLock, |key, queue| {
        let state = match lock.inside(QUEUES.threads(), queue)? {
            Inside::Readers(0) => "free".to_owned(),
            Inside::Readers(1) => "1 read".to_owned(),
            Inside::Readers(reads) => format!("{reads} reads"),
            Inside::Writer(writer) => {
                owner = Some(writer);
                format!("written by {}", thread(writer))
            }
            Inside::Dead(Some(dead)) => format!("abandoned by {}", thread(dead)),
            Inside::Dead(None) => "abandoned by a thread that has ended".to_owned(),
        };
        Ok(state + &waiting(queue.len(key)))
    });
    Ok(text + &not_run(cell, Kind::RwLock, owner))
}

fn waiting(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(", {count} waiting"),
    }
}

/// Says that the lock was granted to a promise of `owner` whose thread has not run since. The lock stays owned as
/// long as that thread computes.
fn not_run(cell: CellView, kind: Kind, owner: Option<ThreadId>) -> String {
    owner
        .and_then(|owner| {
            let key = Key::new(cell.cell(), kind);
            let mut granted = Granted::all(|other| other == key);
            granted.retain(|granted| granted.owner == owner);
            granted.pop()
        })
        .map_or_else(String::new, |granted| format!(", {}", granted.describe()))
}

/// What is wrong with the primitive.
fn fault(fault: Fault) -> String {
    match fault {
        Fault::Broken => "broken".to_owned(),
        Fault::Corrupt(word) => format!(
            "corrupt: the cell holds {} (0x{word:08x})",
            word.cast_signed()
        ),
        // Describing does not lead to any other fault.
        other => format!("{other:?}"),
    }
}

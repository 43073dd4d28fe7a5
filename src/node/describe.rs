//! What the primitives look like, for `console.log` and `util.inspect`: their state in words. Looking takes the lock of a
//! queue for a moment, and changes nothing.

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

/// The owner, and how many wait for it.
#[napi]
pub fn mutex_describe(cell: CellView) -> String {
    let mut owner = None;
    let text = describe(cell, Kind::Mutex, |key, section| {
        let state = match Mutex::new(cell.cell()).holder(QUEUES.threads())? {
            Holder::Free => "free".to_owned(),
            Holder::Alive(alive) => {
                owner = Some(alive);
                format!("locked by {}", thread(alive))
            }
            Holder::Dead(dead) => format!("abandoned by {}", thread(dead)),
        };
        Ok(state + &waiting(section.len(key)))
    });
    text + &not_run(cell, Kind::Mutex, owner)
}

/// How many wait to be notified.
#[napi]
pub fn condition_describe(cell: CellView) -> String {
    describe(cell, Kind::Condition, |_, section| {
        let waiting = Condition::new(cell.cell()).waiting(section)?;
        Ok(format!("{waiting} waiting"))
    })
}

/// How many of how many have arrived.
#[napi]
pub fn barrier_describe(cell: CellView, total: Count) -> Result<String> {
    let barrier = barrier::of(cell, total)?;
    Ok(describe(cell, Kind::Barrier, |_, section| {
        Ok(match barrier.phase(QUEUES.threads(), section)? {
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

/// Whether it is open, or what is missing.
#[napi]
pub fn latch_describe(cell: CellView, count: Count) -> Result<String> {
    let latch = latch::of(cell, count)?;
    Ok(describe(cell, Kind::Latch, |key, section| {
        Ok(match latch.remaining()? {
            0 => "open".to_owned(),
            remaining => format!("closed, {remaining} to go{}", waiting(section.len(key))),
        })
    }))
}

/// How many permits are free, and how many wait for some.
#[napi]
pub fn semaphore_describe(cell: CellView, permits: Count, max: Count) -> Result<String> {
    let semaphore = semaphore::of(cell, permits, max)?;
    Ok(describe(cell, Kind::Semaphore, |key, section| {
        let available = semaphore.available()?;
        let permits = if available == 1 { "permit" } else { "permits" };
        Ok(format!(
            "{available} {permits} free{}",
            waiting(section.len(key))
        ))
    }))
}

/// Who is inside, and how many wait.
#[napi]
pub fn rwlock_describe(env: Env, cell: CellView) -> Result<String> {
    let reads = Reads::of(&env, cell.cell())?;
    let lock = RwLock::new(cell.cell(), reads.held());
    let mut owner = None;
    let text = describe(cell, Kind::RwLock, |key, section| {
        let state = match lock.inside(QUEUES.threads(), section)? {
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
        Ok(state + &waiting(section.len(key)))
    });
    Ok(text + &not_run(cell, Kind::RwLock, owner))
}

fn waiting(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(", {count} waiting"),
    }
}

/// That the lock was granted to a promise of `owner`, which has not run since: the lock stays owned as long as that thread
/// computes.
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

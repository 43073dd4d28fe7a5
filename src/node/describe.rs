//! The descriptions of the primitives for `console.log` and `util.inspect`. Describing takes the lock of a queue for
//! a short time, and changes nothing.

use super::arguments::Arguments;
use super::export::{Export, function};
use super::listing::Granted;
use super::names::{duration, thread};
use super::read_counts::Reads;
use super::value::{Result, Value};
use super::{QUEUES, barrier, event, latch, semaphore};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::primitives::{
    Abortion, Cancel, Condition, Fault, Holder, Inside, Mutex, Once, Phase, Progress, RwLock,
};
use crate::queue::{Key, Kind, QueueGuard};
use crate::threads::ThreadId;

/// The descriptions.
pub static EXPORTS: &[Export] = &[
    function(c"mutexDescribe", 1, mutex),
    function(c"conditionDescribe", 1, condition),
    function(c"barrierDescribe", 2, barrier),
    function(c"latchDescribe", 2, latch),
    function(c"semaphoreDescribe", 3, semaphore),
    function(c"rwlockDescribe", 1, rwlock),
    function(c"eventDescribe", 2, event),
    function(c"onceDescribe", 1, once),
    function(c"cancelDescribe", 1, cancel),
];

type State = std::result::Result<String, Fault>;

fn describe(cell: SharedWord, kind: Kind, state: impl FnOnce(Key, &QueueGuard) -> State) -> String {
    let key = Key::new(cell, kind);
    state(key, &QUEUES.lock(key)).unwrap_or_else(fault)
}

/// The owner, and how many waiters there are.
fn mutex(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let mut owner = None;
    let text = describe(cell, Kind::Mutex, |key, queue| {
        let state = match Mutex::new(cell).holder(QUEUES.threads())? {
            Holder::Free => "free".to_owned(),
            Holder::Alive(alive) => {
                owner = Some(alive);
                format!("locked by {}", thread(alive))
            }
            Holder::Dead(dead) => format!("abandoned by {}", thread(dead)),
        };
        Ok(state + &waiting(queue.len(key)))
    });
    Ok((text + &not_run(cell, Kind::Mutex, owner)).into())
}

/// How many waiters are not notified yet.
fn condition(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let text = describe(cell, Kind::Condition, |_, queue| {
        let waiting = Condition::new(cell).waiting(queue)?;
        Ok(format!("{waiting} waiting"))
    });
    Ok(text.into())
}

/// How many of all parties have arrived.
fn barrier(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let (barrier, total) = barrier::of(cell, arguments)?;
    let text = describe(cell, Kind::Barrier, |_, queue| {
        Ok(match barrier.phase(QUEUES.threads(), queue)? {
            Phase::Arriving(arrived) => format!("{arrived} of {total} arrived"),
            Phase::Acting(id) => {
                format!("{total} of {total} arrived, {} runs the action", thread(id))
            }
        })
    });
    Ok(text.into())
}

/// Whether the latch is open, or how many countdowns are left.
fn latch(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let latch = latch::of(cell, arguments)?;
    let text = describe(cell, Kind::Latch, |key, queue| {
        Ok(match latch.remaining()? {
            0 => "open".to_owned(),
            remaining => format!("closed, {remaining} to go{}", waiting(queue.waiting(key))),
        })
    });
    Ok(text.into())
}

/// How many permits are free, and how many waiters there are.
fn semaphore(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let (semaphore, _) = semaphore::of(cell, arguments)?;
    let text = describe(cell, Kind::Semaphore, |key, queue| {
        let available = semaphore.available()?;
        let permits = if available == 1 { "permit" } else { "permits" };
        Ok(format!(
            "{available} {permits} free{}",
            waiting(queue.len(key))
        ))
    });
    Ok(text.into())
}

/// Who holds the lock, and how many waiters there are.
fn rwlock(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let reads = Reads::of(arguments.env, cell)?;
    let lock = RwLock::new(cell, reads.held());
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
    Ok((text + &not_run(cell, Kind::RwLock, owner)).into())
}

/// Whether the event is set, and how many waiters there are.
fn event(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let event = event::of(cell, arguments)?;
    let text = describe(cell, Kind::Event, |key, queue| {
        let state = if event.is_set()? { "set" } else { "not set" };
        Ok(state.to_owned() + &waiting(queue.waiting(key)))
    });
    Ok(text.into())
}

/// Whether the function has run, or who runs it, and how many waiters there are.
fn once(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let text = describe(cell, Kind::Once, |key, queue| {
        let state = match Once::new(cell).progress(QUEUES.threads())? {
            Progress::Fresh => "not run".to_owned(),
            Progress::Running(runner) => format!("run by {}", thread(runner)),
            Progress::Done => "done".to_owned(),
        };
        Ok(state + &waiting(queue.len(key)))
    });
    Ok(text.into())
}

/// Whether it was aborted, and when it will be.
fn cancel(arguments: &mut Arguments) -> Result<Value> {
    let text = match Cancel::new(arguments.cell()?.cell()).abortion() {
        Abortion::None => "not aborted".to_owned(),
        Abortion::At(deadline) => {
            let now = Deadline::now().as_nanoseconds();
            let left = deadline.as_nanoseconds().saturating_sub(now);
            format!("aborts in {}", duration(left))
        }
        Abortion::Done => "aborted".to_owned(),
    };
    Ok(text.into())
}

fn waiting(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(", {count} waiting"),
    }
}

/// Says that the lock was granted to a promise of `owner` whose thread has not run since. The lock stays owned as
/// long as that thread computes.
fn not_run(cell: SharedWord, kind: Kind, owner: Option<ThreadId>) -> String {
    owner
        .and_then(|owner| {
            let key = Key::new(cell, kind);
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
        _ => "faulty".to_owned(),
    }
}

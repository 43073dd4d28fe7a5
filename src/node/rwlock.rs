//! The native side of `RwLock`.

use super::QUEUES;
use super::call::{Call, Name};
use super::grants;
use super::mutex::{recovered, recovered_code};
use super::numbers::{Count, Milliseconds, Serial};
use super::promises::Terms;
use super::read_counts::Reads;
use super::realm::Realmed;
use super::view::{CellView, KeptView};
use crate::primitives::{Fault, Request, RwLock, WaitResult};
use crate::queue::{Context, Key, Kind};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The word of an RwLock that no thread reads or writes.
#[napi]
pub const RWLOCK_FREE: u32 = RwLock::FREE;

/// The largest number of reads that an RwLock's word counts: any smaller word, but zero, is how many are held, with nobody
/// queued.
#[napi]
pub const RWLOCK_MOST_READS: u32 = RwLock::NUMBER;

/// The bit of an RwLock's word that says that a thread or a promise waits.
#[napi]
pub const RWLOCK_WAITERS: u32 = RwLock::WAITERS;

/// The bit of an RwLock's word that says that the thread which the lower bits name writes.
#[napi]
pub const RWLOCK_WRITER: u32 = RwLock::WRITER;

/// The bit of an RwLock's word that says that a guard of the thread which the lower bits name writes.
#[napi]
pub const RWLOCK_GUARD: u32 = RwLock::GUARD;

/// The request to read.
#[napi]
pub const RWLOCK_READ: u32 = Request::Read as u32;

/// The request to write.
#[napi]
pub const RWLOCK_WRITE: u32 = Request::Write as u32;

/// The request to write, also after a thread has died inside.
#[napi]
pub const RWLOCK_RECOVER: u32 = Request::Recover as u32;

fn key(cell: CellView) -> Key {
    Key::new(cell.cell(), Kind::RwLock)
}

/// Where the cell was written over, the reads of this thread and of its guards are void.
fn forget_lost_reads(cell: CellView, reads: &Reads) {
    if RwLock::new(cell.cell(), reads.held()).forget_lost_reads() {
        grants::revoke_all_reads(key(cell));
    }
}

/// A call on an RwLock, with the counts of this thread's reads.
struct RwLockCall<'a> {
    call: Call<'a>,
    reads: Reads,
    cell: CellView,
}

impl<'a> RwLockCall<'a> {
    fn new(env: &'a Env, realm: &'a Realmed, cell: CellView, name: Name) -> Result<Self> {
        Ok(RwLockCall {
            call: Call::new(env, realm, Kind::RwLock, cell, name),
            reads: Reads::of(env, cell.cell())?,
            cell,
        })
    }

    /// As above, of one that enters.
    fn entering(env: &'a Env, realm: &'a Realmed, cell: CellView, name: Name) -> Result<Self> {
        let this = Self::new(env, realm, cell, name)?;
        forget_lost_reads(cell, &this.reads);
        Ok(this)
    }

    fn lock(&self) -> RwLock {
        RwLock::new(self.cell.cell(), self.reads.held())
    }

    /// Ends reads, which may find the cell written over: then no promise of this thread reads any more.
    fn end_read(
        &self,
        unlock: impl FnOnce(RwLock, &Context) -> std::result::Result<(), Fault>,
    ) -> Result<()> {
        let result = self.call.run(|context| unlock(self.lock(), context));
        if result.is_err() && self.reads.held().by_guards.load() == 0 {
            grants::revoke_all_reads(self.call.key());
        }
        result
    }
}

/// Reads or writes, as `request` says, within `milliseconds` (Infinity: without limit): 1, or 2 where a call that recovers
/// cleared what a dead thread left, or 0 where the time was up first.
#[napi]
pub fn rwlock_enter(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    request: Count,
    milliseconds: Milliseconds,
) -> Result<f64> {
    let this = RwLockCall::entering(&env, &realm, cell, name)?;
    let lock = this.lock();
    this.call.run(|context| {
        let entered = match Request::from(request.0) {
            Request::Recover => {
                return Ok(recovered_code(
                    lock.recover(context, milliseconds.deadline())?,
                ));
            }
            request if milliseconds.0 <= 0.0 => lock.try_enter(context, request)?,
            Request::Read => lock.read(context, milliseconds.deadline())?,
            Request::Write => lock.write(context, milliseconds.deadline())?,
        };
        Ok(f64::from(entered == WaitResult::Acquired))
    })
}

/// Ends a read or a write, as `request` says.
#[napi]
pub fn rwlock_unlock(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    request: Count,
) -> Result<()> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    match Request::from(request.0) {
        Request::Read => this.end_read(|lock, context| lock.unlock_read(context)),
        _ => this.call.run(|context| this.lock().unlock_write(context)),
    }
}

/// Goes on as a reader.
#[napi]
pub fn rwlock_downgrade(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.run(|context| this.lock().downgrade(context))
}

/// What a guard has of the lock.
enum Entry {
    Read(KeptView),
    Write,
}

impl Entry {
    fn of(env: &Env, cell: CellView, request: Request) -> Result<Self> {
        Ok(match request {
            Request::Read => Entry::Read(cell.keep(env)?),
            Request::Write | Request::Recover => Entry::Write,
        })
    }

    fn grant(self, key: Key, number: Serial) {
        match self {
            Entry::Read(view) => grants::grant_read(key, number.0, view),
            Entry::Write => grants::grant(key, number.0),
        }
    }
}

/// Lets the guard of the promise `number` read or write, if that takes no waiting.
#[napi]
pub fn rwlock_try_enter_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    request: Count,
    number: Serial,
) -> Result<bool> {
    let request = Request::from(request.0);
    let this = RwLockCall::entering(&env, &realm, cell, name)?;
    let entry = Entry::of(&env, cell, request)?;
    let entered = this
        .call
        .run(|context| this.lock().try_enter_guard(context, request))?;
    let is_inside = entered == WaitResult::Acquired;
    if is_inside {
        entry.grant(this.call.key(), number);
    }
    Ok(is_inside)
}

/// Begins to read or write, for the guard of the promise `number`: 1, or 2 where one that recovers cleared the state.
#[napi]
pub fn rwlock_enter_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    request: Count,
    number: Serial,
    timeout: Milliseconds,
    keeps_alive: bool,
) -> Result<f64> {
    let request = Request::from(request.0);
    let RwLockCall { call, reads, .. } = RwLockCall::entering(&env, &realm, cell, name)?;
    let entry = Entry::of(&env, cell, request)?;
    let key = key(cell);
    let lock = RwLock::new(cell.cell(), reads.held());
    call.promise(
        Terms::new(number, timeout, keeps_alive),
        |context, requester| lock.begin(context, requester, request),
        move |entered| {
            // The counts were this lock's until here.
            drop(reads);
            recovered(entered?, || entry.grant(key, number))
        },
    )
}

/// Ends what the guard of the promise `number` has: true, or false where it has nothing.
#[napi]
pub fn rwlock_release_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    request: Count,
    number: Serial,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    if Request::from(request.0) == Request::Read {
        // The view goes after the call.
        let Some(_view) = grants::revoke_read(number.0) else {
            return Ok(false);
        };
        this.end_read(|lock, context| lock.unlock_read_guard(context))?;
        return Ok(true);
    }
    if !grants::revoke(this.call.key(), number.0) {
        return Ok(false);
    }
    this.call
        .run(|context| this.lock().unlock_write_guard(context))?;
    Ok(true)
}

/// Lets the guard of the promise `number`, which writes, go on as a reader, under the number `reading`: true, or false where
/// it does not write.
#[napi]
pub fn rwlock_downgrade_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: Serial,
    reading: Serial,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let entry = Entry::Read(cell.keep(&env)?);
    if !grants::revoke(this.call.key(), number.0) {
        return Ok(false);
    }
    this.call
        .run(|context| this.lock().downgrade_guard(context))?;
    entry.grant(this.call.key(), reading);
    Ok(true)
}

/// Whether the guard of the promise `number` reads or writes.
#[napi]
pub fn rwlock_is_guarded(
    env: Env,
    realm: Realmed,
    cell: CellView,
    request: Count,
    number: Serial,
) -> Result<bool> {
    let reads = Reads::of(&env, cell.cell())?;
    forget_lost_reads(cell, &reads);
    if Request::from(request.0) == Request::Read {
        return Ok(grants::is_read_granted(number.0));
    }
    let lock = RwLock::new(cell.cell(), reads.held());
    let is_granted = grants::is_granted(key(cell), number.0);
    Ok(is_granted && lock.is_written_by_guard(realm.thread().id()))
}

/// How many reads are held.
#[napi]
pub fn rwlock_readers(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<u32> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.run(|_| this.lock().readers())
}

/// The number of the writer (its `threadId + 1`), or 0.
#[napi]
pub fn rwlock_writer(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<u32> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let writer = this.call.run(|_| this.lock().writer(QUEUES.threads()))?;
    Ok(writer.map_or(0, |writer| writer.get()))
}

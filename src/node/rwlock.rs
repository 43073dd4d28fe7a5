//! The native side of `RwLock`.

use super::QUEUES;
use super::call::{Call, Name};
use super::grants;
use super::mutex::recovered_code;
use super::numbers::{Count, Milliseconds, Serial};
use super::promises::Terms;
use super::read_counts::Reads;
use super::realm::Realmed;
use super::view::{CellView, KeptView};
use crate::primitives::{Entering, Fault, Recovered, Request, RwLock, in_time};
use crate::queue::{Context, Key, Kind, Owner};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The word of a free RwLock.
#[napi]
pub const RWLOCK_FREE: u32 = RwLock::FREE;

/// The largest number of reads that the word of an RwLock counts. Any smaller word above zero is the number of reads,
/// without waiters.
#[napi]
pub const RWLOCK_MOST_READS: u32 = RwLock::NUMBER;

/// The waiters bit of the word of an RwLock.
#[napi]
pub const RWLOCK_WAITERS: u32 = RwLock::WAITERS;

/// The bit of the word of an RwLock for a write by the thread that the lower bits name.
#[napi]
pub const RWLOCK_WRITER: u32 = RwLock::WRITER;

/// The bit of the word of an RwLock for a write by a guard of the thread that the lower bits name.
#[napi]
pub const RWLOCK_GUARD: u32 = RwLock::GUARD;

/// The request to read.
#[napi]
pub const RWLOCK_READ: u32 = Request::Read as u32;

/// The request to write.
#[napi]
pub const RWLOCK_WRITE: u32 = Request::Write as u32;

/// The request to write, even after a holder died.
#[napi]
pub const RWLOCK_RECOVER: u32 = Request::Recover as u32;

fn key(cell: CellView) -> Key {
    Key::new(cell.cell(), Kind::RwLock)
}

/// Voids the reads of this thread and of its guards if the cell was written over.
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

    /// The same for a call that enters.
    fn entering(env: &'a Env, realm: &'a Realmed, cell: CellView, name: Name) -> Result<Self> {
        let this = Self::new(env, realm, cell, name)?;
        forget_lost_reads(cell, &this.reads);
        Ok(this)
    }

    fn lock(&self) -> RwLock {
        RwLock::new(self.cell.cell(), self.reads.held())
    }

    /// Ends reads. That may find the cell written over, and then no promise of this thread holds a read any more.
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

/// Reads or writes, as `request` says, within `milliseconds` (Infinity: without limit). Returns 1, or 2 if a call
/// that recovers took the lock over from a dead holder, or 0 if the time limit passed first.
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
        let deadline = milliseconds.deadline();
        let acquired =
            |entered: std::result::Result<(), Fault>| entered.map(|()| Recovered::Acquired);
        let entered = in_time(match Request::from(request.0) {
            Request::Recover => lock.recover(context, deadline),
            request if milliseconds.0 <= 0.0 => {
                acquired(lock.try_enter(context, context.owner(), request))
            }
            Request::Read => acquired(lock.read(context, deadline)),
            Request::Write => acquired(lock.write(context, deadline)),
        });
        Ok(entered?.map_or(0.0, recovered_code))
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

/// Turns the thread's write into a read.
#[napi]
pub fn rwlock_downgrade(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call
        .run(|context| this.lock().downgrade(context, context.owner()))
}

/// What a guard holds of the lock.
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

/// Reads or writes for the guard of the promise `number`, if that does not need to wait.
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
        .run(|context| in_time(this.lock().try_enter(context, context.guard(), request)))?;
    let is_inside = entered.is_some();
    if is_inside {
        entry.grant(this.call.key(), number);
    }
    Ok(is_inside)
}

/// Begins to read or write for the guard of the promise `number`. The result is 1, or 2 if a call that recovers took
/// the lock over from a dead holder.
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
        |requester| Entering::new(lock, requester, request),
        move |entered| {
            // The counts belong to this lock until here.
            drop(reads);
            let entered = entered?;
            entry.grant(key, number);
            Ok(recovered_code(entered))
        },
    )
}

/// Ends what the guard of the promise `number` holds. Returns true, or false if the guard holds nothing.
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
        // The view is dropped after the call.
        let Some(_view) = grants::revoke_read(number.0) else {
            return Ok(false);
        };
        this.end_read(|lock, context| lock.unlock_read_as(context, context.guard()))?;
        return Ok(true);
    }
    if !grants::revoke(this.call.key(), number.0) {
        return Ok(false);
    }
    this.call
        .run(|context| this.lock().unlock_write_as(context, context.guard()))?;
    Ok(true)
}

/// Turns the write of the guard of the promise `number` into a read with the id `reading`. Returns true, or false if
/// the guard does not write.
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
        .run(|context| this.lock().downgrade(context, context.guard()))?;
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
    Ok(is_granted && lock.is_written_as(Owner::Guard(realm.thread().id())))
}

/// The number of reads that are held.
#[napi]
pub fn rwlock_readers(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<u32> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.run(|_| this.lock().readers())
}

/// The thread id of the writer (its `threadId + 1`), or 0.
#[napi]
pub fn rwlock_writer(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<u32> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let writer = this.call.run(|_| this.lock().writer(QUEUES.threads()))?;
    Ok(writer.map_or(0, |writer| writer.get()))
}

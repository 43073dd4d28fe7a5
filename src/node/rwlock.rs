//! The native side of `RwLock`.

use super::QUEUES;
use super::call::{Call, Name};
use super::grants;
use super::mutex::recovered_code;
use super::promises::Terms;
use super::read_counts::Reads;
use super::realm::Realmed;
use super::view::CellView;
use crate::futex::Deadline;
use crate::primitives::{Fault, Locked, Recovered, Request, RwLock};
use crate::queue::{Caller, Kind};
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

    fn lock(&self) -> RwLock {
        RwLock::new(self.cell.cell(), self.reads.held())
    }

    /// Ends reads, which may find the cell written over: then no promise of this thread reads any more.
    fn end_read(
        &self,
        unlock: impl FnOnce(RwLock, &Caller) -> std::result::Result<(), Fault>,
    ) -> Result<()> {
        let result = self.call.run(|caller| unlock(self.lock(), caller));
        if result.is_err() && self.reads.held().by_guards.load() == 0 {
            grants::revoke_all_reads(self.call.key());
        }
        result
    }
}

/// Begins to read within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn rwlock_read(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    milliseconds: f64,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.within(
        milliseconds,
        |caller, deadline| this.lock().read(caller, deadline),
        |caller| this.lock().try_enter(caller, Request::Read),
    )
}

/// Begins to write within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn rwlock_write(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    milliseconds: f64,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.within(
        milliseconds,
        |caller, deadline| this.lock().write(caller, deadline),
        |caller| this.lock().try_enter(caller, Request::Write),
    )
}

/// Ends a read.
#[napi]
pub fn rwlock_unlock_read(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    RwLockCall::new(&env, &realm, cell, name)?.end_read(|lock, caller| lock.unlock_read(caller))
}

/// Ends a write.
#[napi]
pub fn rwlock_unlock_write(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.run(|caller| this.lock().unlock_write(caller))
}

/// Goes on as a reader.
#[napi]
pub fn rwlock_downgrade(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    this.call.run(|caller| this.lock().downgrade(caller))
}

/// Begins to write within `milliseconds` (Infinity: without limit), also after a thread has died inside: 2 where this call
/// cleared that, 1 where there was nothing to clear, 0 where the time was up first.
#[napi]
pub fn rwlock_recover(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    milliseconds: f64,
) -> Result<f64> {
    let deadline = Deadline::after_milliseconds(milliseconds);
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let recovered = this
        .call
        .run(|caller| this.lock().recover(caller, deadline))?;
    Ok(recovered_code(recovered))
}

/// Lets the guard of the promise `number` read, if that takes no waiting.
#[napi]
pub fn rwlock_try_read_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let view = cell.keep(&env)?;
    let entered = this
        .call
        .run(|caller| this.lock().try_enter_guard(caller, Request::Read))?;
    if entered == Locked::Acquired {
        grants::grant_read(this.call.key(), number as u64, view);
    }
    Ok(entered == Locked::Acquired)
}

/// Lets the guard of the promise `number` write, if that takes no waiting.
#[napi]
pub fn rwlock_try_write_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let entered = this
        .call
        .run(|caller| this.lock().try_enter_guard(caller, Request::Write))?;
    if entered == Locked::Acquired {
        grants::grant(this.call.key(), number as u64);
    }
    Ok(entered == Locked::Acquired)
}

/// Begins to read, for the guard of the promise `number`.
#[napi]
pub fn rwlock_read_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
    timeout: f64,
    keeps_alive: bool,
) -> Result<f64> {
    let RwLockCall { call, reads, .. } = RwLockCall::new(&env, &realm, cell, name)?;
    let view = cell.keep(&env)?;
    let terms = Terms::new(number, timeout, keeps_alive);
    let (key, number) = (call.key(), terms.number);
    let lock = RwLock::new(cell.cell(), reads.held());
    call.promise(
        terms,
        |caller, party| lock.begin(caller, party, Request::Read),
        move |entered| {
            // The counts were this lock's until here.
            drop(reads);
            match entered? {
                Recovered::TimedOut => Err(Fault::TimedOut),
                Recovered::Locked | Recovered::Cleared => {
                    grants::grant_read(key, number, view);
                    Ok(1.0)
                }
            }
        },
    )
}

/// Begins to write, for the guard of the promise `number`.
#[napi]
pub fn rwlock_write_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
    timeout: f64,
    keeps_alive: bool,
) -> Result<f64> {
    let terms = Terms::new(number, timeout, keeps_alive);
    write_async(&env, &realm, cell, name, terms, Request::Write)
}

/// Begins to recover, for the guard of the promise `number`: 2 where this cleared the state, else 1.
#[napi]
pub fn rwlock_recover_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
    timeout: f64,
    keeps_alive: bool,
) -> Result<f64> {
    let terms = Terms::new(number, timeout, keeps_alive);
    write_async(&env, &realm, cell, name, terms, Request::Recover)
}

fn write_async(
    env: &Env,
    realm: &Realmed,
    cell: CellView,
    name: Name,
    terms: Terms,
    request: Request,
) -> Result<f64> {
    let RwLockCall { call, reads, .. } = RwLockCall::new(env, realm, cell, name)?;
    let (key, number) = (call.key(), terms.number);
    let lock = RwLock::new(cell.cell(), reads.held());
    call.promise(
        terms,
        |caller, party| lock.begin(caller, party, request),
        move |entered| {
            // As above.
            drop(reads);
            super::mutex::recovered(entered?, || grants::grant(key, number))
        },
    )
}

/// Ends the read of the guard of the promise `number`: true, or false where that does not read.
#[napi]
pub fn rwlock_release_read(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
) -> Result<bool> {
    let Some(_view) = grants::revoke_read(number as u64) else {
        return Ok(false);
    };
    RwLockCall::new(&env, &realm, cell, name)?
        .end_read(|lock, caller| lock.unlock_read_guard(caller))?;
    Ok(true)
}

/// Ends the write of the guard of the promise `number`: true, or false where that does not write.
#[napi]
pub fn rwlock_release_write(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: f64,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    if !grants::revoke(this.call.key(), number as u64) {
        return Ok(false);
    }
    this.call
        .run(|caller| this.lock().unlock_write_guard(caller))?;
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
    number: f64,
    reading: f64,
) -> Result<bool> {
    let this = RwLockCall::new(&env, &realm, cell, name)?;
    let view = cell.keep(&env)?;
    if !grants::revoke(this.call.key(), number as u64) {
        return Ok(false);
    }
    this.call
        .run(|caller| this.lock().downgrade_guard(caller))?;
    grants::grant_read(this.call.key(), reading as u64, view);
    Ok(true)
}

/// Whether the guard of the promise `number` reads.
#[napi]
pub fn rwlock_is_read(number: f64) -> bool {
    grants::is_read_granted(number as u64)
}

/// Whether the guard of the promise `number` writes.
#[napi]
pub fn rwlock_is_written(env: Env, realm: Realmed, cell: CellView, number: f64) -> Result<bool> {
    let reads = Reads::of(&env, cell.cell())?;
    let lock = RwLock::new(cell.cell(), reads.held());
    let key = crate::queue::Key::new(cell.cell(), Kind::RwLock);
    Ok(grants::is_granted(key, number as u64) && lock.is_written_by_guard(realm.thread().id()))
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

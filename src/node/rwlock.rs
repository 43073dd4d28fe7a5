//! `native.RwLock`.

use super::QUEUES;
use super::handles::{Handle, Numbered, numbered};
use super::instance::Instance;
use super::promises;
use super::reads::Reads;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives::{self, Request};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::rc::Rc;

/// The word of an RwLock that nobody is inside.
#[napi]
pub const RWLOCK_FREE: u32 = primitives::RwLock::FREE;

/// The largest number of reads that an RwLock's word counts: any smaller word, but zero, is how many are held, with nobody
/// queued.
#[napi]
pub const RWLOCK_MOST_READS: u32 = primitives::RwLock::NUMBER;

/// The bit of an RwLock's word that says that somebody is queued.
#[napi]
pub const RWLOCK_WAITERS: u32 = primitives::RwLock::WAITERS;

/// The bit of an RwLock's word that says that the thread which the lower bits name writes.
#[napi]
pub const RWLOCK_WRITER: u32 = primitives::RwLock::WRITER;

/// The bit of an RwLock's word that says that a guard of the thread which the lower bits name writes.
#[napi]
pub const RWLOCK_GUARD: u32 = primitives::RwLock::GUARD;

/// What a lock of readers and writers consists of.
struct Body {
    // Dropped first: it looks after what this object leaves behind.
    reads: Reads,
    instance: Instance,
}

numbered!(Body);

impl Body {
    fn primitive(&self) -> primitives::RwLock {
        primitives::RwLock::new(self.instance.cell(), self.reads.held())
    }

    fn promise(self: &Rc<Self>, env: &Env, request: Request) -> Result<PromiseBegun> {
        let lock = self.primitive();
        self.instance.promise(
            env,
            self.clone(),
            |caller, party| lock.begin(caller, party, request),
            promises::recovered,
        )
    }
}

/// Begins to read within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn rwlock_read(env: Env, handle: u32, milliseconds: f64) -> Result<bool> {
    let body = Body::of(handle)?;
    let lock = body.primitive();
    body.instance.within(
        &env,
        milliseconds,
        |caller, deadline| lock.read(caller, deadline),
        |caller| lock.try_enter(caller, Request::Read),
    )
}

/// Begins to write within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn rwlock_write(env: Env, handle: u32, milliseconds: f64) -> Result<bool> {
    let body = Body::of(handle)?;
    let lock = body.primitive();
    body.instance.within(
        &env,
        milliseconds,
        |caller, deadline| lock.write(caller, deadline),
        |caller| lock.try_enter(caller, Request::Write),
    )
}

/// Ends a read.
#[napi]
pub fn rwlock_unlock_read(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().unlock_read(caller))
}

/// Ends a write.
#[napi]
pub fn rwlock_unlock_write(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().unlock_write(caller))
}

/// Begins to write within `milliseconds` (Infinity: without limit), also after somebody has died inside: true where
/// this call cleared that, false where there was nothing to clear, undefined where the time was up first.
#[napi]
pub fn rwlock_recover(env: Env, handle: u32, milliseconds: f64) -> Result<Option<bool>> {
    let body = Body::of(handle)?;
    let deadline = Deadline::after_milliseconds(milliseconds);
    let recovered = body
        .instance
        .call(&env, |caller| body.primitive().recover(caller, deadline))?;
    Ok(recovered.cleared())
}

/// Begins to read.
#[napi]
pub fn rwlock_read_async(env: Env, handle: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    body.promise(&env, Request::Read)
}

/// Begins to write.
#[napi]
pub fn rwlock_write_async(env: Env, handle: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    body.promise(&env, Request::Write)
}

/// Begins to recover: whether this cleared the state.
#[napi]
pub fn rwlock_recover_async(env: Env, handle: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    body.promise(&env, Request::Recover)
}

/// Ends a read that a promise began.
#[napi]
pub fn rwlock_unlock_read_guard(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().unlock_read_guard(caller))
}

/// Ends a write that a promise began.
#[napi]
pub fn rwlock_unlock_write_guard(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().unlock_write_guard(caller))
}

/// Lets what a promise began to write go on as a reader.
#[napi]
pub fn rwlock_downgrade_guard(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().downgrade_guard(caller))
}

/// Goes on as a reader.
#[napi]
pub fn rwlock_downgrade(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().downgrade(caller))
}

/// How many reads are held.
#[napi]
pub fn rwlock_readers(env: Env, handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    body.instance.call(&env, |_| body.primitive().readers())
}

/// The number of the writer (its `threadId + 1`), or 0.
#[napi]
pub fn rwlock_writer(env: Env, handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    let writer = body
        .instance
        .call(&env, |_| body.primitive().writer(QUEUES.threads()))?;
    Ok(writer.map_or(0, |writer| writer.get()))
}

/// What it looks like.
#[napi]
pub fn rwlock_in_words(handle: u32) -> Result<InWords> {
    let body = Body::of(handle)?;
    let key = body.instance.key();
    Ok(words::in_words(key, |section| {
        words::rwlock(body.primitive(), key, section)
    }))
}

/// A lock of readers and writers.
#[napi]
pub struct RwLock {
    body: Handle<Body>,
}

#[napi]
impl RwLock {
    /// A lock in the first cell of `view`, an Int32Array over shared memory. `counts` is another one, of two zeroes, to
    /// count the reads of this thread in, unless an object on the cell has brought some before.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        realm: &Realm,
        view: Unknown,
        counts: Unknown,
        name: Option<String>,
    ) -> Result<Self> {
        Ok(RwLock {
            body: Handle::new(Body {
                reads: Reads::new(&env, view, counts)?,
                instance: Instance::new(&env, realm, view, name, Kind::RwLock)?,
            }),
        })
    }

    /// The number that the functions above take.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        self.body.number()
    }

    /// What this thread counts its reads of the cell in: first its own, then those of its guards.
    #[napi(getter, ts_return_type = "Int32Array")]
    pub fn counts<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        self.body.reads.counts(env)
    }
}

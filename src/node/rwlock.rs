//! `native.RwLock`.

use super::QUEUES;
use super::handles::{Handle, Numbered, numbered};
use super::instance::Instance;
use super::promises::Value;
use super::reads::Reads;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives::{self, Fault, Locked, Recovered, Request};
use crate::queue::{Caller, Kind};
use napi::bindgen_prelude::*;
use napi_derive::napi;

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

    fn promise(&self, env: &Env, request: Request) -> Result<PromiseBegun> {
        let lock = self.primitive();
        self.instance.promise(
            env,
            |caller, party| lock.begin(caller, party, request),
            |entered| match entered? {
                Recovered::Cleared => Ok(Value::A(true)),
                Recovered::Locked => Ok(Value::A(false)),
                Recovered::TimedOut => Err(Fault::TimedOut),
            },
        )
    }
}

/// Begins to read within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn rwlock_read(env: Env, handle: u32, milliseconds: f64) -> Result<bool> {
    enter(
        &env,
        handle,
        milliseconds,
        Request::Read,
        |lock, caller, deadline| lock.read(caller, deadline),
    )
}

/// Begins to write within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn rwlock_write(env: Env, handle: u32, milliseconds: f64) -> Result<bool> {
    enter(
        &env,
        handle,
        milliseconds,
        Request::Write,
        |lock, caller, deadline| lock.write(caller, deadline),
    )
}

fn enter(
    env: &Env,
    handle: u32,
    milliseconds: f64,
    request: Request,
    wait: impl FnOnce(
        primitives::RwLock,
        &Caller,
        Option<Deadline>,
    ) -> std::result::Result<Locked, Fault>,
) -> Result<bool> {
    let body = Body::of(handle)?;
    let lock = body.primitive();
    let entered = body.instance.call(env, |caller| {
        if milliseconds > 0.0 {
            wait(lock, caller, Deadline::after_milliseconds(milliseconds))
        } else {
            lock.try_enter(caller, request)
        }
    })?;
    Ok(entered == Locked::Acquired)
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

    /// Begins to write within `milliseconds` (Infinity: without limit), also after somebody has died inside: true where
    /// this call cleared that, false where there was nothing to clear, undefined where the time was up first.
    #[napi]
    pub fn recover(&self, env: Env, milliseconds: f64) -> Result<Option<bool>> {
        let deadline = Deadline::after_milliseconds(milliseconds);
        let recovered = self.body.instance.call(&env, |caller| {
            self.body.primitive().recover(caller, deadline)
        })?;
        Ok(match recovered {
            Recovered::Cleared => Some(true),
            Recovered::Locked => Some(false),
            Recovered::TimedOut => None,
        })
    }

    /// Begins to read.
    #[napi]
    pub fn read_async(&self, env: Env) -> Result<PromiseBegun> {
        self.body.promise(&env, Request::Read)
    }

    /// Begins to write.
    #[napi]
    pub fn write_async(&self, env: Env) -> Result<PromiseBegun> {
        self.body.promise(&env, Request::Write)
    }

    /// Begins to recover: whether this cleared the state.
    #[napi]
    pub fn recover_async(&self, env: Env) -> Result<PromiseBegun> {
        self.body.promise(&env, Request::Recover)
    }

    /// Ends a read that a promise began.
    #[napi]
    pub fn unlock_read_guard(&self, env: Env) -> Result<()> {
        self.body.instance.call(&env, |caller| {
            self.body.primitive().unlock_read_guard(caller)
        })
    }

    /// Ends a write that a promise began.
    #[napi]
    pub fn unlock_write_guard(&self, env: Env) -> Result<()> {
        self.body.instance.call(&env, |caller| {
            self.body.primitive().unlock_write_guard(caller)
        })
    }

    /// Lets what a promise began to write go on as a reader.
    #[napi]
    pub fn downgrade_guard(&self, env: Env) -> Result<()> {
        self.body
            .instance
            .call(&env, |caller| self.body.primitive().downgrade_guard(caller))
    }

    /// Goes on as a reader.
    #[napi]
    pub fn downgrade(&self, env: Env) -> Result<()> {
        self.body
            .instance
            .call(&env, |caller| self.body.primitive().downgrade(caller))
    }

    /// How many reads are held.
    #[napi]
    pub fn readers(&self, env: Env) -> Result<u32> {
        self.body
            .instance
            .call(&env, |_| self.body.primitive().readers())
    }

    /// The number of the writer (its `threadId + 1`), or 0.
    #[napi]
    pub fn writer(&self, env: Env) -> Result<u32> {
        let writer = self
            .body
            .instance
            .call(&env, |_| self.body.primitive().writer(QUEUES.threads()))?;
        Ok(writer.map_or(0, |writer| writer.get()))
    }

    /// What it looks like.
    #[napi]
    pub fn in_words(&self) -> InWords {
        let key = self.body.instance.key();
        words::in_words(key, |section| {
            words::rwlock(self.body.primitive(), key, section)
        })
    }
}

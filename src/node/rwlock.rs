//! `native.RwLock`.

use super::QUEUES;
use super::instance::Instance;
use super::promises::Value;
use super::reads::Reads;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives::{self, Fault, Locked, Recovered, Request};
use crate::queue::Kind;
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

/// A lock of readers and writers, complete: its methods enter a free lock, too.
#[napi]
pub struct RwLock {
    // Dropped first: it looks after what this object leaves behind.
    reads: Reads,
    instance: Instance,
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
            reads: Reads::new(&env, view, counts)?,
            instance: Instance::new(&env, realm, view, name, Kind::RwLock)?,
        })
    }

    /// What this thread counts its reads of the cell in: first its own, then those of its guards.
    #[napi(getter, ts_return_type = "Int32Array")]
    pub fn counts<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        self.reads.counts(env)
    }

    /// Begins to read within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
    #[napi]
    pub fn read(&self, env: Env, milliseconds: f64) -> Result<bool> {
        let lock = self.primitive();
        self.enter(&env, milliseconds, Request::Read, |caller, deadline| {
            lock.read(caller, deadline)
        })
    }

    /// Begins to write within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
    #[napi]
    pub fn write(&self, env: Env, milliseconds: f64) -> Result<bool> {
        let lock = self.primitive();
        self.enter(&env, milliseconds, Request::Write, |caller, deadline| {
            lock.write(caller, deadline)
        })
    }

    /// Begins to write within `milliseconds` (Infinity: without limit), also after somebody has died inside: true where
    /// this call cleared that, false where there was nothing to clear, undefined where the time was up first.
    #[napi]
    pub fn recover(&self, env: Env, milliseconds: f64) -> Result<Option<bool>> {
        let deadline = Deadline::after_milliseconds(milliseconds);
        let recovered = self
            .instance
            .call(&env, |caller| self.primitive().recover(caller, deadline))?;
        Ok(match recovered {
            Recovered::Cleared => Some(true),
            Recovered::Locked => Some(false),
            Recovered::TimedOut => None,
        })
    }

    /// Begins to read.
    #[napi]
    pub fn read_async(&self, env: Env) -> Result<PromiseBegun> {
        self.promise(&env, Request::Read)
    }

    /// Begins to write.
    #[napi]
    pub fn write_async(&self, env: Env) -> Result<PromiseBegun> {
        self.promise(&env, Request::Write)
    }

    /// Begins to recover: whether this cleared the state.
    #[napi]
    pub fn recover_async(&self, env: Env) -> Result<PromiseBegun> {
        self.promise(&env, Request::Recover)
    }

    /// Ends a read that a promise began.
    #[napi]
    pub fn unlock_read_guard(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().unlock_read_guard(caller))
    }

    /// Ends a write that a promise began.
    #[napi]
    pub fn unlock_write_guard(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().unlock_write_guard(caller))
    }

    /// Lets what a promise began to write go on as a reader.
    #[napi]
    pub fn downgrade_guard(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().downgrade_guard(caller))
    }

    /// Ends a read.
    #[napi]
    pub fn unlock_read(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().unlock_read(caller))
    }

    /// Ends a write.
    #[napi]
    pub fn unlock_write(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().unlock_write(caller))
    }

    /// Goes on as a reader.
    #[napi]
    pub fn downgrade(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().downgrade(caller))
    }

    /// How many reads are held.
    #[napi]
    pub fn readers(&self, env: Env) -> Result<u32> {
        self.instance.call(&env, |_| self.primitive().readers())
    }

    /// The number of the writer (its `threadId + 1`), or 0.
    #[napi]
    pub fn writer(&self, env: Env) -> Result<u32> {
        let writer = self
            .instance
            .call(&env, |_| self.primitive().writer(QUEUES.threads()))?;
        Ok(writer.map_or(0, |writer| writer.get()))
    }

    /// What it looks like.
    #[napi]
    pub fn in_words(&self) -> InWords {
        let key = self.instance.key();
        words::in_words(key, |section| words::rwlock(self.primitive(), key, section))
    }
}

impl RwLock {
    fn enter(
        &self,
        env: &Env,
        milliseconds: f64,
        request: Request,
        wait: impl FnOnce(
            &crate::queue::Caller,
            Option<Deadline>,
        ) -> std::result::Result<Locked, primitives::Fault>,
    ) -> Result<bool> {
        let entered = self.instance.call(env, |caller| {
            if milliseconds > 0.0 {
                wait(caller, Deadline::after_milliseconds(milliseconds))
            } else {
                self.primitive().try_enter(caller, request)
            }
        })?;
        Ok(entered == Locked::Acquired)
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

    fn primitive(&self) -> primitives::RwLock {
        primitives::RwLock::new(self.instance.cell(), self.reads.held())
    }
}

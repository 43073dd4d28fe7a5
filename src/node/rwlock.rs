//! `native.RwLock`.

use super::QUEUES;
use super::instance::Instance;
use super::reads::Reads;
use super::realm::Realm;
use crate::futex::Deadline;
use crate::primitives::{self, Locked, Recovered, Request};
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

    fn primitive(&self) -> primitives::RwLock {
        primitives::RwLock::new(self.instance.cell(), self.reads.held())
    }
}

//! `native.Barrier`.

use super::instance::Instance;
use super::promises::Value;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives::{self, Last};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The largest number of parties of a Barrier.
#[napi]
pub const BARRIER_MAX_TOTAL: u32 = primitives::Barrier::MAX_TOTAL;

/// A barrier, complete.
#[napi]
pub struct Barrier {
    instance: Instance,
    total: u32,
}

#[napi]
impl Barrier {
    /// A barrier for `total` parties in the first cell of `view`, an Int32Array over shared memory.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        realm: &Realm,
        view: Unknown,
        total: u32,
        name: Option<String>,
    ) -> Result<Self> {
        if !(1..=primitives::Barrier::MAX_TOTAL).contains(&total) {
            return Err(Error::new(Status::InvalidArg, "total is out of range"));
        }
        Ok(Barrier {
            instance: Instance::new(&env, realm, view, name, Kind::Barrier)?,
            total,
        })
    }

    /// Arrives, and waits for the others for at most `milliseconds` (Infinity: without limit). Returns how many were
    /// missing then. With `acts`, the last to arrive, which gets 0, is to call `open` or `abort` after its action.
    #[napi]
    pub fn wait(&self, env: Env, acts: bool, milliseconds: f64) -> Result<u32> {
        let deadline = Deadline::after_milliseconds(milliseconds);
        self.instance.call(&env, |caller| {
            self.primitive().wait(caller, last(acts), deadline)
        })
    }

    /// Begins to wait as a promise.
    #[napi]
    pub fn wait_async(&self, env: Env, acts: bool) -> Result<PromiseBegun> {
        let barrier = self.primitive();
        self.instance.promise(
            &env,
            |caller, party| barrier.begin(caller, party, last(acts)),
            |missing| Ok(Value::B(missing?)),
        )
    }

    /// Lets the others go, after the action.
    #[napi]
    pub fn open(&self, env: Env) -> Result<()> {
        self.instance
            .call(&env, |caller| self.primitive().open(caller))
    }

    /// Breaks it for everybody.
    #[napi]
    pub fn abort(&self, env: Env) -> Result<()> {
        self.instance.call(&env, |caller| {
            self.primitive().abort(caller);
            Ok(())
        })
    }

    /// Makes it fresh again. Those who wait are told that it broke.
    #[napi]
    pub fn reset(&self, env: Env) -> Result<()> {
        self.instance.call(&env, |caller| {
            self.primitive().reset(caller);
            Ok(())
        })
    }

    /// Whether it is broken.
    #[napi(getter)]
    pub fn broken(&self) -> bool {
        self.primitive().is_broken()
    }

    /// How many have arrived and wait.
    #[napi]
    pub fn waiting(&self, env: Env) -> Result<u32> {
        let waiting = self
            .instance
            .call(&env, |caller| Ok(self.primitive().waiting(caller)))?;
        Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    /// What it looks like.
    #[napi]
    pub fn in_words(&self) -> InWords {
        let barrier = primitives::Barrier::new(self.instance.cell(), self.total);
        words::in_words(self.instance.key(), |section| {
            words::barrier(barrier, self.total, section)
        })
    }
}

impl Barrier {
    fn primitive(&self) -> primitives::Barrier {
        primitives::Barrier::new(self.instance.cell(), self.total)
    }
}

fn last(acts: bool) -> Last {
    if acts { Last::Acts } else { Last::Opens }
}

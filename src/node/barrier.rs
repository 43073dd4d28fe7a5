//! `native.Barrier`.

use super::instance::Instance;
use super::realm::Realm;
use super::words::{self, InWords};
use crate::primitives;
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

    /// Arrives, and waits for the others. Returns how many were missing then.
    #[napi]
    pub fn wait(&self, env: Env) -> Result<u32> {
        let barrier = primitives::Barrier::new(self.instance.cell(), self.total);
        self.instance
            .call(&env, |caller| barrier.wait(caller, None))
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

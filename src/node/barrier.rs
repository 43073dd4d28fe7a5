//! `native.Barrier`.

use super::realm::{Realm, Shared};
use super::view::View;
use crate::primitives;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::rc::Rc;

const NAME: &str = "Barrier";

/// The largest number of parties of a Barrier.
#[napi]
pub const BARRIER_MAX_TOTAL: u32 = primitives::Barrier::MAX_TOTAL;

/// A barrier, complete.
#[napi]
pub struct Barrier {
    realm: Rc<Shared>,
    view: View,
    total: u32,
}

#[napi]
impl Barrier {
    /// A barrier for `total` parties in the first cell of `view`, an Int32Array over shared memory.
    #[napi(constructor)]
    pub fn new(env: Env, realm: &Realm, view: Unknown, total: u32) -> Result<Self> {
        if !(1..=primitives::Barrier::MAX_TOTAL).contains(&total) {
            return Err(Error::new(Status::InvalidArg, "total is out of range"));
        }
        Ok(Barrier {
            realm: realm.shared(),
            view: View::new(&env, view)?,
            total,
        })
    }

    /// Arrives, and waits for the others. Returns how many were missing then.
    #[napi]
    pub fn wait(&self, env: Env) -> Result<u32> {
        let barrier = primitives::Barrier::new(self.view.cell(), self.total);
        self.realm
            .call(&env, NAME, |caller| barrier.wait(caller, None))
    }
}

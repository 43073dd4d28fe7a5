//! `native.Mutex`.

use super::QUEUES;
use super::realm::{Realm, Shared};
use super::view::View;
use crate::futex::Deadline;
use crate::primitives::{self, Locked};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::rc::Rc;

const NAME: &str = "Mutex";

/// The word of a Mutex that nobody owns.
#[napi]
pub const MUTEX_FREE: u32 = primitives::Mutex::FREE;

/// The bits of a Mutex's word above the owner's number.
#[napi]
pub const MUTEX_FLAGS: u32 = !primitives::Mutex::OWNER;

/// A mutex, complete: its methods take a free lock, too.
#[napi]
pub struct Mutex {
    realm: Rc<Shared>,
    view: View,
}

#[napi]
impl Mutex {
    /// A mutex in the first cell of `view`, an Int32Array over shared memory.
    #[napi(constructor)]
    pub fn new(env: Env, realm: &Realm, view: Unknown) -> Result<Self> {
        Ok(Mutex {
            realm: realm.shared(),
            view: View::new(&env, view)?,
        })
    }

    /// Locks, waiting without limit.
    #[napi]
    pub fn lock(&self, env: Env) -> Result<()> {
        self.realm.call(&env, NAME, |caller| {
            self.primitive().lock(caller, None).map(drop)
        })
    }

    /// Locks within `milliseconds`: true, or false where the time was up first.
    #[napi]
    pub fn try_lock(&self, env: Env, milliseconds: f64) -> Result<bool> {
        let locked = self.realm.call(&env, NAME, |caller| {
            if milliseconds > 0.0 {
                self.primitive()
                    .lock(caller, Deadline::after_milliseconds(milliseconds))
            } else {
                self.primitive().try_lock(caller)
            }
        })?;
        Ok(locked == Locked::Acquired)
    }

    /// Unlocks.
    #[napi]
    pub fn unlock(&self, env: Env) -> Result<()> {
        self.realm
            .call(&env, NAME, |caller| self.primitive().unlock(caller))
    }

    /// Throws unless this thread owns it.
    #[napi]
    pub fn assert_owned(&self, env: Env) -> Result<()> {
        self.realm.call(&env, NAME, |caller| {
            self.primitive()
                .assert_owned(caller.queues.threads(), caller.id())
        })
    }

    /// The number of the owner (its `threadId + 1`), or 0.
    #[napi]
    pub fn owner(&self, env: Env) -> Result<u32> {
        let owner = self
            .realm
            .call(&env, NAME, |_| self.primitive().owner(QUEUES.threads()))?;
        Ok(owner.map_or(0, |owner| owner.get()))
    }
}

impl Mutex {
    /// The protocol on this cell.
    pub fn primitive(&self) -> primitives::Mutex {
        primitives::Mutex::new(self.view.cell())
    }
}

//! `native.Mutex`.

use super::QUEUES;
use super::handles::{Handle, Numbered, numbered};
use super::instance::Instance;
use super::promises;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives;
use crate::queue::{Kind, Party, Trust};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::Cell;

/// The word of a Mutex that nobody owns.
#[napi]
pub const MUTEX_FREE: u32 = primitives::Mutex::FREE;

/// The bit of a Mutex's word that says that somebody waits.
#[napi]
pub const MUTEX_WAITERS: u32 = primitives::Mutex::WAITERS;

numbered!(Body);

/// What a mutex consists of.
pub struct Body {
    instance: Instance,
    /// That it is worth the time to observe it: none before the first time.
    observing: Cell<Option<Trust>>,
}

impl Body {
    /// Its cell and realm.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The protocol on this cell.
    pub fn primitive(&self) -> primitives::Mutex {
        primitives::Mutex::new(self.instance.cell())
    }
}

/// Locks, waiting without limit. True: a call that the end of the thread interrupts returns nothing. Takes a free lock,
/// too, as all of these do.
#[napi]
pub fn mutex_lock(env: Env, handle: u32) -> Result<bool> {
    let mutex = Body::of(handle)?;
    mutex.instance.call(&env, |caller| {
        mutex.primitive().lock(caller, None).map(|_| true)
    })
}

/// Backs off from it where it seems better. For how many more times that somebody else owns it not to ask again.
#[napi]
pub fn mutex_back_off(handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    let trust = body.primitive().back_off(body.observing.get());
    body.observing.set(Some(trust));
    Ok(trust.resting().into())
}

/// Locks within `milliseconds`: true, or false where the time was up first.
#[napi]
pub fn mutex_try_lock(env: Env, handle: u32, milliseconds: f64) -> Result<bool> {
    let mutex = Body::of(handle)?;
    mutex.instance.within(
        &env,
        milliseconds,
        |caller, deadline| mutex.primitive().lock(caller, deadline),
        |caller| mutex.primitive().try_lock(caller),
    )
}

/// Unlocks.
#[napi]
pub fn mutex_unlock(env: Env, handle: u32) -> Result<()> {
    let mutex = Body::of(handle)?;
    mutex
        .instance
        .call(&env, |caller| mutex.primitive().unlock(caller))
}

/// Locks within `milliseconds` (Infinity: without limit), also after the owner died: true where this call cleared
/// that, false where there was nothing to clear, undefined where the time was up first.
#[napi]
pub fn mutex_recover(env: Env, handle: u32, milliseconds: f64) -> Result<Option<bool>> {
    let body = Body::of(handle)?;
    let deadline = Deadline::after_milliseconds(milliseconds);
    let recovered = body
        .instance
        .call(&env, |caller| body.primitive().recover(caller, deadline))?;
    Ok(recovered.cleared())
}

/// Begins to lock.
#[napi]
pub fn mutex_lock_async(env: Env, handle: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    let mutex = body.primitive();
    body.instance.promise(
        &env,
        body.clone(),
        |caller, party| mutex.begin(caller, party),
        promises::locked,
    )
}

/// Begins to recover: whether this cleared the state.
#[napi]
pub fn mutex_recover_async(env: Env, handle: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    let mutex = body.primitive();
    body.instance.promise(
        &env,
        body.clone(),
        |caller, party| mutex.begin_recovery(caller, party),
        promises::recovered,
    )
}

/// Unlocks what a promise locked.
#[napi]
pub fn mutex_unlock_guard(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().unlock_guard(caller))
}

/// A number that all mutexes on the same cell have.
#[napi]
pub fn mutex_address(handle: u32) -> Result<f64> {
    let body = Body::of(handle)?;
    // Exact: no address of a process has more than 53 bits.
    Ok(body.instance.cell().address() as f64)
}

/// Throws unless this thread owns it.
#[napi]
pub fn mutex_assert_owned(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance.call(&env, |caller| {
        body.primitive()
            .assert_owned_as(caller.queues.threads(), &Party::thread_of(caller))
    })
}

/// The number of the owner (its `threadId + 1`), or 0.
#[napi]
pub fn mutex_owner(env: Env, handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    let owner = body
        .instance
        .call(&env, |_| body.primitive().owner(QUEUES.threads()))?;
    Ok(owner.map_or(0, |owner| owner.get()))
}

/// What it looks like.
#[napi]
pub fn mutex_in_words(handle: u32) -> Result<InWords> {
    let body = Body::of(handle)?;
    let key = body.instance.key();
    Ok(words::in_words(key, |section| {
        words::mutex(body.primitive(), key, section)
    }))
}

/// A mutex.
#[napi]
pub struct Mutex {
    body: Handle<Body>,
}

#[napi]
impl Mutex {
    /// A mutex in the first cell of `view`, an Int32Array over shared memory.
    #[napi(constructor)]
    pub fn new(env: Env, realm: &Realm, view: Unknown, name: Option<String>) -> Result<Self> {
        Ok(Mutex {
            body: Handle::new(Body {
                instance: Instance::new(&env, realm, view, name, Kind::Mutex)?,
                observing: Cell::default(),
            }),
        })
    }

    /// The number that the functions above take.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        self.body.number()
    }
}

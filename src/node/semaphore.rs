//! `native.Semaphore`.

use super::handles::{Handle, Numbered, numbered};
use super::instance::Instance;
use super::promises;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::primitives::{self, Released};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The largest number of permits of a Semaphore.
#[napi]
pub const SEMAPHORE_MAX_PERMITS: u32 = primitives::Semaphore::MAX_PERMITS;

/// The bit of a Semaphore's word that says that somebody is queued.
#[napi]
pub const SEMAPHORE_WAITERS: u32 = primitives::Semaphore::WAITERS;

/// What each permit that is taken adds to a Semaphore's word.
#[napi]
pub const SEMAPHORE_PERMIT: u32 = primitives::Semaphore::PERMIT;

/// What a semaphore consists of.
struct Body {
    instance: Instance,
    permits: u32,
    max: u32,
}

numbered!(Body);

impl Body {
    fn count(&self, count: u32) -> Result<u32> {
        if (1..=self.max).contains(&count) {
            Ok(count)
        } else {
            Err(Error::new(Status::InvalidArg, "count is out of range"))
        }
    }

    fn primitive(&self) -> primitives::Semaphore {
        primitives::Semaphore::new(self.instance.cell(), self.permits, self.max)
    }
}

/// Takes `count` permits within `milliseconds` (Infinity: without limit): true, or false where the time was up first.
#[napi]
pub fn semaphore_acquire(env: Env, handle: u32, count: u32, milliseconds: f64) -> Result<bool> {
    let body = Body::of(handle)?;
    let count = body.count(count)?;
    let semaphore = body.primitive();
    body.instance.within(
        &env,
        milliseconds,
        |caller, deadline| semaphore.acquire(caller, count, deadline),
        |caller| semaphore.try_acquire(caller, count),
    )
}

/// Gives back `count` permits: true, or false, and nothing has changed, where there would be more than the maximum.
#[napi]
pub fn semaphore_release(env: Env, handle: u32, count: u32) -> Result<bool> {
    let body = Body::of(handle)?;
    let count = body.count(count)?;
    let released = body
        .instance
        .call(&env, |caller| body.primitive().release(caller, count))?;
    Ok(released == Released::Done)
}

/// Begins to take `count` permits.
#[napi]
pub fn semaphore_acquire_async(env: Env, handle: u32, count: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    let count = body.count(count)?;
    let semaphore = body.primitive();
    body.instance.promise(
        &env,
        body.clone(),
        |caller, party| semaphore.begin(caller, party, count),
        promises::locked,
    )
}

/// How many permits are free.
#[napi]
pub fn semaphore_available(env: Env, handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    let semaphore = body.primitive();
    body.instance.call(&env, |_| semaphore.available())
}

/// What it looks like.
#[napi]
pub fn semaphore_in_words(handle: u32) -> Result<InWords> {
    let body = Body::of(handle)?;
    let key = body.instance.key();
    Ok(words::in_words(key, |section| {
        words::semaphore(body.primitive(), key, section)
    }))
}

/// A semaphore.
#[napi]
pub struct Semaphore {
    body: Handle<Body>,
}

#[napi]
impl Semaphore {
    /// A semaphore in the first cell of `view`, an Int32Array over shared memory, of which `permits` are free at first
    /// and never more than `max`.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        realm: &Realm,
        view: Unknown,
        permits: u32,
        max: u32,
        name: Option<String>,
    ) -> Result<Self> {
        if !(permits.max(1)..=primitives::Semaphore::MAX_PERMITS).contains(&max) {
            return Err(Error::new(Status::InvalidArg, "max is out of range"));
        }
        Ok(Semaphore {
            body: Handle::new(Body {
                instance: Instance::new(&env, realm, view, name, Kind::Semaphore)?,
                permits,
                max,
            }),
        })
    }

    /// The number that the functions above take.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        self.body.number()
    }
}

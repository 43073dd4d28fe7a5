//! `native.Barrier`.

use super::handles::{Handle, Numbered, numbered};
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

/// What a barrier consists of.
struct Body {
    instance: Instance,
    total: u32,
}

numbered!(Body);

impl Body {
    fn primitive(&self) -> primitives::Barrier {
        primitives::Barrier::new(self.instance.cell(), self.total)
    }
}

/// Arrives, and waits for the others for at most `milliseconds` (Infinity: without limit). Returns how many were missing
/// then. With `acts`, the last to arrive, which gets 0, is to call `open` or `abort` after its action.
#[napi]
pub fn barrier_wait(env: Env, handle: u32, acts: bool, milliseconds: f64) -> Result<u32> {
    let barrier = Body::of(handle)?;
    let deadline = Deadline::after_milliseconds(milliseconds);
    barrier.instance.call(&env, |caller| {
        barrier.primitive().wait(caller, last(acts), deadline)
    })
}

/// Begins to wait as a promise.
#[napi]
pub fn barrier_wait_async(env: Env, handle: u32, acts: bool) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    let barrier = body.primitive();
    body.instance.promise(
        &env,
        body.clone(),
        |caller, party| barrier.begin(caller, party, last(acts)),
        |missing| Ok(Value::B(missing?)),
    )
}

/// Lets the others go, after the action.
#[napi]
pub fn barrier_open(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().open(caller))
}

/// Breaks it for everybody.
#[napi]
pub fn barrier_abort(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance.call(&env, |caller| {
        body.primitive().abort(caller);
        Ok(())
    })
}

/// Makes it fresh again. Those who wait are told that it broke.
#[napi]
pub fn barrier_reset(env: Env, handle: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance.call(&env, |caller| {
        body.primitive().reset(caller);
        Ok(())
    })
}

/// Whether it is broken.
#[napi]
pub fn barrier_broken(handle: u32) -> Result<bool> {
    let body = Body::of(handle)?;
    Ok(body.primitive().is_broken())
}

/// How many have arrived and wait.
#[napi]
pub fn barrier_waiting(env: Env, handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    let waiting = body
        .instance
        .call(&env, |caller| Ok(body.primitive().waiting(caller)))?;
    Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
}

/// What it looks like.
#[napi]
pub fn barrier_in_words(handle: u32) -> Result<InWords> {
    let body = Body::of(handle)?;
    Ok(words::in_words(body.instance.key(), |section| {
        words::barrier(body.primitive(), body.total, section)
    }))
}

fn last(acts: bool) -> Last {
    if acts { Last::Acts } else { Last::Opens }
}

/// A barrier.
#[napi]
pub struct Barrier {
    body: Handle<Body>,
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
            body: Handle::new(Body {
                instance: Instance::new(&env, realm, view, name, Kind::Barrier)?,
                total,
            }),
        })
    }

    /// The number that the functions above take.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        self.body.number()
    }
}

//! `native.Latch`.

use super::handles::{Handle, Numbered, numbered};
use super::instance::Instance;
use super::promises;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::primitives::{self, Locked};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The bit of a Latch's word that says that somebody waits.
#[napi]
pub const LATCH_WAITERS: u32 = primitives::Latch::WAITERS;

/// The largest count of a Latch.
#[napi]
pub const LATCH_MAX_COUNT: u32 = primitives::Latch::MAX_COUNT;

/// What a latch consists of.
struct Body {
    instance: Instance,
    count: u32,
}

numbered!(Body);

impl Body {
    fn primitive(&self) -> primitives::Latch {
        primitives::Latch::new(self.instance.cell(), self.count)
    }
}

/// Waits for at most `milliseconds` (Infinity: without limit) until it is open: true, or false where the time was up first.
#[napi]
pub fn latch_wait(env: Env, handle: u32, milliseconds: f64) -> Result<bool> {
    let body = Body::of(handle)?;
    let latch = body.primitive();
    body.instance.within(
        &env,
        milliseconds,
        |caller, deadline| latch.wait(caller, deadline),
        |_| {
            Ok(if latch.is_open()? {
                Locked::Acquired
            } else {
                Locked::TimedOut
            })
        },
    )
}

/// Counts down `by`, at most to open.
#[napi]
pub fn latch_count_down(env: Env, handle: u32, by: u32) -> Result<()> {
    let body = Body::of(handle)?;
    body.instance
        .call(&env, |caller| body.primitive().count_down(caller, by))
}

/// Begins to wait until it is open.
#[napi]
pub fn latch_wait_async(env: Env, handle: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    let latch = body.primitive();
    body.instance.promise(
        &env,
        body.clone(),
        |caller, party| latch.begin(caller, party),
        promises::locked,
    )
}

/// How often it has to be counted down until it is open.
#[napi]
pub fn latch_remaining(env: Env, handle: u32) -> Result<u32> {
    let body = Body::of(handle)?;
    let latch = body.primitive();
    body.instance.call(&env, |_| latch.remaining())
}

/// What it looks like.
#[napi]
pub fn latch_in_words(handle: u32) -> Result<InWords> {
    let body = Body::of(handle)?;
    let key = body.instance.key();
    Ok(words::in_words(key, |section| {
        words::latch(body.primitive(), key, section)
    }))
}

/// A latch.
#[napi]
pub struct Latch {
    body: Handle<Body>,
}

#[napi]
impl Latch {
    /// A latch in the first cell of `view`, an Int32Array over shared memory, that opens at `count`.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        realm: &Realm,
        view: Unknown,
        count: u32,
        name: Option<String>,
    ) -> Result<Self> {
        if !(1..=primitives::Latch::MAX_COUNT).contains(&count) {
            return Err(Error::new(Status::InvalidArg, "count is out of range"));
        }
        Ok(Latch {
            body: Handle::new(Body {
                instance: Instance::new(&env, realm, view, name, Kind::Latch)?,
                count,
            }),
        })
    }

    /// The number that the functions above take.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        self.body.number()
    }
}

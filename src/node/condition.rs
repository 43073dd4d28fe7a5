//! `native.Condition`.

use super::handles::{Handle, Numbered, numbered};
use super::instance::Instance;
use super::mutex;
use super::promises::Value;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives::{self, Fault, Notification};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::rc::Rc;

/// The word of a Condition that nobody waits for.
#[napi]
pub const CONDITION_EMPTY: u32 = primitives::Condition::EMPTY;

/// What a condition consists of.
struct Body {
    instance: Instance,
}

numbered!(Body);

impl Body {
    fn primitive(&self) -> primitives::Condition {
        primitives::Condition::new(self.instance.cell())
    }
}

/// Unlocks the mutex, waits for one notification for at most `milliseconds` (Infinity: without limit), and locks the mutex
/// again. True where it was notified.
#[napi]
pub fn condition_wait(env: Env, handle: u32, mutex: u32, milliseconds: f64) -> Result<bool> {
    let (condition, mutex) = (Body::of(handle)?, mutex::Body::of(mutex)?);
    let deadline = Deadline::after_milliseconds(milliseconds);
    let waited = condition.instance.call(&env, |caller| {
        Ok(condition
            .primitive()
            .wait(mutex.primitive(), caller, deadline))
    })?;
    let concerned = match waited {
        Ok(_) | Err(Fault::Corrupt(_) | Fault::Interrupted) => &condition.instance,
        Err(_) => mutex.instance(),
    };
    let notification = concerned.call(&env, |_| waited)?;
    Ok(notification == Notification::Received)
}

/// Notifies up to `count` of those who wait (a fraction is cut off, Infinity means all), and returns how many.
#[napi]
pub fn condition_notify(env: Env, handle: u32, count: f64) -> Result<u32> {
    let condition = Body::of(handle)?;
    // `as` saturates: infinity is everybody.
    let notified = condition.instance.call(&env, |caller| {
        condition.primitive().notify(caller, count as usize)
    })?;
    Ok(u32::try_from(notified).unwrap_or(u32::MAX))
}

/// Begins to wait with a mutex that a guard of this thread's owns: true where it was notified, false where the time was
/// up first. The guard owns the mutex again then.
#[napi]
pub fn condition_wait_async(env: Env, handle: u32, mutex: u32) -> Result<PromiseBegun> {
    let body = Body::of(handle)?;
    let guarded = mutex::Body::of(mutex)?;
    let mutex = guarded.primitive();
    let condition = body.primitive();
    body.instance.promise(
        &env,
        Rc::new((Rc::clone(&body), guarded)),
        |caller, party| condition.begin(mutex, caller, party),
        |notification| Ok(Value::A(notification? == Notification::Received)),
    )
}

/// What it looks like.
#[napi]
pub fn condition_in_words(handle: u32) -> Result<InWords> {
    let body = Body::of(handle)?;
    Ok(words::in_words(body.instance.key(), |section| {
        words::condition(body.primitive(), section)
    }))
}

/// A condition.
#[napi]
pub struct Condition {
    body: Handle<Body>,
}

#[napi]
impl Condition {
    /// A condition in the first cell of `view`, an Int32Array over shared memory.
    #[napi(constructor)]
    pub fn new(env: Env, realm: &Realm, view: Unknown, name: Option<String>) -> Result<Self> {
        Ok(Condition {
            body: Handle::new(Body {
                instance: Instance::new(&env, realm, view, name, Kind::Condition)?,
            }),
        })
    }

    /// The number that the functions above take.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        self.body.number()
    }
}

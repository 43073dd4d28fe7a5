//! `native.Condition`.

use super::instance::Instance;
use super::mutex::Mutex;
use super::promises::Value;
use super::realm::{PromiseBegun, Realm};
use super::words::{self, InWords};
use crate::futex::Deadline;
use crate::primitives::{self, Fault, Notification};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The word of a Condition that nobody waits for.
#[napi]
pub const CONDITION_EMPTY: u32 = primitives::Condition::EMPTY;

/// A condition, complete.
#[napi]
pub struct Condition {
    instance: Instance,
}

#[napi]
impl Condition {
    /// A condition in the first cell of `view`, an Int32Array over shared memory.
    #[napi(constructor)]
    pub fn new(env: Env, realm: &Realm, view: Unknown, name: Option<String>) -> Result<Self> {
        Ok(Condition {
            instance: Instance::new(&env, realm, view, name, Kind::Condition)?,
        })
    }

    /// Unlocks the mutex, waits for one notification for at most `milliseconds` (Infinity: without limit), and locks
    /// the mutex again. True where it was notified.
    #[napi]
    pub fn wait(&self, env: Env, mutex: &Mutex, milliseconds: f64) -> Result<bool> {
        let deadline = Deadline::after_milliseconds(milliseconds);
        let waited = self.instance.call(&env, |caller| {
            Ok(self.primitive().wait(mutex.primitive(), caller, deadline))
        })?;
        let concerned = match waited {
            Ok(_) | Err(Fault::Corrupt(_) | Fault::Interrupted) => &self.instance,
            Err(_) => mutex.instance(),
        };
        let notification = concerned.call(&env, |_| waited)?;
        Ok(notification == Notification::Received)
    }

    /// Begins to wait with a mutex that a guard of this thread's owns: true where it was notified, false where the time was
    /// up first. The guard owns the mutex again then.
    #[napi]
    pub fn wait_async(&self, env: Env, mutex: &Mutex) -> Result<PromiseBegun> {
        let (condition, mutex) = (self.primitive(), mutex.primitive());
        self.instance.promise(
            &env,
            |caller, party| condition.begin(mutex, caller, party),
            |notification| Ok(Value::A(notification? == Notification::Received)),
        )
    }

    /// Notifies up to `count` of those who wait (a fraction is cut off, Infinity means all), and returns how many.
    #[napi]
    pub fn notify(&self, env: Env, count: f64) -> Result<u32> {
        // `as` saturates: infinity is everybody.
        let notified = self.instance.call(&env, |caller| {
            self.primitive().notify(caller, count as usize)
        })?;
        Ok(u32::try_from(notified).unwrap_or(u32::MAX))
    }

    /// What it looks like.
    #[napi]
    pub fn in_words(&self) -> InWords {
        words::in_words(self.instance.key(), |section| {
            words::condition(self.primitive(), section)
        })
    }
}

impl Condition {
    fn primitive(&self) -> primitives::Condition {
        primitives::Condition::new(self.instance.cell())
    }
}

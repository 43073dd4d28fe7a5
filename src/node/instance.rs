//! What every native object of a class consists of: a cell of the user's memory, its name, and its realm.

use super::names::Named;
use super::promises::Settled;
use super::realm::{PromiseBegun, Realm, Shared};
use super::view::View;
use crate::cell::Cell;
use crate::futex::Deadline;
use crate::primitives::{Fault, Locked};
use crate::queue::{Begun, Caller, Key, Kind, Party, Wait};
use napi::bindgen_prelude::*;
use std::any::Any;
use std::rc::Rc;

/// One primitive, as one realm of one thread sees it.
pub struct Instance {
    realm: Rc<Shared>,
    named: Named,
    // Dropped last: the cell is valid for as long as this is.
    _view: View,
}

impl Instance {
    /// A primitive of a `kind` in the first cell of `view`, an Int32Array over shared memory.
    pub fn new(
        env: &Env,
        realm: &Realm,
        view: Unknown,
        name: Option<String>,
        kind: Kind,
    ) -> Result<Self> {
        let view = View::new(env, view)?;
        Ok(Instance {
            realm: realm.shared(),
            named: Named::new(Key::new(view.cell(), kind), name, view.index()),
            _view: view,
        })
    }

    /// The cell.
    pub fn cell(&self) -> Cell {
        self.named.key().cell()
    }

    /// Which queue.
    pub fn key(&self) -> Key {
        self.named.key()
    }

    /// Runs an operation on it for the calling thread, and throws its fault.
    pub fn call<R>(
        &self,
        env: &Env,
        operation: impl FnOnce(&Caller) -> std::result::Result<R, Fault>,
    ) -> Result<R> {
        self.realm.call(env, self.named.key(), operation)
    }

    /// Waits for at most `milliseconds` (Infinity: without limit), or, for none, tries `at_once`. True, or false where the
    /// time was up first.
    pub fn within(
        &self,
        env: &Env,
        milliseconds: f64,
        wait: impl FnOnce(&Caller, Option<Deadline>) -> std::result::Result<Locked, Fault>,
        at_once: impl FnOnce(&Caller) -> std::result::Result<Locked, Fault>,
    ) -> Result<bool> {
        let locked = self.call(env, |caller| {
            if milliseconds > 0.0 {
                wait(caller, Deadline::after_milliseconds(milliseconds))
            } else {
                at_once(caller)
            }
        })?;
        Ok(locked == Locked::Acquired)
    }

    /// Begins a wait on it as a promise, which keeps `keep` alive: whatever the memory of its cells belongs to.
    pub fn promise<W: Wait + 'static>(
        &self,
        env: &Env,
        keep: Rc<dyn Any>,
        begin: impl FnOnce(&Caller, &Party) -> Begun<W>,
        settle: fn(W::Output) -> Settled,
    ) -> Result<PromiseBegun> {
        self.realm
            .promise(env, self.named.key(), keep, begin, settle)
    }
}

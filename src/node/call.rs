//! One native call: the calling thread, the cells, and what the runtime does for the thread while it blocks.

use super::QUEUES;
use super::errors::report;
use super::numbers::Milliseconds;
use super::promises::{self, Completion, Site, Terms};
use super::realm::{Realm, Realmed};
use super::view::CellView;
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::label::Label;
use crate::primitives::{Fault, Wait, in_time};
use crate::queue::{Context, Key, Kind, Labels, Requester};
use crate::threads::{Interrupt, InterruptSource, Runtime};
use napi::bindgen_prelude::*;
use napi::sys;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

/// The name that the user gave to a primitive, as JavaScript passes it: a string, or undefined. It is read only when
/// it is needed.
#[derive(Clone, Copy)]
pub struct Name(sys::napi_value);

impl FromNapiValue for Name {
    unsafe fn from_napi_value(_env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        Ok(Name(value))
    }
}

impl Name {
    fn read(self, env: &Env) -> Option<Arc<str>> {
        // SAFETY: a value of this environment, within the scope of the native call. Reading fails for anything but a
        // string.
        let name = unsafe { String::from_napi_value(env.raw(), self.0) };
        name.ok().map(Arc::from)
    }
}

/// A call of a native function.
pub struct Call<'a> {
    env: &'a Env,
    realm: &'a Rc<Realm>,
    kind: Kind,
    own: (CellView, Name),
    mutex: Option<(CellView, Name)>,
}

impl<'a> Call<'a> {
    /// A call on the primitive of a `kind` in `cell`.
    pub fn new(env: &'a Env, realm: &'a Realmed, kind: Kind, cell: CellView, name: Name) -> Self {
        Call {
            env,
            realm,
            kind,
            own: (cell, name),
            mutex: None,
        }
    }

    /// The same for the wait of a Condition, which locks the mutex again.
    pub fn with_mutex(self, cell: CellView, name: Name) -> Self {
        Call {
            mutex: Some((cell, name)),
            ..self
        }
    }

    /// The key of the queue.
    pub fn key(&self) -> Key {
        Key::new(self.own.0.cell(), self.kind)
    }

    fn site(&self) -> Site {
        Site {
            key: self.key(),
            mutex: self.mutex.map(|(cell, _)| cell.cell()),
        }
    }

    fn read_label(&self, (cell, name): (CellView, Name)) -> Label {
        Label {
            name: name.read(self.env),
            index: cell.index(),
        }
    }

    fn labels(&self) -> Labels {
        Labels {
            own: self.read_label(self.own),
            mutex: self.mutex.map(|mutex| Box::new(self.read_label(mutex))),
        }
    }

    fn as_context<R>(&self, operation: impl FnOnce(&Context) -> R) -> R {
        operation(&Context {
            queues: &QUEUES,
            thread: self.realm.thread(),
            runtime: self,
        })
    }

    /// Runs an operation for the calling thread, and throws its fault.
    pub fn run<R>(
        &self,
        operation: impl FnOnce(&Context) -> std::result::Result<R, Fault>,
    ) -> Result<R> {
        let result = self.as_context(operation);
        self.realm.environment().hold_due();
        result.map_err(|fault| self.throw(fault))
    }

    /// Waits for at most `milliseconds` (Infinity: without limit). With 0 milliseconds it calls `at_once` instead.
    /// Returns true, or false if the time limit passed first.
    pub fn within(
        &self,
        milliseconds: Milliseconds,
        wait: impl FnOnce(&Context, Option<Deadline>) -> std::result::Result<(), Fault>,
        at_once: impl FnOnce(&Context) -> std::result::Result<(), Fault>,
    ) -> Result<bool> {
        let waited = self.run(|context| {
            in_time(if milliseconds.0 > 0.0 {
                wait(context, milliseconds.deadline())
            } else {
                at_once(context)
            })
        })?;
        Ok(waited.is_some())
    }

    /// Begins a wait as a promise. Returns 0 if it waits, or its result if it did not need to wait.
    pub fn promise<W: Wait + 'static>(
        &self,
        terms: Terms,
        wait: impl FnOnce(&Requester) -> W,
        complete: impl FnOnce(std::result::Result<W::Output, Fault>) -> Completion + 'static,
    ) -> Result<f64> {
        let labels = || self.labels();
        promises::begin(self.realm, self.site(), terms, labels, wait, complete)?
            .map_err(|fault| self.throw(fault))
    }

    /// Throws the realm's error for a fault.
    #[cold]
    fn throw(&self, fault: Fault) -> Error {
        let named = self.labels().get(self.site().concerned(&fault));
        let report = report(&named, self.realm.thread().id(), fault);
        self.realm.throw(self.env, report)
    }
}

impl Runtime for Call<'_> {
    fn interrupt_source(&self) -> InterruptSource {
        self.realm.interrupt_source()
    }

    fn check_interrupts(&self) -> Interrupt {
        let mut scope = ptr::null_mut();
        // SAFETY: the scope is opened and closed here, around the values that it holds. Without a scope, a long wait
        // would collect a handle with each check. Both calls work while an exception is pending.
        unsafe { sys::napi_open_handle_scope(self.env.raw(), &mut scope) };
        let polled = self.realm.poll(self.env);
        // SAFETY: as above.
        unsafe { sys::napi_close_handle_scope(self.env.raw(), scope) };
        match polled {
            Ok(()) => Interrupt::Continue,
            Err(_) => Interrupt::Stop,
        }
    }

    fn label(&self, cell: SharedWord) -> Label {
        match self.mutex {
            Some(mutex) if mutex.0.cell() == cell => self.read_label(mutex),
            _ => self.read_label(self.own),
        }
    }

    fn before_block(&self) {
        self.as_context(promises::before_block);
    }

    fn after_block(&self) {
        self.as_context(promises::after_block);
    }
}

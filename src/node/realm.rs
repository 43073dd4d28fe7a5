//! What the native objects need of the JavaScript realm that made them, and of the thread that they run on.
//!
//! A thread may have several realms (a test runner gives each test file one): its record is made once, each realm
//! brings functions of its own, so that errors are instances of the classes that the realm's user imported.

use super::QUEUES;
use super::current_thread::current_thread;
use super::errors::{Details, report};
use super::promises::{BegunPromise, Promises, Settled, Value, open_mailbox};
use super::reads;
use super::runtime::{Ended, Host, NodeRuntime, call};
use crate::primitives::Fault;
use crate::queue::{Begun, Caller, Key, Party, Wait};
use crate::threads::{Attention, Runtime, Thread};
use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use napi_derive::napi;
use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

/// One JavaScript realm's side of the package.
#[napi]
pub struct Realm {
    shared: Rc<Shared>,
}

/// What every native object of the realm holds.
pub struct Shared {
    thread: Arc<Thread>,
    look: FunctionRef<(), ()>,
    create_error: FunctionRef<FnArgs<(String, String, Details)>, ()>,
    settle: FunctionRef<FnArgs<(u32, bool, Value)>, ()>,
    attention: Attention,
    promises: Promises,
}

#[napi]
impl Realm {
    /// `threadId` is the worker's, 0 in the main thread. `look` is a function written in JavaScript that does
    /// nothing: calling it lets the runtime serve what it wants of a blocked thread. `createError` makes a
    /// SyncError from a code, a message and further properties. `settle` is told the number of a promise that is over,
    /// whether it is fulfilled, and with what, or why not. `host` says what the runtime can do.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        thread_id: u32,
        look: Function<(), ()>,
        create_error: Function<FnArgs<(String, String, Details)>, ()>,
        settle: Function<FnArgs<(u32, bool, Value)>, ()>,
        host: Host,
    ) -> Result<Self> {
        let thread = current_thread(&env, thread_id)?;
        // Hooks run in the reverse order: what the thread held is told of before the thread is marked dead.
        reads::watch(&env, thread.id())?;
        Ok(Realm {
            shared: Rc::new(Shared {
                thread,
                look: look.create_ref()?,
                create_error: create_error.create_ref()?,
                settle: settle.create_ref()?,
                attention: host.attention(&env),
                promises: Promises::new(),
            }),
        })
    }

    /// This thread's number in the words of the primitives.
    #[napi(getter)]
    pub fn thread_number(&self) -> u32 {
        self.shared.thread.id().get()
    }

    /// The time of a promise is up: `settle` is called with it, unless it waits on without a limit.
    #[napi]
    pub fn time_is_up(&self, env: Env, number: u32) {
        let shared = &self.shared;
        let over = shared.with_caller(&env, |caller| shared.promises.time_is_up(caller, number));
        if let Some((key, settled)) = over {
            shared.settle(&env, number, key, settled);
        }
    }

    /// A promise gives up, and passes on what it was given. `settle` is called only where it was too late for that.
    #[napi]
    pub fn give_up(&self, env: Env, number: u32) {
        let shared = &self.shared;
        let over = shared.with_caller(&env, |caller| shared.promises.give_up(caller, number));
        if let Some((key, settled)) = over {
            shared.settle(&env, number, key, settled);
        }
    }

    /// Counts a promise that keeps the environment alive in (1) or out (-1).
    #[napi]
    pub fn hold(&self, env: Env, change: i32) {
        self.shared.promises.hold(&env, change);
    }
}

impl Realm {
    /// What a native object keeps of it.
    pub fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared)
    }
}

impl Shared {
    /// How a blocked thread learns that it is wanted.
    pub fn attention(&self) -> Attention {
        self.attention
    }

    /// Calls the function that does nothing.
    pub fn look(&self, env: &Env) -> Result<()> {
        let look = self.look.borrow_back(env)?;
        call(env, look.raw(), &[]).map(drop)
    }

    /// The promises of the realm.
    pub fn promises(&self) -> &Promises {
        &self.promises
    }

    /// Calls `operation` as the calling thread.
    pub fn with_caller<R>(&self, env: &Env, operation: impl FnOnce(&Caller) -> R) -> R {
        let result = self.as_caller(&NodeRuntime { env, realm: self }, operation);
        self.promises.hold_due(env);
        result
    }

    /// Calls `operation` as the calling thread, whose environment is ending.
    pub fn without_environment<R>(&self, operation: impl FnOnce(&Caller) -> R) -> R {
        self.as_caller(&Ended, operation)
    }

    /// Calls `operation` as the calling thread, which has this runtime.
    pub fn as_caller<R>(&self, runtime: &dyn Runtime, operation: impl FnOnce(&Caller) -> R) -> R {
        operation(&Caller {
            queues: &QUEUES,
            thread: &self.thread,
            runtime,
        })
    }

    /// Runs an operation on the primitive at `key` for the calling thread, and throws its fault.
    pub fn call<R>(
        &self,
        env: &Env,
        key: Key,
        operation: impl FnOnce(&Caller) -> std::result::Result<R, Fault>,
    ) -> Result<R> {
        self.with_caller(env, operation)
            .map_err(|fault| self.throw(env, key, fault))
    }

    /// Begins a wait on the primitive at `key` as a promise: its number, or what it came to at once.
    pub fn promise<W: Wait + 'static>(
        self: &Rc<Self>,
        env: &Env,
        key: Key,
        keep: Rc<dyn Any>,
        begin: impl FnOnce(&Caller, &Party) -> Begun<W>,
        settle: fn(W::Output) -> Settled,
    ) -> Result<PromiseBegun> {
        open_mailbox(env, self)?;
        let begun = self.with_caller(env, |caller| {
            self.promises
                .begin(caller, key, keep, |party| begin(caller, party), settle)
        });
        match begun {
            BegunPromise::Waits(number) => Ok(PromiseBegun {
                number,
                value: Value::C(()),
            }),
            BegunPromise::Settled(Ok(value)) => Ok(PromiseBegun { number: 0, value }),
            BegunPromise::Settled(Err(fault)) => Err(self.throw(env, key, fault)),
        }
    }

    /// Tells JavaScript that a promise is over.
    pub fn settle(&self, env: &Env, number: u32, key: Key, settled: Settled) {
        let told = match settled {
            Ok(value) => self.tell(env, number, true, value),
            Err(fault) => self
                .create_error(env, key, fault)
                .and_then(|error| match error {
                    // SAFETY: a value of this environment, within the scope of the native call.
                    Some(error) => unsafe {
                        self.tell(
                            env,
                            number,
                            false,
                            Unknown::from_raw_unchecked(env.raw(), error),
                        )
                    },
                    None => Ok(()),
                }),
        };
        // JavaScript's `settle` does not throw; where it cannot be called, nobody is left to tell.
        told.ok();
    }

    fn tell<V: ToNapiValue>(
        &self,
        env: &Env,
        number: u32,
        fulfilled: bool,
        value: V,
    ) -> Result<()> {
        let arguments = FnArgs::from((number, fulfilled, value)).into_vec(env.raw())?;
        let settle = self.settle.borrow_back(env)?;
        call(env, settle.raw(), &arguments).map(drop)
    }

    /// Makes the realm's SyncError; none for an interruption.
    fn create_error(&self, env: &Env, key: Key, fault: Fault) -> Result<Option<sys::napi_value>> {
        let Some(report) = report(key, self.thread.id(), fault) else {
            return Ok(None);
        };
        let code = report.code.to_owned();
        let arguments = FnArgs::from((code, report.message, report.details)).into_vec(env.raw())?;
        let create = self.create_error.borrow_back(env)?;
        call(env, create.raw(), &arguments).map(Some)
    }

    /// Throws the realm's SyncError, and returns what makes napi leave a pending exception alone.
    fn throw(&self, env: &Env, key: Key, fault: Fault) -> Error {
        if let Ok(Some(error)) = self.create_error(env, key, fault) {
            // SAFETY: a value of this environment, within the scope of the native call.
            unsafe { sys::napi_throw(env.raw(), error) };
        }
        Error::new(Status::PendingException, String::new())
    }
}

/// A wait that was begun as a promise.
#[napi(object)]
pub struct PromiseBegun {
    /// Its number, or 0 where it took no waiting.
    pub number: u32,
    /// What it came to, where it took no waiting.
    pub value: Value,
}

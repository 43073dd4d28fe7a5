//! What the native objects need of the JavaScript realm that made them, and of the thread that they run on.
//!
//! A thread may have several realms (a test runner gives each test file one): its record is made once, each realm
//! brings functions of its own, so that errors are instances of the classes that the realm's user imported.

use super::QUEUES;
use super::errors::{Details, report};
use super::event_loop;
use super::promises::{BegunPromise, Promises, Settled, Value, open_mailbox};
use crate::primitives::{Fault, thread_died};
use crate::queue::{Begun, Caller, Key, Party, Wait};
use crate::threads::{Attention, Look, Runtime, Thread, ThreadId};
use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use napi_derive::napi;
use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

/// The intervals, in nanoseconds, at which a blocked thread looks whether the runtime wants it, where no event loop can
/// be watched: it has to notice a termination in milliseconds, and yet burn no processor when it waits for long.
const LOOKING_IN: Attention = Attention::Intervals {
    first: 5_000_000,
    longest: 75_000_000,
};
/// The same where the isolates of a process share one heap (V8's `--harmony-struct`): a collection waits for every
/// one of them, so that one blocked thread would stop the process.
const SHARED_HEAP: Attention = Attention::Intervals {
    first: 2_000_000,
    longest: 2_000_000,
};

thread_local! {
    /// The record of this thread.
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
}

/// What a runtime can do for a blocked thread.
#[napi(string_enum = "kebab-case")]
pub enum Host {
    /// Its event loop has a descriptor that tells when the thread is wanted.
    EventLoop,
    /// Nothing tells that the thread is wanted.
    Opaque,
    /// All isolates share a heap, and a collection waits for every one of them.
    SharedHeap,
}

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
        let attention = match host {
            Host::EventLoop => {
                event_loop::descriptor(&env).map_or(LOOKING_IN, Attention::Descriptor)
            }
            Host::Opaque => LOOKING_IN,
            Host::SharedHeap => SHARED_HEAP,
        };
        Ok(Realm {
            shared: Rc::new(Shared {
                thread: current_thread(&env, thread_id)?,
                look: look.create_ref()?,
                create_error: create_error.create_ref()?,
                settle: settle.create_ref()?,
                attention,
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

    /// A promise gives up, and passes on what it was given. `settle` is not called.
    #[napi]
    pub fn give_up(&self, env: Env, number: u32) {
        let shared = &self.shared;
        shared.with_caller(&env, |caller| shared.promises.give_up(caller, number));
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

/// The record of this thread, made the first time.
fn current_thread(env: &Env, thread_id: u32) -> Result<Arc<Thread>> {
    let id = thread_id
        .checked_add(1)
        .and_then(ThreadId::new)
        .ok_or_else(|| Error::new(Status::InvalidArg, "threadId is out of range"))?;
    CURRENT.with_borrow_mut(|current| {
        if let Some(thread) = current
            && thread.id() == id
        {
            return Ok(Arc::clone(thread));
        }
        let thread = QUEUES.threads().register(id).map_err(|_| {
            Error::new(
                Status::GenericFailure,
                format!("another thread of this process has the threadId {thread_id} already"),
            )
        })?;
        let number = ptr::without_provenance_mut::<c_void>(id.get() as usize);
        // SAFETY: the hook takes a number, no pointer; the addon stays loaded (napi-build links it so).
        let status =
            unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(environment_ends), number) };
        if status != sys::Status::napi_ok {
            QUEUES.threads().retire(id);
            return Err(Error::new(
                status.into(),
                "cannot watch for the end of this thread",
            ));
        }
        *current = Some(Arc::clone(&thread));
        Ok(thread)
    })
}

/// Runs on the thread itself when its environment ends, however it ends: no JavaScript of it runs after this.
unsafe extern "C" fn environment_ends(number: *mut c_void) {
    if let Some(id) = u32::try_from(number.addr()).ok().and_then(ThreadId::new) {
        thread_died(&QUEUES, id);
    }
}

impl Shared {
    /// The promises of the realm.
    pub fn promises(&self) -> &Promises {
        &self.promises
    }

    /// Calls `operation` as the calling thread.
    pub fn with_caller<R>(&self, env: &Env, operation: impl FnOnce(&Caller) -> R) -> R {
        let runtime = NodeRuntime { env, realm: self };
        operation(&Caller {
            queues: &QUEUES,
            thread: &self.thread,
            runtime: &runtime,
        })
    }

    /// Calls `operation` as the calling thread, whose environment is ending.
    pub fn without_environment<R>(&self, operation: impl FnOnce(&Caller) -> R) -> R {
        operation(&Caller {
            queues: &QUEUES,
            thread: &self.thread,
            runtime: &Ended,
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
        begin: impl FnOnce(&Caller, &Party) -> Begun<W>,
        settle: fn(W::Output) -> Settled,
    ) -> Result<PromiseBegun> {
        open_mailbox(env, self)?;
        let begun = self.with_caller(env, |caller| {
            self.promises
                .begin(caller, key, |party| begin(caller, party), settle)
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

/// Calls a function of JavaScript's; what it throws stays pending.
fn call(
    env: &Env,
    function: sys::napi_value,
    arguments: &[sys::napi_value],
) -> Result<sys::napi_value> {
    let (mut receiver, mut result) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: values of this environment, within the scope of a native call.
    let status = unsafe {
        sys::napi_get_undefined(env.raw(), &mut receiver);
        sys::napi_call_function(
            env.raw(),
            receiver,
            function,
            arguments.len(),
            arguments.as_ptr(),
            &mut result,
        )
    };
    if status == sys::Status::napi_ok {
        Ok(result)
    } else {
        Err(Error::new(status.into(), String::new()))
    }
}

/// The runtime of a thread whose environment is ending: nothing blocks there.
struct Ended;

impl Runtime for Ended {
    fn attention(&self) -> Attention {
        Attention::Never
    }

    fn look(&self) -> Look {
        Look::Stop
    }
}

/// The runtime of the calling thread, for the length of one native call.
struct NodeRuntime<'a> {
    env: &'a Env,
    realm: &'a Shared,
}

impl Runtime for NodeRuntime<'_> {
    fn attention(&self) -> Attention {
        self.realm.attention
    }

    fn look(&self) -> Look {
        let mut scope = ptr::null_mut();
        // SAFETY: the scope is opened and closed here, around the values that it holds; without one, a long wait
        // would collect a handle with each look. Both calls work while an exception is pending.
        unsafe { sys::napi_open_handle_scope(self.env.raw(), &mut scope) };
        let called = self
            .realm
            .look
            .borrow_back(self.env)
            .and_then(|look| call(self.env, look.raw(), &[]));
        // SAFETY: as above.
        unsafe { sys::napi_close_handle_scope(self.env.raw(), scope) };
        match called {
            Ok(_) => Look::Continue,
            Err(_) => Look::Stop,
        }
    }
}

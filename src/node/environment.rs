//! One Node-API environment. A thread has one for each time that it loaded the addon. It has a mailbox for its
//! promises, and keeps its thread alive while some of them need that.

use super::mailbox::{Mailbox, ThreadsafeFunction};
use super::value::{Env, Result, Value, check};
use napi_sys as sys;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    static ENVIRONMENTS: RefCell<Vec<Rc<Environment>>> = const { RefCell::new(Vec::new()) };
}

/// What the package keeps for an environment.
pub struct Environment {
    raw: sys::napi_env,
    mailbox: Arc<Mailbox>,
    /// The function that the mailbox calls. Kept here, too: another thread holds the mailbox's lock while it calls it.
    function: Cell<Option<ThreadsafeFunction>>,
    /// The number of pending promises.
    pending: Cell<u32>,
    /// The number of reasons to keep the thread alive.
    holding: Cell<u32>,
    /// Whether there are unread letters. They count as one of these reasons until they are read.
    due_held: Cell<bool>,
    handlers: Cell<Option<Handlers>>,
}

/// What the owner of the promises does on the thread of the environment.
#[derive(Clone, Copy)]
pub struct Handlers {
    /// Reads the mailbox.
    pub read: fn(Env, &Environment),
    /// Cancels all pending promises, since the environment ends.
    pub end: fn(&Environment),
}

/// The environment of a call. The first call makes it.
pub fn of(env: Env) -> Rc<Environment> {
    ENVIRONMENTS.with(|environments| {
        let mut environments = environments.borrow_mut();
        if let Some(known) = environments.iter().find(|known| known.raw == env.raw()) {
            return Rc::clone(known);
        }
        let environment = Rc::new(Environment {
            raw: env.raw(),
            mailbox: Arc::default(),
            function: Cell::new(None),
            pending: Cell::new(0),
            holding: Cell::new(0),
            due_held: Cell::new(false),
            handlers: Cell::new(None),
        });
        environments.push(Rc::clone(&environment));
        environment
    })
}

impl Environment {
    /// The environment, for calls of Node-API on its thread.
    pub fn raw(&self) -> sys::napi_env {
        self.raw
    }

    /// The mailbox of the environment, for other threads.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Keeps the thread alive until the unread letters are read. So a promise that this very thread released gets its
    /// turn, even if a pending promise is no reason to keep the thread alive.
    pub fn hold_due(&self) {
        if self.pending.get() > 0 && !self.due_held.get() && self.mailbox.has_letters() {
            self.due_held.set(true);
            self.hold(1);
        }
    }

    /// The letters were read.
    pub fn release_due(&self) {
        if self.due_held.replace(false) {
            self.hold(-1);
        }
    }

    /// A promise begins to wait.
    pub fn begin_pending(&self) {
        self.pending.set(self.pending.get() + 1);
    }

    /// A promise no longer waits.
    pub fn end_pending(&self) {
        self.pending.set(self.pending.get() - 1);
    }

    /// Adds a reason to keep the thread alive (1), or removes one (-1).
    pub fn hold(&self, change: i32) {
        let before = self.holding.get();
        let after = before.saturating_add_signed(change);
        self.holding.set(after);
        let Some(function) = self.function.get() else {
            return;
        };
        // SAFETY: the function of this environment, on its own thread.
        unsafe {
            match (before, after) {
                (0, 1..) => sys::napi_ref_threadsafe_function(self.raw, function.0),
                (1.., 0) => sys::napi_unref_threadsafe_function(self.raw, function.0),
                _ => sys::Status::napi_ok,
            };
        }
    }

    /// Makes the thread-safe function, for the first promise.
    pub fn open_mailbox(self: &Rc<Self>, handlers: Handlers) -> Result<()> {
        if self.handlers.get().is_some() {
            return Ok(());
        }
        // SAFETY: the environment is alive, since it makes its first promise.
        let env = unsafe { Env::new(self.raw) };
        // Given away to the function, its resource and its hook, which need it until the environment ends.
        let context = Rc::into_raw(Rc::clone(self)).cast_mut().cast::<c_void>();
        let name = env.make(Value::from("shared-sync".to_owned()))?;
        // SAFETY: JavaScript calls it while the environment is alive, and so is the context.
        let has_ref = unsafe { env.function(c"hasRef", Some(has_reference), context)? };
        // Tools that list open handles call this. The handle counts as closed while it does not keep the thread alive.
        let resource = env.make(Value::Object(vec![(c"hasRef", Value::Existing(has_ref))]))?;
        let mut function = ptr::null_mut();
        // SAFETY: values of this environment; the context stays alive until the hook has run.
        let statuses = unsafe {
            [
                sys::napi_create_threadsafe_function(
                    self.raw,
                    ptr::null_mut(),
                    resource,
                    name,
                    0,
                    1,
                    ptr::null_mut(),
                    None,
                    context,
                    Some(read_mailbox),
                    &mut function,
                ),
                sys::napi_unref_threadsafe_function(self.raw, function),
                // Registered after the function, so it runs before the function ends.
                sys::napi_add_env_cleanup_hook(self.raw, Some(environment_ends), context),
            ]
        };
        for status in statuses {
            check(status, "cannot be woken by other threads")?;
        }
        self.function.set(Some(ThreadsafeFunction(function)));
        self.mailbox.open(ThreadsafeFunction(function));
        self.handlers.set(Some(handlers));
        // SAFETY: as for `hasRef`.
        let before_exit = unsafe { env.function(c"", Some(event_loop_ends), context)? };
        listen_before_exit(env, before_exit)
    }
}

/// Calls `listener` when the event loop has nothing left to do.
fn listen_before_exit(env: Env, listener: sys::napi_value) -> Result<()> {
    let mut global = ptr::null_mut();
    // SAFETY: the environment is alive.
    let status = unsafe { sys::napi_get_global(env.raw(), &mut global) };
    check(status, "has no global object")?;
    let process = env.get(global, c"process")?;
    let event = env.make(Value::from("beforeExit".to_owned()))?;
    env.call(process, env.get(process, c"on")?, &[event, listener])?;
    Ok(())
}

/// Runs when the event loop has nothing left to do. The exit of a worker may end the loop before the letter that the
/// worker left is read: then the loop turns once more.
unsafe extern "C" fn event_loop_ends(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: the data is the context of `open_mailbox`. It is alive, since its environment runs JavaScript.
    unsafe { of_callback(env, info) }.hold_due();
    ptr::null_mut()
}

/// The environment that `open_mailbox` passed to a function as data.
///
/// # Safety
/// The function of this callback was made with that data, and the environment is alive.
unsafe fn of_callback<'a>(env: sys::napi_env, info: sys::napi_callback_info) -> &'a Environment {
    let mut context = ptr::null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut context,
        );
        &*context.cast_const().cast::<Environment>()
    }
}

/// `hasRef()` of the function's resource.
unsafe extern "C" fn has_reference(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut result = ptr::null_mut();
    // SAFETY: as above.
    unsafe {
        let holds = of_callback(env, info).holding.get() > 0;
        sys::napi_get_boolean(env, holds, &mut result);
    }
    result
}

/// Runs on the environment's thread when there are letters.
unsafe extern "C" fn read_mailbox(
    env: sys::napi_env,
    _callback: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context is the one from `open_mailbox`, on the same thread. The environment has not ended.
    let environment = unsafe { &*context.cast_const().cast::<Environment>() };
    if let Some(handlers) = environment.handlers.get() {
        // SAFETY: Node-API passes the environment of this thread.
        (handlers.read)(unsafe { Env::new(env) }, environment);
    }
}

/// Runs on the environment's thread when it ends.
unsafe extern "C" fn environment_ends(context: *mut c_void) {
    // SAFETY: the context that `open_mailbox` gave away. Nothing else uses it from here on: no JavaScript runs, and
    // the function is at most called without an environment.
    let environment = unsafe { Rc::from_raw(context.cast_const().cast::<Environment>()) };
    environment.function.set(None);
    environment.mailbox.close();
    if let Some(handlers) = environment.handlers.get() {
        (handlers.end)(&environment);
    }
}

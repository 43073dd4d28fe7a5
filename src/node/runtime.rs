//! What the JavaScript runtime of the calling thread does for it while it is blocked.

use super::event_loop;
use super::promises;
use super::realm::Shared;
use crate::threads::{Attention, Look, Runtime};
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::ptr;

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

impl Host {
    /// How a blocked thread of this environment learns that it is wanted.
    pub fn attention(self, env: &Env) -> Attention {
        match self {
            Host::EventLoop => {
                event_loop::descriptor(env).map_or(LOOKING_IN, Attention::Descriptor)
            }
            Host::Opaque => LOOKING_IN,
            Host::SharedHeap => SHARED_HEAP,
        }
    }
}

/// Calls a function of JavaScript's; what it throws stays pending.
pub(super) fn call(
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
pub struct Ended;

impl Runtime for Ended {
    fn attention(&self) -> Attention {
        Attention::Never
    }

    fn look(&self) -> Look {
        Look::Stop
    }
}

/// The runtime of the calling thread, for the length of one native call.
pub struct NodeRuntime<'a> {
    /// The environment of the call.
    pub env: &'a Env,
    /// The realm that the called object belongs to.
    pub realm: &'a Shared,
}

impl Runtime for NodeRuntime<'_> {
    fn attention(&self) -> Attention {
        self.realm.attention()
    }

    fn look(&self) -> Look {
        let mut scope = ptr::null_mut();
        // SAFETY: the scope is opened and closed here, around the values that it holds; without one, a long wait
        // would collect a handle with each look. Both calls work while an exception is pending.
        unsafe { sys::napi_open_handle_scope(self.env.raw(), &mut scope) };
        let called = self.realm.look(self.env);
        // SAFETY: as above.
        unsafe { sys::napi_close_handle_scope(self.env.raw(), scope) };
        match called {
            Ok(_) => Look::Continue,
            Err(_) => Look::Stop,
        }
    }

    fn blocks(&self) {
        self.realm.as_caller(self, promises::thread_blocks);
    }

    fn goes_on(&self) {
        self.realm.as_caller(self, promises::thread_goes_on);
    }
}

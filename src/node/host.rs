//! What a JavaScript runtime can do for a thread that is blocked.

use super::event_loop;
use crate::threads::InterruptSource;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The intervals, in nanoseconds, at which a blocked thread looks whether the runtime wants it, where no event loop can
/// be watched: it has to notice a termination in milliseconds, and yet burn no processor when it waits for long.
const LOOKING_IN: InterruptSource = InterruptSource::Intervals {
    first: 5_000_000,
    longest: 75_000_000,
};
/// The same where the isolates of a process share one heap (V8's `--harmony-struct`): a collection waits for every
/// one of them, so that one blocked thread would stop the process.
const SHARED_HEAP: InterruptSource = InterruptSource::Intervals {
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
    pub fn interrupt_source(self, env: &Env) -> InterruptSource {
        match self {
            Host::EventLoop => {
                event_loop::descriptor(env).map_or(LOOKING_IN, InterruptSource::Descriptor)
            }
            Host::Opaque => LOOKING_IN,
            Host::SharedHeap => SHARED_HEAP,
        }
    }
}

//! What a JavaScript runtime offers to a thread that is blocked.

use super::event_loop;
use super::export::{Export, constant};
use super::value::{Env, Failure, Result};
use crate::threads::InterruptSource;

/// The intervals in nanoseconds at which a blocked thread checks for interrupts if its event loop cannot be watched.
/// It has to notice a termination within milliseconds, and must not use much CPU during a long wait.
const LOOKING_IN: InterruptSource = InterruptSource::Intervals {
    first: 5_000_000,
    longest: 75_000_000,
};
/// The same if the isolates of a process share one heap (V8's `--harmony-struct`). A garbage collection waits for all
/// of them, so one blocked thread would stop the process.
const SHARED_HEAP: InterruptSource = InterruptSource::Intervals {
    first: 2_000_000,
    longest: 2_000_000,
};

/// What a runtime offers to a blocked thread.
pub enum Host {
    /// The event loop has a descriptor that becomes readable when the runtime wants to interrupt the thread.
    EventLoop,
    /// Nothing reports that the runtime wants to interrupt the thread.
    Opaque,
    /// All isolates share a heap, and a garbage collection waits for all of them.
    SharedHeap,
}

/// The constants for [`Host`].
pub static EXPORTS: &[Export] = &[
    constant(c"HOST_EVENT_LOOP", Host::EventLoop as u32),
    constant(c"HOST_OPAQUE", Host::Opaque as u32),
    constant(c"HOST_SHARED_HEAP", Host::SharedHeap as u32),
];

impl Host {
    /// The host of a constant.
    pub fn of(constant: u32) -> Result<Self> {
        [Host::EventLoop, Host::Opaque, Host::SharedHeap]
            .into_iter()
            .nth(constant as usize)
            .ok_or_else(|| Failure::invalid("no host has this number"))
    }

    /// Whether the runtime is Node for certain: others may share a heap, too.
    pub fn is_node(&self) -> bool {
        matches!(self, Host::EventLoop)
    }

    /// How the runtime interrupts a blocked thread of this environment.
    pub fn interrupt_source(self, env: Env) -> InterruptSource {
        match self {
            Host::EventLoop => {
                event_loop::descriptor(env).map_or(LOOKING_IN, InterruptSource::Descriptor)
            }
            Host::Opaque => LOOKING_IN,
            Host::SharedHeap => SHARED_HEAP,
        }
    }
}

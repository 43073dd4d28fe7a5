//! Node-API, which only this module uses. It has free functions that are complete in themselves; the classes in
//! `lib/` try one atomic instruction before they call them. No native object stands for a primitive: each call
//! receives the number of its realm and the view of the cell, and reads the address of the cell.
//!
//! Each file has a table of its exports. `binding.d.ts` declares them all, and says what each function does.

mod arguments;
mod barrier;
mod call;
mod cancel;
mod channel;
mod clock;
mod condition;
mod current_thread;
mod describe;
mod environment;
mod errors;
mod event;
mod event_loop;
mod explore;
mod export;
mod grants;
mod hang_report;
mod host;
mod inspect;
mod instance;
mod latch;
mod listing;
mod loaded;
mod mailbox;
mod mutex;
mod names;
mod observers;
mod once;
mod order;
mod promises;
mod read_counts;
mod realm;
mod rwlock;
mod select;
mod semaphore;
mod status;
mod value;
mod view;
mod writers;

use crate::queue::{HandOff, Queues};
use napi_sys as sys;
use std::sync::LazyLock;
use value::Env;

/// When a lock is handed off to the waiter at the front: after a millisecond if it was overtaken, else after ten. In
/// each bucket at most once every half millisecond.
const HAND_OFF: HandOff = HandOff {
    overtaken_after: 1_000_000,
    otherwise_after: 10_000_000,
    min_interval: 500_000,
};

/// The queues of the process: `2^8` buckets, so that a hundred contended cells rarely share one.
static QUEUES: LazyLock<Queues> = LazyLock::new(|| Queues::new(8, HAND_OFF));

/// The exports of the addon.
static EXPORTS: [&[export::Export]; 25] = [
    status::EXPORTS,
    host::EXPORTS,
    realm::EXPORTS,
    promises::EXPORTS,
    mutex::EXPORTS,
    condition::EXPORTS,
    barrier::EXPORTS,
    latch::EXPORTS,
    semaphore::EXPORTS,
    rwlock::EXPORTS,
    event::EXPORTS,
    once::EXPORTS,
    cancel::EXPORTS,
    channel::EXPORTS,
    select::EXPORTS,
    read_counts::EXPORTS,
    observers::EXPORTS,
    order::EXPORTS,
    describe::EXPORTS,
    inspect::EXPORTS,
    clock::EXPORTS,
    instance::EXPORTS,
    writers::EXPORTS,
    hang_report::EXPORTS,
    explore::EXPORTS,
];

/// Node-API calls this in each environment that loads the addon.
///
/// # Safety
/// Only Node-API calls this, with an environment of the calling thread and the object for its exports.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    #[cfg(not(target_os = "linux"))]
    look_up_functions();
    loaded::keep();
    // SAFETY: as demanded above.
    let env = unsafe { Env::new(env) };
    for table in EXPORTS {
        if let Err(failure) = export::add(env, exports, table) {
            return export::fail(env, failure);
        }
    }
    exports
}

/// Looks up the functions of Node-API in the program that runs. Linux does that when it loads the addon.
#[cfg(not(target_os = "linux"))]
fn look_up_functions() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // SAFETY: no function is called before this has run once. The library is kept loaded.
    ONCE.call_once(|| std::mem::forget(unsafe { sys::setup() }));
}

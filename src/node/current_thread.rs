//! The record of the calling thread: made when the thread first loads the package, and marked dead when its
//! environment ends.

use super::value::{Env, Failure, Result, check};
use super::{QUEUES, order};
use crate::primitives::thread_died;
use crate::threads::{Thread, ThreadId, explore};
use napi_sys as sys;
use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

thread_local! {
    /// The record of this thread.
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
}

/// Returns the record of this thread. The first call makes it.
pub fn current_thread(env: Env, thread_id: u32) -> Result<Arc<Thread>> {
    let id = thread_id
        .checked_add(1)
        .and_then(ThreadId::new)
        .ok_or_else(|| Failure::invalid("threadId is out of range"))?;
    CURRENT.with_borrow_mut(|current| {
        if let Some(thread) = current
            && thread.id() == id
        {
            return Ok(Arc::clone(thread));
        }
        let thread = QUEUES.threads().register(id).map_err(|_| {
            Failure::refused(&format!(
                "another thread of this process has the threadId {thread_id} already"
            ))
        })?;
        let number = ptr::without_provenance_mut::<c_void>(id.get() as usize);
        // SAFETY: the hook takes a number, no pointer; the addon stays loaded (build.rs links it so).
        let status =
            unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(environment_ends), number) };
        check(status, "cannot watch for the end of this thread")
            .inspect_err(|_| QUEUES.threads().retire(id))?;
        *current = Some(Arc::clone(&thread));
        Ok(thread)
    })
}

/// Runs on the thread itself when its environment ends, in whatever way. The thread runs no JavaScript after this.
unsafe extern "C" fn environment_ends(number: *mut c_void) {
    if let Some(id) = u32::try_from(number.addr()).ok().and_then(ThreadId::new) {
        thread_died(&QUEUES, id);
        order::thread_ended(id);
        explore::thread_died();
    }
}

//! The reads that this thread holds of each RwLock, in memory that JavaScript counts in: its objects on one cell, of
//! whatever realm, share the counts.
//!
//! An entry keeps the counts and the cell for as long as an object is on the cell or a read is held, so that the thread's
//! end finds both, even where the objects are gone.
//!
//! A reference of Node-API's has to be deleted before the environment that it belongs to ends. A thread may have several,
//! one for each time that the addon was loaded. They end in the reverse order of their making, so the hook of the last
//! realm that was made runs while all of them live: it looks after all entries.

use super::QUEUES;
use super::view::View;
use crate::primitives::{Held, RwLock};
use crate::threads::ThreadId;
use napi::bindgen_prelude::*;
use napi::sys;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;

thread_local! {
    /// By the address of the cell.
    static READS: RefCell<HashMap<usize, Entry>> = RefCell::default();
    /// Whether the hook at the end of this thread is there.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

struct Entry {
    /// How many objects are on the cell.
    objects: usize,
    cell: View,
    counts: View,
}

impl Entry {
    fn held(&self) -> Held {
        let [own, by_guards] = self.counts.cells();
        Held { own, by_guards }
    }

    fn lock(&self) -> RwLock {
        RwLock::new(self.cell.cell(), self.held())
    }
}

/// An object's share of the counts on its cell.
pub struct Reads {
    address: usize,
    held: Held,
}

impl Reads {
    /// Takes part in the counts on the cell of `view`. The first object brings them: zeroes in `counts`, an Int32Array of
    /// two over shared memory.
    pub fn new(env: &Env, view: Unknown, counts: Unknown) -> Result<Self> {
        let cell = View::new(env, view)?;
        let address = cell.cell().address();
        READS.with_borrow_mut(|reads| {
            if let Some(entry) = reads.get_mut(&address) {
                entry.objects += 1;
                let held = entry.held();
                return Ok(Reads { address, held });
            }
            let counts = View::of_length(env, counts, 2)?;
            let objects = 1;
            let entry = Entry {
                objects,
                cell,
                counts,
            };
            let held = entry.held();
            reads.insert(address, entry);
            Ok(Reads { address, held })
        })
    }

    /// The counts.
    pub fn held(&self) -> Held {
        self.held
    }

    /// The counts, as JavaScript sees them.
    pub fn counts<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        READS.with_borrow(|reads| {
            let entry = reads.get(&self.address);
            entry
                .ok_or_else(|| Error::new(Status::GenericFailure, "the thread is ending"))?
                .counts
                .value(env)
        })
    }
}

impl Drop for Reads {
    fn drop(&mut self) {
        let unused = READS.try_with(|reads| {
            let mut reads = reads.borrow_mut();
            // None where the thread is ending.
            let entry = reads.get_mut(&self.address)?;
            entry.objects -= 1;
            if entry.objects == 0 && !entry.held().any() {
                reads.remove(&self.address)
            } else {
                None
            }
        });
        drop(unused);
    }
}

/// Has the reads of this thread looked after when it ends. To be called with each realm that is made.
pub fn watch(env: &Env, id: ThreadId) -> Result<()> {
    let number = ptr::without_provenance_mut::<c_void>(id.get() as usize);
    // SAFETY: the hook takes a number, no pointer; the addon stays loaded (napi-build links it so). Node refuses the same
    // hook twice, so each realm removes the one before: the last stays. Deno ends the process where there is none to remove.
    let status = unsafe {
        if WATCHED.get() {
            sys::napi_remove_env_cleanup_hook(env.raw(), Some(environment_ends), number);
        }
        sys::napi_add_env_cleanup_hook(env.raw(), Some(environment_ends), number)
    };
    if status == sys::Status::napi_ok {
        WATCHED.set(true);
        Ok(())
    } else {
        Err(Error::new(
            status.into(),
            "cannot watch for the end of this thread",
        ))
    }
}

/// Runs on the thread itself when its environment ends, before its realms do.
unsafe extern "C" fn environment_ends(number: *mut c_void) {
    let id = u32::try_from(number.addr()).ok().and_then(ThreadId::new);
    WATCHED.set(false);
    let entries = READS.take();
    for entry in entries.values() {
        if let Some(id) = id {
            entry.lock().reader_died(&QUEUES, id);
        }
    }
}

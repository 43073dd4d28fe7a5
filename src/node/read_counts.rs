//! How many reads this thread holds of each RwLock, in memory in which JavaScript can count too. All locks on one
//! cell, of whatever realm, share a slot.
//!
//! The slots lie in chunks. A chunk is an Int32Array of counts, and beside it an array in which JavaScript keeps the
//! cell of each slot whose own count is above zero, so that the hook at the end of the thread finds the memory of that
//! cell. Both are made here, so that they belong to the addon's context and do not keep a realm alive. JavaScript asks
//! for the slot of a cell once, and again when the generation of the slot has changed: when no slot is free, the slots
//! that count nothing are given up.
//!
//! A thread may have several environments, one for each time that it loaded the addon. They end in the reverse order
//! of their creation. So the hook of the realm that was made last runs while all of them are alive, and handles all
//! slots.

use super::arguments::Arguments;
use super::export::{Export, constant, function};
use super::value::{Env, Failure, Result, Value, check};
use super::{QUEUES, grants};
use crate::cell::SharedWord;
use crate::hash::HashMap;
use crate::primitives::{ReadCounts, RwLock};
use crate::sync::AtomicU32;
use crate::threads::ThreadId;
use napi_sys as sys;
use std::cell::{Cell, RefCell};

use std::ffi::c_void;
use std::ptr;

/// The exports for the counts.
pub static EXPORTS: &[Export] = &[
    constant(c"READ_SLOTS", READ_SLOTS),
    constant(c"READ_STRIDE", READ_STRIDE),
    constant(c"READ_OWN", READ_OWN),
    constant(c"READ_BY_GUARDS", READ_BY_GUARDS),
    constant(c"READ_GENERATION", READ_GENERATION),
    function(c"readSlot", 1, read_slot),
    function(c"readChunk", 1, read_chunk),
];

/// How many slots a chunk has.
const READ_SLOTS: u32 = 1024;

/// How many numbers a slot has in its chunk: the three below.
const READ_STRIDE: u32 = 3;

/// Where in a slot the thread counts its own reads.
const READ_OWN: u32 = 0;

/// Where in a slot the thread counts the reads of its guards.
const READ_BY_GUARDS: u32 = 1;

/// Where in a slot its generation is.
const READ_GENERATION: u32 = 2;

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
    /// Whether the hook at the end of this thread is registered.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

#[derive(Default)]
struct Table {
    chunks: Vec<Chunk>,
    /// The slots of all chunks.
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// The slots by the addresses of their cells.
    slot_of: HashMap<usize, usize>,
}

struct Chunk {
    env: sys::napi_env,
    /// The Int32Array.
    counts: sys::napi_ref,
    /// The array of cells.
    cells: sys::napi_ref,
    /// The memory of the Int32Array.
    data: *const AtomicU32,
}

#[derive(Clone)]
struct Slot {
    /// The cell. None if the slot is free.
    cell: Option<SharedWord>,
    /// How many calls and pending promises use the slot.
    pins: u32,
}

impl Table {
    fn number(&self, slot: usize, place: u32) -> SharedWord {
        let (chunk, slot) = (slot / READ_SLOTS as usize, slot % READ_SLOTS as usize);
        let offset = slot * READ_STRIDE as usize + place as usize;
        // SAFETY: within the Int32Array of the chunk, which is kept as long as the thread is alive and is never
        // detached.
        unsafe { SharedWord::new(self.chunks[chunk].data.add(offset)) }
    }

    fn held(&self, slot: usize) -> ReadCounts {
        ReadCounts {
            own: self.number(slot, READ_OWN),
            by_guards: self.number(slot, READ_BY_GUARDS),
        }
    }

    /// The slot of `cell`. Makes it if there is none yet.
    fn slot(&mut self, env: Env, cell: SharedWord) -> Result<usize> {
        if let Some(slot) = self.slot_of.get(&cell.address()) {
            return Ok(*slot);
        }
        if self.free.is_empty() {
            self.sweep();
            // A sweep that frees few slots would soon be followed by another.
            if self.free.len() <= self.slots.len() / 2 {
                self.grow(env)?;
            }
        }
        let Some(slot) = self.free.pop() else {
            return Err(Failure::refused("no slot is free"));
        };
        self.slots[slot].cell = Some(cell);
        self.slot_of.insert(cell.address(), slot);
        Ok(slot)
    }

    /// Frees the slots that count nothing.
    fn sweep(&mut self) {
        for slot in 0..self.slots.len() {
            if self.slots[slot].pins > 0 || self.held(slot).any() {
                continue;
            }
            if let Some(cell) = self.slots[slot].cell.take() {
                self.slot_of.remove(&cell.address());
                let generation = self.number(slot, READ_GENERATION);
                generation.overwrite(generation.load().wrapping_add(1));
                self.free.push(slot);
            }
        }
    }

    /// Adds a chunk.
    fn grow(&mut self, env: Env) -> Result<()> {
        let length = (READ_SLOTS * READ_STRIDE) as usize;
        let (mut data, mut buffer, mut counts, mut cells) = (
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        );
        let (mut counts_kept, mut cells_kept) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: values of this environment, within the scope of a native call.
        let statuses = unsafe {
            [
                sys::napi_create_arraybuffer(
                    env.raw(),
                    length * size_of::<u32>(),
                    &mut data,
                    &mut buffer,
                ),
                sys::napi_create_typedarray(
                    env.raw(),
                    sys::TypedarrayType::int32_array,
                    length,
                    buffer,
                    0,
                    &mut counts,
                ),
                sys::napi_create_array_with_length(env.raw(), READ_SLOTS as usize, &mut cells),
                sys::napi_create_reference(env.raw(), counts, 1, &mut counts_kept),
                sys::napi_create_reference(env.raw(), cells, 1, &mut cells_kept),
            ]
        };
        for status in statuses {
            check(status, "cannot count reads")?;
        }
        self.chunks.push(Chunk {
            env: env.raw(),
            counts: counts_kept,
            cells: cells_kept,
            data: data.cast_const().cast(),
        });
        let first = self.slots.len();
        let slot = Slot {
            cell: None,
            pins: 0,
        };
        self.slots.resize(first + READ_SLOTS as usize, slot);
        // The first slot is used first.
        self.free.extend((first..self.slots.len()).rev());
        Ok(())
    }
}

fn read_slot(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    let slot = TABLE.with(|table| table.borrow_mut().slot(arguments.env, cell))?;
    Ok((slot as f64).into())
}

fn read_chunk(arguments: &mut Arguments) -> Result<Value> {
    let chunk = arguments.index()? as usize;
    TABLE.with(|table| {
        let table = table.borrow();
        let chunk = table.chunks.get(chunk);
        let chunk = chunk.ok_or_else(|| Failure::invalid("there is no such chunk"))?;
        let value = |reference| {
            let mut value = ptr::null_mut();
            // SAFETY: a strong reference of this thread. The value stays valid within the scope of the native call.
            unsafe { sys::napi_get_reference_value(chunk.env, reference, &mut value) };
            Value::Existing(value)
        };
        Ok(Value::Array(vec![value(chunk.counts), value(chunk.cells)]))
    })
}

/// The counts of one lock. The slot stays that lock's as long as this is alive.
pub struct Reads {
    slot: usize,
    held: ReadCounts,
}

impl Reads {
    /// The counts of the lock in `cell`.
    pub fn of(env: Env, cell: SharedWord) -> Result<Self> {
        TABLE.with(|table| {
            let mut table = table.borrow_mut();
            let slot = table.slot(env, cell)?;
            table.slots[slot].pins += 1;
            let held = table.held(slot);
            Ok(Reads { slot, held })
        })
    }

    /// The counts.
    pub fn held(&self) -> ReadCounts {
        self.held
    }
}

impl Drop for Reads {
    fn drop(&mut self) {
        // Empty if the thread has ended.
        TABLE.with(|table| {
            if let Some(slot) = table.borrow_mut().slots.get_mut(self.slot) {
                slot.pins -= 1;
            }
        });
    }
}

/// The cells of the locks that this thread reads.
pub fn cells_read() -> Vec<SharedWord> {
    TABLE.with(|table| {
        let table = table.borrow();
        let slots = table.slots.iter().enumerate();
        slots
            .filter_map(|(slot, Slot { cell, .. })| cell.filter(|_| table.held(slot).any()))
            .collect()
    })
}

/// Registers the hook that handles the reads of this thread when it ends. Called for each realm that is made.
pub fn watch(env: Env, id: ThreadId) -> Result<()> {
    let number = ptr::without_provenance_mut::<c_void>(id.get() as usize);
    // SAFETY: the hook takes a number, no pointer; the addon stays loaded (build.rs links it so). Node refuses the
    // same hook twice, so each realm removes the previous one, and only the last stays. Deno ends the process if
    // there is none to remove.
    let status = unsafe {
        if WATCHED.get() {
            sys::napi_remove_env_cleanup_hook(env.raw(), Some(environment_ends), number);
        }
        sys::napi_add_env_cleanup_hook(env.raw(), Some(environment_ends), number)
    };
    check(status, "cannot watch for the end of this thread")?;
    WATCHED.set(true);
    Ok(())
}

/// Runs on the thread itself when its environment ends.
unsafe extern "C" fn environment_ends(number: *mut c_void) {
    let id = u32::try_from(number.addr()).ok().and_then(ThreadId::new);
    WATCHED.set(false);
    TABLE.with(|table| {
        let table = table.borrow();
        for (slot, Slot { cell, .. }) in table.slots.iter().enumerate() {
            let held = table.held(slot);
            if let (Some(id), Some(cell)) = (id, cell)
                && held.any()
            {
                RwLock::new(*cell, held).reader_died(&QUEUES, id);
                // Reports each death once.
                held.own.overwrite(0);
                held.by_guards.overwrite(0);
            }
        }
    });
    grants::end();
}

//! The registry of all threads, alive and dead.

use super::signals::without_signals;
use super::timer::Timer;
use super::watcher::{Added, Descriptors, Watcher};
use super::{Thread, ThreadId};
use crate::futex::Deadline;
use crate::hash::HashMap;
use crate::sync::{Mutex, Ordering, lock};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// Whether a thread is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The thread registered and has not ended.
    Alive,
    /// The thread registered and has ended.
    Dead,
    /// No thread with this id ever registered.
    Unknown,
}

/// The id of a thread that registers belongs to another thread, alive or dead.
#[derive(Debug, PartialEq, Eq)]
pub struct AlreadyRegistered;

/// All threads of the process that ever used the package. The runtime never reuses an id, so a dead thread needs only
/// one bit.
pub struct Threads {
    table: Arc<Mutex<Table>>,
    watcher: OnceLock<Option<Arc<Descriptors>>>,
    timer: OnceLock<Timer>,
}

/// The watch of an event loop, which ends when this is dropped.
pub struct Watching<'a> {
    watcher: &'a Descriptors,
    thread: &'a Thread,
    /// None if an outer wait of the same thread watches already.
    descriptor: Option<i32>,
    added: Added,
}

impl Watching<'_> {
    /// Whether the first interrupt is stale: the event loop was readable when it was added.
    pub fn first_interrupt_is_stale(&self) -> bool {
        self.added == Added::Readable
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        if let Some(descriptor) = self.descriptor {
            self.watcher.remove(descriptor);
            self.thread.watched.store(false, Ordering::Release);
        }
    }
}

struct Table {
    living: HashMap<ThreadId, Living>,
    /// A bit for each id that ever registered.
    seen: Vec<u64>,
    /// The last errors of the threads that died last, the first that died first.
    dead_with_errors: VecDeque<(ThreadId, LastError)>,
}

struct Living {
    thread: Arc<Thread>,
    error: Option<LastError>,
}

/// The last error that a thread threw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// Its code and message.
    pub text: Arc<str>,
    /// When it was thrown.
    pub thrown: Deadline,
    /// When the thread died, if it did.
    pub died: Option<Deadline>,
}

/// How many dead threads are remembered by their last errors.
const MAX_DEAD_WITH_ERRORS: usize = 64;

impl Table {
    fn place(id: ThreadId) -> (usize, u64) {
        let number = id.get() as usize;
        (number / 64, 1 << (number % 64))
    }

    fn has_seen(&self, id: ThreadId) -> bool {
        let (index, bit) = Self::place(id);
        self.seen.get(index).is_some_and(|bits| bits & bit != 0)
    }

    fn see(&mut self, id: ThreadId) {
        let (index, bit) = Self::place(id);
        if index >= self.seen.len() {
            self.seen.resize(index + 1, 0);
        }
        self.seen[index] |= bit;
    }
}

impl Threads {
    /// A registry without threads.
    pub fn new() -> Self {
        Threads {
            table: Arc::new(Mutex::new(Table {
                living: HashMap::default(),
                seen: Vec::new(),
                dead_with_errors: VecDeque::new(),
            })),
            watcher: OnceLock::new(),
            timer: OnceLock::new(),
        }
    }

    /// Makes the record of a thread that begins to use the package.
    pub fn register(&self, id: ThreadId) -> Result<Arc<Thread>, AlreadyRegistered> {
        let mut table = lock(&self.table);
        if table.has_seen(id) {
            return Err(AlreadyRegistered);
        }
        table.see(id);
        let thread = Arc::new(Thread::new(id));
        let living = Living {
            thread: Arc::clone(&thread),
            error: None,
        };
        table.living.insert(id, living);
        Ok(thread)
    }

    /// Marks a thread as dead. From here on [`Threads::status`] returns that.
    pub fn retire(&self, id: ThreadId) {
        let mut table = lock(&self.table);
        let Some(mut error) = table.living.remove(&id).and_then(|living| living.error) else {
            return;
        };
        error.died = Some(Deadline::now());
        if table.dead_with_errors.len() == MAX_DEAD_WITH_ERRORS {
            table.dead_with_errors.pop_front();
        }
        table.dead_with_errors.push_back((id, error));
    }

    /// Notes an error that a living thread is about to throw.
    pub fn note_error(&self, id: ThreadId, text: &str) {
        let error = LastError {
            text: text.into(),
            thrown: Deadline::now(),
            died: None,
        };
        if let Some(living) = lock(&self.table).living.get_mut(&id) {
            living.error = Some(error);
        }
    }

    /// The last error that a thread threw, alive or dead. None if it threw none, or if many threads died later.
    pub fn last_error(&self, id: ThreadId) -> Option<LastError> {
        let table = lock(&self.table);
        if let Some(living) = table.living.get(&id) {
            return living.error.clone();
        }
        let mut dead = table.dead_with_errors.iter();
        dead.find(|(other, _)| *other == id)
            .map(|(_, error)| error.clone())
    }

    /// Interrupts `thread`, which is the calling one, when the descriptor of its event loop becomes readable. None if
    /// the descriptor cannot be watched.
    pub fn watch<'a>(&'a self, thread: &'a Thread, descriptor: i32) -> Option<Watching<'a>> {
        let watcher = self.watcher.get_or_init(|| self.start_watcher()).as_ref()?;
        let mut watching = Watching {
            watcher,
            thread,
            descriptor: None,
            added: Added::Quiet,
        };
        if !thread.watched.swap(true, Ordering::AcqRel) {
            let Some(added) = watcher.add(descriptor, thread.id()) else {
                thread.watched.store(false, Ordering::Release);
                return None;
            };
            watching.added = added;
            watching.descriptor = Some(descriptor);
        }
        Some(watching)
    }

    fn start_watcher(&self) -> Option<Arc<Descriptors>> {
        let watcher = Arc::new(Descriptors::new()?);
        let (watched, table) = (Arc::clone(&watcher), Arc::clone(&self.table));
        let watch = move || loop {
            watched.wait(|id| {
                let living = |living: &Living| Arc::clone(&living.thread);
                let thread = lock(&table).living.get(&id).map(living);
                if let Some(thread) = thread {
                    thread.interrupt();
                }
            });
        };
        let builder = std::thread::Builder::new().name("shared-sync".to_owned());
        without_signals(|| builder.spawn(watch)).ok()?;
        Some(watcher)
    }

    /// The timer of the process. Its thread starts when the first limit is set.
    pub fn timer(&self) -> &Timer {
        self.timer.get_or_init(Timer::new)
    }

    /// Whether the thread with this id is blocked in a wait of the package.
    pub fn is_blocked(&self, id: ThreadId) -> bool {
        let table = lock(&self.table);
        table
            .living
            .get(&id)
            .is_some_and(|living| living.thread.is_blocked())
    }

    /// How much CPU a living thread has used since it began, in nanoseconds. None if it does not show that.
    pub fn cpu_time(&self, id: ThreadId) -> Option<u64> {
        // The thread does not end while the lock is held, so its number is not reused.
        let table = lock(&self.table);
        let living = table.living.get(&id)?;
        living.thread.cpu_clock.get()?.nanoseconds()
    }

    /// All living threads.
    pub fn living(&self) -> Vec<ThreadId> {
        lock(&self.table).living.keys().copied().collect()
    }

    /// Whether the thread with this id is alive.
    pub fn status(&self, id: ThreadId) -> Status {
        let table = lock(&self.table);
        if table.living.contains_key(&id) {
            Status::Alive
        } else if table.has_seen(id) {
            Status::Dead
        } else {
            Status::Unknown
        }
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_unknown_then_alive_then_dead_and_its_id_is_never_reused() {
        let threads = Threads::new();
        let id = ThreadId::new(1_000).unwrap();
        assert_eq!(threads.status(id), Status::Unknown);
        threads.register(id).ok().unwrap();
        assert_eq!(threads.status(id), Status::Alive);
        assert!(threads.register(id).is_err());
        threads.retire(id);
        assert_eq!(threads.status(id), Status::Dead);
        assert!(threads.register(id).is_err());
        assert_eq!(threads.status(ThreadId::new(999).unwrap()), Status::Unknown);
        assert_eq!(
            threads.status(ThreadId::new(ThreadId::MAX).unwrap()),
            Status::Unknown
        );
    }
}

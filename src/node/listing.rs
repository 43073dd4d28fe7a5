//! The pending promises of each thread, in lists that other threads can read: what they wait for, and the names that
//! the user gave. A promise keeps its place until its wait is over.

use super::names::{duration, thread as name_of_thread};
use crate::futex::Deadline;
use crate::queue::{CurrentWait, Key, Kind, Labels, Outcome, Waiter};
use crate::sync::lock;
use crate::threads::{Thread, ThreadId};
use std::cell::RefCell;
use std::sync::{Arc, LazyLock, Mutex, Weak};

/// How many promises are visited before the lock of their list is released.
const AT_ONCE: usize = 1_000;

/// Up to so many places are kept while no promise waits.
const FEW: usize = 64;

thread_local! {
    /// The list of this thread, made for its first promise.
    static OWN: RefCell<Option<Arc<List>>> = const { RefCell::new(None) };
}

/// The lists of all threads.
static LISTS: LazyLock<Mutex<Vec<Weak<List>>>> = LazyLock::new(Mutex::default);

/// The promises of one thread.
struct List {
    thread: ThreadId,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    listed: Vec<Option<Listed>>,
    free: Vec<u32>,
}

struct Listed {
    waiter: Arc<Waiter>,
    labels: Labels,
}

/// A pending promise, as it was a moment ago.
pub struct PendingPromise {
    /// What the promise waits for.
    pub wait: CurrentWait,
    /// When the promise was granted that, if its thread has not run since.
    pub granted_at: Option<Deadline>,
}

fn own(thread: &Thread) -> Arc<List> {
    OWN.with_borrow_mut(|own| {
        let list = own.get_or_insert_with(|| {
            let list = Arc::new(List {
                thread: thread.id(),
                places: Mutex::default(),
            });
            let mut lists = lock(&LISTS);
            lists.retain(|other| other.strong_count() > 0);
            lists.push(Arc::downgrade(&list));
            list
        });
        Arc::clone(list)
    })
}

/// Adds a promise of `thread`, the calling one, and returns its place.
pub fn add(thread: &Thread, waiter: Arc<Waiter>, labels: Labels) -> u32 {
    let list = own(thread);
    let Places { listed, free } = &mut *lock(&list.places);
    let entry = Some(Listed { waiter, labels });
    match free.pop() {
        Some(place) => {
            listed[place as usize] = entry;
            place
        }
        None => {
            listed.push(entry);
            (listed.len() - 1) as u32
        }
    }
}

/// Replaces the waiter of a promise, since a wait with several steps may stand in a queue with another waiter.
pub fn update(thread: &Thread, place: u32, waiter: &Arc<Waiter>) {
    let list = own(thread);
    if let Some(listed) = &mut lock(&list.places).listed[place as usize] {
        listed.waiter = Arc::clone(waiter);
    }
}

/// Removes a promise whose wait is over. Returns the labels of its cells.
pub fn remove(thread: &Thread, place: u32) -> Labels {
    let list = own(thread);
    let Places { listed, free } = &mut *lock(&list.places);
    let removed = listed[place as usize].take();
    free.push(place);
    if free.len() == listed.len() && listed.len() > FEW {
        // Nothing is left of a crowd.
        *listed = Vec::new();
        *free = Vec::new();
    }
    removed.map(|listed| listed.labels).unwrap_or_default()
}

fn all_lists() -> Vec<Arc<List>> {
    lock(&LISTS).iter().filter_map(Weak::upgrade).collect()
}

/// The pending promises of all threads, at most `most`, those that were granted what they wait for first. Then how
/// many more there are.
pub fn all_pending(most: usize) -> (Vec<PendingPromise>, usize) {
    let (mut found, mut waiting, mut all) = (Vec::new(), Vec::new(), 0);
    visit(|_, Listed { waiter, labels }| {
        // The signal of a Cancel waits for nothing that should come.
        if waiter.key().kind() == Kind::Cancel {
            return;
        }
        all += 1;
        let list = match waiter.outcome() {
            Some(_) => &mut found,
            None => &mut waiting,
        };
        if list.len() < most {
            list.push(PendingPromise {
                wait: CurrentWait::of(waiter, labels),
                granted_at: waiter.outcome().map(|_| waiter.completed_at()),
            });
        }
    });
    found.extend(waiting);
    found.truncate(most);
    let omitted = all - found.len();
    (found, omitted)
}

/// The promises of all threads that wait, at most `most`: their waiters and the labels of their cells. Those that were
/// granted what they wait for are left out. The cells must not be read: the memory may be gone.
pub fn all_waiting(most: usize) -> Vec<(Arc<Waiter>, Labels)> {
    let mut waiting = Vec::new();
    visit(|_, Listed { waiter, labels }| {
        if !waiter.is_completed() && waiting.len() < most {
            waiting.push((Arc::clone(waiter), labels.clone()));
        }
    });
    waiting
}

/// A lock that was granted to a promise whose thread has not run since.
pub struct Granted {
    /// The lock.
    pub key: Key,
    /// The thread.
    pub owner: ThreadId,
    since: Deadline,
}

impl Granted {
    /// All such locks for which `wanted` returns true.
    pub fn all(wanted: impl Fn(Key) -> bool) -> Vec<Self> {
        let mut all = Vec::new();
        visit(|owner, Listed { waiter, .. }| {
            let key = waiter.key();
            if waiter.outcome() == Some(Outcome::Granted) && wanted(key) {
                all.push(Granted {
                    key,
                    owner,
                    since: waiter.completed_at(),
                });
            }
        });
        all
    }

    /// A description in words.
    pub fn describe(&self) -> String {
        let passed = Deadline::now()
            .as_nanoseconds()
            .saturating_sub(self.since.as_nanoseconds());
        format!(
            "granted to a promise of {}, which has not run for {}",
            name_of_thread(self.owner),
            duration(passed)
        )
    }
}

/// Visits all pending promises. While a promise is visited, its entry keeps the memory of its cells, since the list
/// is locked. That lock is released from time to time, as the list's thread needs it.
fn visit(mut visit: impl FnMut(ThreadId, &Listed)) {
    for list in all_lists() {
        let mut next = 0;
        loop {
            let places = lock(&list.places);
            let Some(rest) = places.listed.get(next..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let some = &rest[..rest.len().min(AT_ONCE)];
            for listed in some.iter().flatten() {
                visit(list.thread, listed);
            }
            next += some.len();
        }
    }
}

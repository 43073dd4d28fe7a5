//! What a look finds: the waits of the process by what they wait for, and what is known of the holders. The
//! history is what earlier looks found.

use crate::futex::Deadline;
use crate::hash::HashMap;
use crate::node::QUEUES;
use crate::node::listing;
use crate::primitives::{Mutex, Once, RwLock};
use crate::queue::{Access, Key, Kind, Labels, Named, Note, Waiter};
use crate::threads::ThreadId;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};

/// How many promises a look visits at most.
const MAX_PROMISES: usize = 10_000;

/// How many looks the history remembers.
const LOOKS: usize = 4;

/// What earlier looks found.
#[derive(Default)]
pub struct History {
    /// By the addresses of the waiters, which are not reused as long as their entries are here.
    waits: HashMap<usize, Remembered>,
    /// How much CPU a thread had used at the last looks, in nanoseconds, the earliest first.
    cpu_times: ByThread<VecDeque<(Deadline, u64)>>,
}

/// What is known of some threads. They are few, so a search needs no table, each kind of which takes kilobytes of code.
pub struct ByThread<T>(Vec<(ThreadId, T)>);

impl<T> ByThread<T> {
    /// What is known of a thread.
    pub fn get(&self, thread: ThreadId) -> Option<&T> {
        let mut all = self.0.iter();
        all.find(|(other, _)| *other == thread)
            .map(|(_, known)| known)
    }

    /// All threads of which something is known.
    pub fn iter(&self) -> impl Iterator<Item = &(ThreadId, T)> {
        self.0.iter()
    }

    fn set(&mut self, thread: ThreadId, known: T) {
        match self.0.iter_mut().find(|(other, _)| *other == thread) {
            Some((_, before)) => *before = known,
            None => self.0.push((thread, known)),
        }
    }
}

impl<T> Default for ByThread<T> {
    fn default() -> Self {
        ByThread(Vec::new())
    }
}

/// What earlier looks found of one wait.
struct Remembered {
    /// Keeps the address.
    _waiter: Weak<Waiter>,
    /// The first note.
    first: Note,
    /// The first note since which nothing was released. None while releases are not counted.
    unchanged: Option<Note>,
    /// Who held the lock at the last looks.
    holders: VecDeque<Holder>,
}

/// Who holds a lock, according to its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// No thread. Only locks have holders, and a Once that runs.
    None,
    /// A thread, by itself or by a guard.
    Owner {
        /// The thread.
        thread: ThreadId,
        /// Whether a guard owns the lock.
        by_guard: bool,
    },
    /// This many reads are held.
    Readers(u32),
}

impl Holder {
    fn of(kind: Kind, word: u32) -> Self {
        let (owner, by_guard, reads) = match kind {
            Kind::Mutex => (Mutex::owner_of(word), Mutex::is_guard(word), 0),
            Kind::RwLock => (
                RwLock::owner_of(word),
                RwLock::is_guard(word),
                RwLock::reads_of(word),
            ),
            Kind::Once => (Once::runner_of(word), false, 0),
            _ => (None, false, 0),
        };
        match (owner, reads) {
            (Some(thread), _) => Holder::Owner { thread, by_guard },
            (None, 0) => Holder::None,
            (None, reads) => Holder::Readers(reads),
        }
    }
}

/// Whether each release of a lock with this word is counted.
fn is_counted(kind: Kind, word: u32) -> bool {
    match kind {
        Kind::Mutex => word & Mutex::WAITERS != 0,
        Kind::RwLock => word & RwLock::WAITERS != 0,
        _ => false,
    }
}

/// The waits of the process at one moment.
pub struct View {
    /// When.
    pub at: Deadline,
    /// What is waited for, that with the oldest wait first.
    pub sites: Vec<Site>,
    /// If all threads that use the package are blocked without a time limit: how many they are, and since when.
    pub all_blocked: Option<(usize, Deadline)>,
    /// What each blocked thread waits for, and the cells of the locks that it reads.
    pub blocked: ByThread<(Key, Vec<Key>)>,
    /// The threads that are alive.
    pub living: Vec<ThreadId>,
    /// How much CPU the owners have used: at an earlier moment, and now.
    cpu_times: ByThread<((Deadline, u64), u64)>,
}

/// What some threads and promises wait for.
pub struct Site {
    /// What it is.
    pub named: Named,
    /// The oldest first.
    pub waits: Vec<Wait>,
    /// Who holds it.
    pub holder: Holder,
    /// Since when nothing was released, and how much CPU the owner had used then.
    pub unchanged: Option<(Deadline, Option<u64>)>,
    /// Whether it was released, or may have been, since one of the waits began.
    pub is_released: bool,
    /// How often it was released since the first note, at least.
    pub released: u64,
    /// How many looks found the same holder, of how many.
    pub looks: (usize, usize),
}

/// One wait.
pub struct Wait {
    /// The thread that waits, or that the waiting promise belongs to.
    pub thread: ThreadId,
    /// Whether a promise waits.
    pub is_promise: bool,
    /// How it is going to hold the lock.
    pub access: Access,
    /// When the wait began.
    pub since: Deadline,
}

/// A wait that a look found.
struct Found {
    waiter: Arc<Waiter>,
    labels: Labels,
    is_promise: bool,
    /// The note that the thread took when the wait was recorded.
    note: Option<Note>,
}

impl View {
    /// Looks at the process.
    pub fn now(history: &mut History) -> Self {
        let records = QUEUES.waits().blocked();
        let living = QUEUES.threads().living();
        let mut blocked = ByThread::default();
        let mut unlimited = ByThread::default();
        let mut found = Vec::new();
        for record in records {
            let reads = record.reads.iter();
            let reads = reads.map(|cell| Key::new(*cell, Kind::RwLock)).collect();
            blocked.set(record.thread, (record.waiter.key(), reads));
            if !record.limited {
                unlimited.set(record.thread, record.waiter.since());
            }
            found.push(Found {
                waiter: record.waiter,
                labels: record.labels,
                is_promise: false,
                note: record.note,
            });
        }
        let all_are_blocked = living.iter().all(|thread| unlimited.get(*thread).is_some());
        let last = unlimited.iter().map(|(_, since)| *since).max();
        let all_blocked = last
            .filter(|_| all_are_blocked)
            .map(|last| (living.len(), last));
        let promises = listing::all_waiting(MAX_PROMISES).into_iter();
        found.extend(promises.map(|(waiter, labels)| Found {
            waiter,
            labels,
            is_promise: true,
            note: None,
        }));
        let mut view = View {
            at: Deadline::now(),
            sites: Vec::new(),
            all_blocked,
            blocked,
            living,
            cpu_times: ByThread::default(),
        };
        view.add_all(found, history);
        view.note_cpu_times(history);
        view
    }

    fn add_all(&mut self, found: Vec<Found>, history: &mut History) {
        let mut before = std::mem::take(&mut history.waits);
        let mut sites: HashMap<(Key, Option<Arc<str>>), usize> = HashMap::default();
        for found in found {
            let key = found.waiter.key();
            let address = Arc::as_ptr(&found.waiter).addr();
            let mut remembered = None;
            if matches!(key.kind(), Kind::Mutex | Kind::RwLock | Kind::Once) {
                let Some(note) = QUEUES.note(&found.waiter) else {
                    // The wait is over, or was over for a moment.
                    continue;
                };
                let known = before.remove(&address);
                remembered = Some(
                    history
                        .waits
                        .entry(address)
                        .or_insert(remember(known, &found, note)),
                );
            }
            let named = found.labels.get(key);
            // Two selects with one key may have other cases, which the label lists.
            let cases = match key.kind() {
                Kind::Select => named.label.name.clone(),
                _ => None,
            };
            let index = *sites.entry((key, cases)).or_insert_with(|| {
                self.sites.push(Site::new(named));
                self.sites.len() - 1
            });
            let site = &mut self.sites[index];
            site.waits.push(Wait {
                thread: found.waiter.thread(),
                is_promise: found.is_promise,
                access: found.waiter.access(),
                since: found.waiter.since(),
            });
            if let Some(remembered) = remembered {
                site.learn(key.kind(), remembered);
            }
        }
        for site in &mut self.sites {
            site.waits.sort_unstable_by_key(|wait| wait.since);
        }
        self.sites.sort_unstable_by_key(|site| site.waits[0].since);
    }

    /// Notes how much CPU the owners have used.
    fn note_cpu_times(&mut self, history: &mut History) {
        let before = std::mem::take(&mut history.cpu_times);
        for site in &self.sites {
            let Holder::Owner { thread, .. } = site.holder else {
                continue;
            };
            let Some(now) = QUEUES.threads().cpu_time(thread) else {
                continue;
            };
            let noted = site
                .unchanged
                .and_then(|(since, used)| Some((since, used?)));
            // Of a thread that owns several locks, the earlier looks are known already.
            let is_first = history.cpu_times.get(thread).is_none();
            let mut times = before.get(thread).cloned().unwrap_or_default();
            let earliest = times.front().copied().filter(|_| is_first);
            if let Some(then) = noted.or(earliest) {
                self.cpu_times.set(thread, (then, now));
            }
            if is_first {
                push(&mut times, (self.at, now));
                history.cpu_times.set(thread, times);
            }
        }
    }

    /// How much CPU a thread used lately, in nanoseconds, and within how many.
    pub fn cpu_used(&self, thread: ThreadId) -> Option<(u64, u64)> {
        let ((since, then), now) = self.cpu_times.get(thread)?;
        Some((now.saturating_sub(*then), self.age(*since)))
    }

    /// How long ago a moment was, in nanoseconds.
    pub fn age(&self, since: Deadline) -> u64 {
        self.at
            .as_nanoseconds()
            .saturating_sub(since.as_nanoseconds())
    }
}

/// Adds what this look found of a wait to what earlier looks found.
fn remember(known: Option<Remembered>, found: &Found, now: Note) -> Remembered {
    let kind = found.waiter.key().kind();
    let holder = Holder::of(kind, now.sight.word);
    let counted = |note: &Note| is_counted(kind, note.sight.word);
    let first = found.note.unwrap_or(now);
    let mut remembered = known.unwrap_or_else(|| Remembered {
        _waiter: Arc::downgrade(&found.waiter),
        first,
        unchanged: Some(first).filter(counted),
        holders: VecDeque::new(),
    });
    let is_unchanged = |before: &Note| {
        before.sight.releases == now.sight.releases && Holder::of(kind, before.sight.word) == holder
    };
    remembered.unchanged = remembered
        .unchanged
        .filter(is_unchanged)
        .or(Some(now).filter(counted));
    push(&mut remembered.holders, holder);
    remembered
}

fn push<T>(last: &mut VecDeque<T>, item: T) {
    if last.len() == LOOKS {
        last.pop_front();
    }
    last.push_back(item);
}

impl Site {
    fn new(named: Named) -> Self {
        Site {
            named,
            waits: Vec::new(),
            holder: Holder::None,
            unchanged: None,
            is_released: false,
            released: 0,
            looks: (0, 0),
        }
    }

    /// Takes over what is known from one of its waits. The wait that knows most counts.
    fn learn(&mut self, kind: Kind, remembered: &Remembered) {
        let Some(holder) = remembered.holders.back() else {
            return;
        };
        let (first, unchanged) = (remembered.first, remembered.unchanged);
        self.holder = *holder;
        let same = remembered.holders.iter().filter(|other| *other == holder);
        self.looks = self.looks.max((same.count(), remembered.holders.len()));
        self.is_released |= unchanged.is_none_or(|note| note.sight.at != first.sight.at);
        if let Some(note) = unchanged {
            let known = (note.sight.at, note.cpu_time);
            let earlier = |before: (Deadline, _)| before.0 <= known.0;
            self.unchanged = self
                .unchanged
                .filter(|known| earlier(*known))
                .or(Some(known));
            if is_counted(kind, first.sight.word) {
                let released = note.sight.releases.since(first.sight.releases);
                self.released = self.released.max(released);
            }
        }
    }

    /// Whether threads or promises wait for another thread here.
    pub fn is_held(&self) -> bool {
        self.holder != Holder::None
    }
}

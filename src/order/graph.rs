//! The graph of locks, and the search for cycles in it.

use crate::hash::HashMap;
use crate::threads::ThreadId;
use std::collections::VecDeque;

/// The number of a lock, or of a class of locks. Never reused.
pub type Number = u64;

/// The most locks in the graph.
pub const MOST_LOCKS: usize = 16_384;
/// The most edges in the graph.
pub const MOST_EDGES: usize = 65_536;

/// How a lock is held or asked for. A Mutex is always written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To read.
    Read,
    /// To write.
    Write,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// A lock was left out.
    Locks,
    /// An edge was left out.
    Edges,
    /// A report was left out.
    Reports,
}

/// Two locks, and how they were held and asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeEnd {
    /// The lock that was held.
    pub from: Number,
    /// How.
    pub held: Mode,
    /// The lock that was asked for meanwhile.
    pub to: Number,
    /// How.
    pub asked: Mode,
}

/// An edge, beside the lock that was held.
pub struct Edge {
    to: Number,
    held: Mode,
    asked: Mode,
    thread: ThreadId,
    stack: String,
}

/// A lock, as a message refers to it.
#[derive(Clone)]
pub struct Title {
    /// Its class and name.
    pub text: String,
    /// It is an RwLock: it is read or written, not locked.
    pub is_rwlock: bool,
}

/// One edge of a cycle, in words.
#[derive(Clone)]
pub struct Step {
    /// The lock that was held.
    pub holds: Title,
    /// How.
    pub held: Mode,
    /// The lock that was asked for, which the next step holds.
    pub asks: Title,
    /// How.
    pub asked: Mode,
    /// The thread that asked.
    pub thread: ThreadId,
    /// The stack of its call.
    pub stack: String,
}

/// A cycle that can deadlock.
pub struct Cycle {
    /// The locks, beginning with the smallest number: the same for the same cycle.
    pub locks: Vec<Number>,
    /// The edges, beginning with the newest.
    pub steps: Vec<Step>,
}

impl Cycle {
    /// Whether a thread asked to read what it reads already.
    pub fn is_recursion(&self) -> bool {
        self.steps.len() == 1
    }
}

struct Lock {
    title: Title,
    /// A caller has asked to write it, so that a second reader may wait behind that writer.
    is_written: bool,
    out: Vec<Edge>,
    /// The locks that have edges to this one, one entry an edge.
    before: Vec<Number>,
}

/// The locks and edges.
#[derive(Default)]
pub struct Graph {
    locks: HashMap<Number, Lock>,
    last: Number,
    edges: usize,
}

/// How a search came to a lock.
#[derive(Clone, Copy)]
struct Arrival {
    lock: Number,
    mode: Mode,
    /// The index of the arrival before it, and of the edge from there. None for the first.
    by: Option<(usize, usize)>,
}

impl Graph {
    pub fn clear(&mut self) {
        self.locks.clear();
        self.edges = 0;
    }

    pub fn add(&mut self, title: Title) -> Result<Number, Full> {
        if self.locks.len() == MOST_LOCKS {
            return Err(Full::Locks);
        }
        self.last += 1;
        let lock = Lock {
            is_written: !title.is_rwlock,
            title,
            out: Vec::new(),
            before: Vec::new(),
        };
        self.locks.insert(self.last, lock);
        Ok(self.last)
    }

    /// Removes a lock and its edges.
    pub fn remove(&mut self, number: Number) {
        let Some(removed) = self.locks.remove(&number) else {
            return;
        };
        let mut gone = removed.out.len();
        for edge in removed.out {
            if let Some(next) = self.locks.get_mut(&edge.to) {
                next.before.retain(|before| *before != number);
            }
        }
        for before in removed.before {
            if let Some(lock) = self.locks.get_mut(&before) {
                let edges = lock.out.len();
                lock.out.retain(|edge| edge.to != number);
                gone += edges - lock.out.len();
            }
        }
        self.edges -= gone;
    }

    pub fn knows(&self, end: EdgeEnd) -> bool {
        let Some(from) = self.locks.get(&end.from) else {
            return true;
        };
        !self.locks.contains_key(&end.to) || from.out.iter().any(|edge| edge.is(end))
    }

    pub fn add_edge(
        &mut self,
        end: EdgeEnd,
        thread: ThreadId,
        stack: String,
        refuses: bool,
    ) -> Result<Option<Cycle>, Full> {
        if self.knows(end) {
            return Ok(None);
        }
        if self.edges == MOST_EDGES {
            return Err(Full::Edges);
        }
        let path = self.path(end);
        let edge = Edge {
            to: end.to,
            held: end.held,
            asked: end.asked,
            thread,
            stack,
        };
        let cycle = path.map(|path| self.cycle(end.from, &edge, &path));
        if !(refuses && cycle.is_some()) {
            self.edges += 1;
            if let Some(to) = self.locks.get_mut(&end.to) {
                to.before.push(end.from);
            }
            if let Some(from) = self.locks.get_mut(&end.from) {
                from.out.push(edge);
            }
        }
        Ok(cycle)
    }

    pub fn request_write(&mut self, number: Number) -> Vec<Cycle> {
        let Some(lock) = self.locks.get_mut(&number) else {
            return Vec::new();
        };
        if lock.is_written {
            return Vec::new();
        }
        lock.is_written = true;
        let reading = self.locks[&number].out.iter();
        let reading = reading.filter(|edge| edge.held == Mode::Read && edge.to != number);
        reading
            .filter_map(|edge| {
                let path = self.path(edge.end(number))?;
                Some(self.cycle(number, edge, &path))
            })
            .collect()
    }

    /// Whether a thread that asks for a lock as `asked` may wait for one that holds it as `held`.
    fn conflicts(&self, number: Number, asked: Mode, held: Mode) -> bool {
        asked == Mode::Write
            || held == Mode::Write
            || self.locks.get(&number).is_some_and(|lock| lock.is_written)
    }

    /// The shortest path that leads back from the second lock of an edge to the first, so that they are a cycle: for each
    /// lock the index of the edge that leaves it. The path is empty if both are the same lock.
    fn path(&self, end: EdgeEnd) -> Option<Vec<(Number, usize)>> {
        if end.from == end.to {
            // A read inside a read of the same lock is reported whether or not a caller has asked to write.
            return Some(Vec::new());
        }
        let mut seen: HashMap<(Number, bool), ()> = HashMap::default();
        let mut arrivals = vec![Arrival {
            lock: end.to,
            mode: end.asked,
            by: None,
        }];
        let mut queue = VecDeque::from([0]);
        seen.insert((end.to, end.asked == Mode::Write), ());
        while let Some(at) = queue.pop_front() {
            let Arrival { lock, mode, .. } = arrivals[at];
            let Some(out) = self.locks.get(&lock).map(|lock| &lock.out) else {
                continue;
            };
            for (index, edge) in out.iter().enumerate() {
                if !self.conflicts(lock, mode, edge.held) {
                    continue;
                }
                if edge.to == end.from {
                    if self.conflicts(end.from, edge.asked, end.held) {
                        return Some(trace(&arrivals, at, index));
                    }
                } else if seen
                    .insert((edge.to, edge.asked == Mode::Write), ())
                    .is_none()
                {
                    queue.push_back(arrivals.len());
                    arrivals.push(Arrival {
                        lock: edge.to,
                        mode: edge.asked,
                        by: Some((at, index)),
                    });
                }
            }
        }
        None
    }

    /// The cycle of an edge from `from` and a path back.
    fn cycle(&self, from: Number, edge: &Edge, path: &[(Number, usize)]) -> Cycle {
        let back = path
            .iter()
            .map(|(lock, index)| (*lock, &self.locks[lock].out[*index]));
        let edges: Vec<_> = std::iter::once((from, edge)).chain(back).collect();
        let steps = edges
            .iter()
            .map(|(from, edge)| self.step(*from, edge))
            .collect();
        let mut locks: Vec<Number> = edges.iter().map(|(from, _)| *from).collect();
        let first = (0..locks.len()).min_by_key(|at| locks[*at]).unwrap_or(0);
        locks.rotate_left(first);
        Cycle { locks, steps }
    }

    fn step(&self, from: Number, edge: &Edge) -> Step {
        Step {
            holds: self.title(from),
            held: edge.held,
            asks: self.title(edge.to),
            asked: edge.asked,
            thread: edge.thread,
            stack: edge.stack.clone(),
        }
    }

    fn title(&self, number: Number) -> Title {
        self.locks[&number].title.clone()
    }
}

impl Edge {
    fn is(&self, end: EdgeEnd) -> bool {
        self.to == end.to && self.held == end.held && self.asked == end.asked
    }

    fn end(&self, from: Number) -> EdgeEnd {
        EdgeEnd {
            from,
            held: self.held,
            to: self.to,
            asked: self.asked,
        }
    }
}

/// The path to the arrival `at`, and over the edge `last` from there.
fn trace(arrivals: &[Arrival], at: usize, last: usize) -> Vec<(Number, usize)> {
    let mut path = vec![(arrivals[at].lock, last)];
    let mut by = arrivals[at].by;
    while let Some((before, index)) = by {
        path.push((arrivals[before].lock, index));
        by = arrivals[before].by;
    }
    path.reverse();
    path
}

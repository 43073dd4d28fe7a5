//! How the next thread is chosen.

use super::random::Random;
use super::tree::Tree;

/// An option of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What it means: a thread that goes on, or one of the codes below.
    pub code: u16,
    /// The preemptions that it counts as.
    pub cost: u32,
    /// Whether its thread spins.
    pub spins: bool,
}

/// The earliest time limit passes.
pub const LIMIT: u16 = 0x100;
/// A lock is not handed off, as usual.
pub const NO_HANDOFF: u16 = 0x200;
/// A lock is handed off.
pub const HANDOFF: u16 = 0x201;

/// The most explored threads.
pub const MOST_THREADS: usize = LIMIT as usize;
/// The place of the clock in tables by thread.
const CLOCK: usize = MOST_THREADS;
/// How much likelier a thread is chosen that does not spin.
const CALM_WEIGHT: u64 = 10;
/// One of so many locks that could be handed off is.
const HANDOFF_RATE: u64 = 4;

/// A strategy, as JavaScript numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Each option with the same probability.
    Walk,
    /// Priorities that change at a few points (Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler
    /// with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
    Pct,
    /// Priorities of operations, drawn anew where operations race (Yuan, Yang and Gu, "Partial Order Aware Concurrency
    /// Sampling", CAV 2018).
    Pos,
    /// The enumeration.
    Tree,
    /// The choices of a script, which are those of an earlier schedule.
    Replay,
    /// Follows the segments of a script as far as possible: for each a thread and how many points it has passed at the
    /// segment's end.
    Guided,
    /// No preemption.
    Plain,
}

impl Strategy {
    /// The strategy with a number.
    pub fn of(number: u32) -> Option<Self> {
        [
            Strategy::Walk,
            Strategy::Pct,
            Strategy::Pos,
            Strategy::Tree,
            Strategy::Replay,
            Strategy::Guided,
            Strategy::Plain,
        ]
        .into_iter()
        .nth(number as usize)
    }
}

/// What a thread is about to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The address of the cell; zero for none.
    pub cell: usize,
    /// Whether it may write it.
    pub writes: bool,
}

/// What a decision depends on.
pub struct Situation<'a> {
    /// The thread that decides.
    pub me: usize,
    /// The points that it has passed.
    pub my_points: u32,
    /// The points of all threads.
    pub step: u32,
    /// The blocked thread whose time limit is the earliest.
    pub limited: Option<usize>,
    /// What each thread is about to do.
    pub pending: &'a dyn Fn(usize) -> Pending,
}

/// Decides, by the strategy of the present schedule.
pub struct Planner {
    strategy: Strategy,
    random: Random,
    depth: u32,
    /// The enumeration.
    pub tree: Tree,
    /// The longest schedule so far, in points.
    pub longest: u32,
    /// Priorities by thread. The highest goes on.
    priorities: Vec<u64>,
    /// The steps at which PCT lowers a priority, and how many have passed.
    change_points: Vec<u32>,
    changes: u64,
    script: Vec<i32>,
    position: usize,
    handoffs: i32,
    departed: Option<u32>,
}

impl Planner {
    /// A planner. `preemptions` bounds the enumeration, and `depth` is that of PCT.
    pub fn new(preemptions: u32, depth: u32) -> Self {
        Planner {
            strategy: Strategy::Plain,
            random: Random::new(0),
            depth,
            tree: Tree::new(preemptions),
            longest: 0,
            priorities: Vec::new(),
            change_points: Vec::new(),
            changes: 0,
            script: Vec::new(),
            position: 0,
            handoffs: 0,
            departed: None,
        }
    }

    /// The script of the next schedule.
    pub fn set_script(&mut self, script: Vec<i32>) {
        self.script = script;
    }

    /// The step at which the schedule departed from its script, or from what the enumeration knew.
    pub fn departed(&self) -> Option<u32> {
        self.departed
    }

    /// Begins a schedule.
    pub fn begin(&mut self, strategy: Strategy, seed: u64) {
        self.strategy = strategy;
        self.random = Random::new(seed);
        self.position = 0;
        self.handoffs = 0;
        self.departed = None;
        match strategy {
            Strategy::Tree => self.tree.begin(),
            Strategy::Pct | Strategy::Pos => {
                self.priorities.clear();
                for _ in 0..=CLOCK {
                    let priority = self.draw();
                    self.priorities.push(priority);
                }
                self.changes = 0;
                self.change_points.clear();
                for _ in 1..self.depth {
                    let point = self.random.below(u64::from(self.longest.max(1)));
                    self.change_points.push(point as u32);
                }
            }
            _ => {}
        }
    }

    /// A priority. Leaves room below for the lowered ones.
    fn draw(&mut self) -> u64 {
        self.random.next() | 1 << 16
    }

    /// Ends a schedule of so many points.
    pub fn end(&mut self, points: u32) {
        self.longest = self.longest.max(points);
        if self.strategy == Strategy::Tree {
            self.tree.end();
        }
    }

    /// Decides. Returns the index of an option.
    pub fn choose(&mut self, options: &[Choice], at: &Situation) -> usize {
        if options[0].code == NO_HANDOFF {
            return self.choose_handoff(options, at);
        }
        match self.strategy {
            Strategy::Walk => self.weighted(options),
            Strategy::Pct => self.by_changing_priorities(options, at),
            Strategy::Pos => self.by_racing_priorities(options, at),
            Strategy::Tree => self.by_tree(options, at),
            Strategy::Replay => self.by_script(options, at),
            Strategy::Guided => self.guided(options, at),
            Strategy::Plain => usual(options),
        }
    }

    fn choose_handoff(&mut self, options: &[Choice], at: &Situation) -> usize {
        match self.strategy {
            Strategy::Walk | Strategy::Pct | Strategy::Pos => {
                usize::from(self.random.below(HANDOFF_RATE) == 0)
            }
            Strategy::Tree => self.by_tree(options, at),
            Strategy::Replay => self.by_script(options, at),
            Strategy::Guided => {
                self.handoffs += 1;
                // Entries with a negative thread name the hand-offs.
                let wanted = [-1, self.handoffs];
                usize::from(self.script.chunks_exact(2).any(|entry| entry == wanted))
            }
            Strategy::Plain => 0,
        }
    }

    fn by_tree(&mut self, options: &[Choice], at: &Situation) -> usize {
        let index = self.tree.choose(options, &mut self.random);
        if self.tree.has_departed() {
            self.departed.get_or_insert(at.step);
        }
        index
    }

    fn weighted(&mut self, options: &[Choice]) -> usize {
        let weight = |option: &Choice| if option.spins { 1 } else { CALM_WEIGHT };
        let mut left = self.random.below(options.iter().map(weight).sum());
        options
            .iter()
            .position(|option| {
                let found = left < weight(option);
                left = left.saturating_sub(weight(option));
                found
            })
            .unwrap_or(0)
    }

    fn by_changing_priorities(&mut self, options: &[Choice], at: &Situation) -> usize {
        let due = self
            .change_points
            .iter()
            .filter(|point| **point <= at.step)
            .count() as u64;
        if due > self.changes {
            self.changes = due;
            // Below all others, and below those that were lowered before.
            self.priorities[at.me] = u64::from(self.depth).saturating_sub(due) + 1;
        }
        let index = self.highest(options, |planner, option| {
            if option.spins {
                0
            } else {
                planner.priorities[place(option.code)]
            }
        });
        if options[index].code == LIMIT {
            self.priorities[CLOCK] = self.draw();
        }
        index
    }

    fn by_racing_priorities(&mut self, options: &[Choice], at: &Situation) -> usize {
        let index = self.highest(options, |planner, option| {
            let priority = planner.priorities[place(option.code)];
            // A tenth of the weight: the tenth power of a number from 0 to 1.
            if option.spins {
                tenth_power(priority)
            } else {
                priority
            }
        });
        let chosen = place(options[index].code);
        let next = (at.pending)(chosen);
        for option in options {
            let other = place(option.code);
            let pending = (at.pending)(other);
            let races =
                next.cell != 0 && pending.cell == next.cell && (next.writes || pending.writes);
            if other == chosen || races {
                self.priorities[other] = self.draw();
            }
        }
        index
    }

    fn highest(&self, options: &[Choice], priority: impl Fn(&Self, &Choice) -> u64) -> usize {
        let mut best = (0, 0);
        for (index, option) in options.iter().enumerate() {
            let priority = priority(self, option).max(1);
            if priority > best.0 {
                best = (priority, index);
            }
        }
        best.1
    }

    fn by_script(&mut self, options: &[Choice], at: &Situation) -> usize {
        let wanted = self.script.get(self.position).copied();
        self.position += 1;
        let found = options
            .iter()
            .position(|option| wanted == Some(i32::from(option.code)));
        if found.is_none() {
            self.departed.get_or_insert(at.step);
        }
        found.unwrap_or_else(|| usual(options))
    }

    fn guided(&mut self, options: &[Choice], at: &Situation) -> usize {
        while let [thread, until, ..] = self.script[self.position.min(self.script.len())..] {
            let is_over = thread == at.me as i32 && at.my_points as i32 >= until;
            // A blocked thread goes on if its limit is the earliest.
            let goes_on = |option: &Choice| {
                let by_limit = option.code == LIMIT && at.limited == Some(thread as usize);
                by_limit || i32::from(option.code) == thread
            };
            match options.iter().position(goes_on) {
                Some(index) if !is_over => return index,
                _ => self.position += 2,
            }
        }
        usual(options)
    }
}

/// The place of an option in tables by thread.
fn place(code: u16) -> usize {
    usize::from(code).min(CLOCK)
}

/// The first of the options that cost least.
fn usual(options: &[Choice]) -> usize {
    let mut best = 0;
    for (index, option) in options.iter().enumerate() {
        if option.cost < options[best].cost {
            best = index;
        }
    }
    best
}

/// The tenth power of a priority, as a part of the largest one.
fn tenth_power(priority: u64) -> u64 {
    let part = priority as f64 / u64::MAX as f64;
    (part.powi(10) * u64::MAX as f64) as u64
}

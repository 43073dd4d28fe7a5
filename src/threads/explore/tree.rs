//! The enumeration: all schedules up to a number of preemptions, each once, those of at most one preemption first, then
//! level by level (Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", PLDI 2007).
//!
//! A node is a decision that has several affordable options. An edge remembers the fewest preemptions of the schedules
//! behind it that have not run yet. A schedule descends at random through the edges that still have schedules of the
//! present level; when none is left, the level rises. A subtree whose schedules have all run is removed, so there are
//! never more nodes than schedules.

use super::random::Random;
use super::strategy::Choice;

/// No schedule is left behind the edge.
const DONE: u32 = u32::MAX;
/// The edge leads to no node, or to none yet.
const NONE: u32 = u32::MAX;

/// The level of the first schedules. Many programs have more schedules without a preemption than would be run at all, and
/// most faults need one.
const FIRST_LEVEL: u32 = 1;

struct Edge {
    code: u16,
    /// The fewest preemptions of a schedule behind it that has not run.
    open: u32,
    child: u32,
}

/// The schedules that are left.
pub struct Tree {
    most: u32,
    /// The most preemptions of the schedules that run at present.
    level: u32,
    /// The fewest preemptions of a schedule that has not run.
    open: u32,
    nodes: Vec<Vec<Edge>>,
    unused: Vec<u32>,
    root: u32,
    /// The node and the edge of each decision of the present schedule.
    path: Vec<(u32, usize)>,
    /// The preemptions of the present schedule so far.
    cost: u32,
    /// The decisions in the present schedule, and in the longest one.
    decisions: u32,
    longest: u32,
    departed: bool,
}

impl Tree {
    /// All schedules of at most this many preemptions.
    pub fn new(most: u32) -> Self {
        Tree {
            most,
            level: most.min(FIRST_LEVEL),
            open: 0,
            nodes: Vec::new(),
            unused: Vec::new(),
            root: NONE,
            path: Vec::new(),
            cost: 0,
            decisions: 0,
            longest: 1,
            departed: false,
        }
    }

    /// Whether all schedules have run.
    pub fn is_exhausted(&self) -> bool {
        self.open > self.most
    }

    /// All schedules with fewer preemptions than this have run.
    pub fn level(&self) -> u32 {
        self.open.min(self.most + 1)
    }

    /// Whether a decision of the last schedule had other options than the same decision before.
    pub fn has_departed(&self) -> bool {
        self.departed
    }

    /// Begins a schedule.
    pub fn begin(&mut self) {
        self.path.clear();
        self.cost = 0;
        self.decisions = 0;
        self.departed = false;
    }

    /// Decides. Returns the index of an option.
    pub fn choose(&mut self, options: &[Choice], random: &mut Random) -> usize {
        self.decisions += 1;
        let left = self.most - self.cost;
        let affordable = options.iter().filter(|option| option.cost <= left);
        if self.departed || affordable.clone().count() < 2 {
            return self.take(options, affordable_index(options, left));
        }
        let node = self.node(options, left);
        let edges = &self.nodes[node as usize];
        if !affordable
            .map(|option| option.code)
            .eq(edges.iter().map(|edge| edge.code))
        {
            self.departed = true;
            return self.take(options, affordable_index(options, left));
        }
        let edge = self.descend(node, options, random);
        let code = self.nodes[node as usize][edge].code;
        self.path.push((node, edge));
        let index = options.iter().position(|option| option.code == code);
        self.take(options, index.unwrap_or(0))
    }

    fn take(&mut self, options: &[Choice], index: usize) -> usize {
        self.cost += options[index].cost;
        index
    }

    /// The node of this decision.
    fn node(&mut self, options: &[Choice], left: u32) -> u32 {
        let known = match self.path.last() {
            None => self.root,
            Some((node, edge)) => self.nodes[*node as usize][*edge].child,
        };
        if known != NONE {
            return known;
        }
        let edges = options
            .iter()
            .filter(|option| option.cost <= left)
            .map(|option| Edge {
                code: option.code,
                open: self.cost + option.cost,
                child: NONE,
            })
            .collect();
        let node = match self.unused.pop() {
            Some(node) => {
                self.nodes[node as usize] = edges;
                node
            }
            None => {
                self.nodes.push(edges);
                self.nodes.len() as u32 - 1
            }
        };
        match self.path.last() {
            None => self.root = node,
            Some((parent, edge)) => self.nodes[*parent as usize][*edge].child = node,
        }
        node
    }

    /// Picks an edge of the present level at random. Preemptions spread over the length of a schedule, instead of
    /// falling on its first decisions.
    fn descend(&self, node: u32, options: &[Choice], random: &mut Random) -> usize {
        let edges = &self.nodes[node as usize];
        let is_free = |code: u16| {
            options
                .iter()
                .any(|option| option.code == code && option.cost == 0)
        };
        let open = |free: bool| {
            edges
                .iter()
                .enumerate()
                .filter(move |(_, edge)| edge.open <= self.level && is_free(edge.code) == free)
                .map(|(index, _)| index)
        };
        let (free, costly) = (open(true).count() as u64, open(false).count() as u64);
        let remaining = u64::from(self.longest.saturating_sub(self.decisions)) + 1;
        let budget = u64::from(self.level - self.cost.min(self.level)).max(1);
        let preempts = costly > 0 && (free == 0 || random.below(remaining + budget) < budget);
        let mut picked = if preempts {
            open(false).nth(random.below(costly) as usize)
        } else {
            open(true).nth(random.below(free.max(1)) as usize)
        };
        // Without an open edge the present level would be over.
        picked.take().unwrap_or(0)
    }

    /// Ends a schedule: it has run.
    pub fn end(&mut self) {
        self.longest = self.longest.max(self.decisions);
        let mut open = DONE;
        while let Some((node, edge)) = self.path.pop() {
            let edges = &mut self.nodes[node as usize];
            edges[edge].open = open;
            if open == DONE {
                edges[edge].child = NONE;
            }
            open = edges.iter().map(|edge| edge.open).min().unwrap_or(DONE);
            if open == DONE {
                *edges = Vec::new();
                self.unused.push(node);
            }
        }
        self.open = open;
        if self.is_exhausted() {
            self.root = NONE;
        } else {
            self.level = self.level.max(open);
        }
    }
}

/// The option with the least cost, the first of equal ones.
fn affordable_index(options: &[Choice], left: u32) -> usize {
    options
        .iter()
        .position(|option| option.cost <= left)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Runs two threads of `points` points each until the tree is exhausted. Returns the schedules and their costs.
    fn schedules(points: u32, most: u32) -> Vec<(Vec<u16>, u32)> {
        let mut tree = Tree::new(most);
        let mut random = Random::new(1);
        let mut all = Vec::new();
        while !tree.is_exhausted() {
            tree.begin();
            // The stretches between its points, of which each thread has one more.
            let (mut left, mut running, mut schedule, mut cost) =
                ([points + 1; 2], None, Vec::new(), 0);
            while left.iter().any(|left| *left > 0) {
                let options: Vec<_> = [0, 1]
                    .into_iter()
                    .filter(|thread| left[usize::from(*thread)] > 0)
                    .map(|code| Choice {
                        code,
                        cost: u32::from(running.is_some_and(|running| running != code)),
                        spins: false,
                    })
                    .collect();
                let option = options[if options.len() > 1 {
                    tree.choose(&options, &mut random)
                } else {
                    0
                }];
                cost += option.cost;
                schedule.push(option.code);
                let left = &mut left[usize::from(option.code)];
                *left -= 1;
                // When a thread has ended, any other may go on.
                running = (*left > 0).then_some(option.code);
            }
            tree.end();
            all.push((schedule, cost));
        }
        all
    }

    #[test]
    fn each_schedule_runs_once_level_by_level() {
        for (points, most, count) in [(4, 0, 2), (4, 1, 10), (6, 1, 14), (2, 2, 14)] {
            let all = schedules(points, most);
            assert_eq!(all.len(), count);
            assert!(all.is_sorted_by_key(|(_, cost)| (*cost).max(FIRST_LEVEL)));
            let distinct: HashSet<_> = all.into_iter().map(|(schedule, _)| schedule).collect();
            assert_eq!(distinct.len(), count);
        }
    }

    #[test]
    fn an_exhausted_tree_keeps_no_node() {
        let mut tree = Tree::new(0);
        let options = [0, 1].map(|code| Choice {
            code,
            cost: 0,
            spins: false,
        });
        let mut random = Random::new(1);
        for _ in 0..2 {
            tree.begin();
            tree.choose(&options, &mut random);
            tree.end();
        }
        assert!(tree.is_exhausted());
        assert_eq!(tree.unused.len(), tree.nodes.len());
    }
}

//! Who goes on next, and what that costs.

use super::super::strategy::{Choice, LIMIT, Pending, Situation};
use super::member::{Member, Status};
use super::state::State;
use crate::futex::Deadline;

/// How many time limits may pass in one schedule although a thread could go on.
const EARLY_LIMITS: u32 = 2;

impl State {
    /// The earliest time limit and its thread. Of equal ones that of the lower index.
    pub(super) fn earliest_limit(&self) -> Option<(Deadline, usize)> {
        let limit = |(index, member): (usize, &Member)| match member.status {
            Status::Blocked(Some(deadline)) => Some((deadline, index)),
            _ => None,
        };
        let threads = self.members[..self.threads].iter().enumerate();
        threads.filter_map(limit).min()
    }

    /// Lists who may go on, and what that costs.
    pub(super) fn list_options(&mut self, me: usize, at_point: bool) {
        self.options.clear();
        let mut calm = 0;
        let mut limit = false;
        for (index, member) in self.members[..self.threads].iter().enumerate() {
            match member.status {
                Status::Ready => {
                    let spins = member.reads.spins();
                    calm += usize::from(!spins);
                    self.options.push(Choice {
                        code: index as u16,
                        cost: 0,
                        spins,
                    });
                }
                Status::Blocked(Some(_)) => limit = true,
                _ => {}
            }
        }
        let i_go_on = at_point && me < self.threads && !self.members[me].reads.spins();
        // Where all spin, and no limit can pass, they go on in turn.
        let in_turn = (calm == 0 && !limit).then(|| self.next_ready(me));
        for option in &mut self.options {
            let index = usize::from(option.code);
            let is_usual = match in_turn {
                Some(next) => index == next,
                None if i_go_on => index == me,
                None => !option.spins,
            };
            option.cost = u32::from(!is_usual);
        }
        if limit && (calm == 0 || self.early_limits < EARLY_LIMITS) {
            self.options.push(Choice {
                code: LIMIT,
                cost: u32::from(calm > 0),
                spins: false,
            });
        }
    }

    /// The thread that can go on and comes next after `me`, which comes last.
    pub(super) fn next_ready(&self, me: usize) -> usize {
        let threads = self.threads;
        (1..=threads)
            .map(|distance| (me + distance) % threads)
            .find(|index| self.members[*index].status == Status::Ready)
            .unwrap_or(me)
    }

    /// Who is next in a long schedule.
    pub(super) fn in_turn(&mut self, me: usize) -> usize {
        let ready = |member: &&Member| member.status == Status::Ready;
        let all_spin = self.members[..self.threads]
            .iter()
            .filter(ready)
            .all(|member| member.reads.spins());
        if all_spin && self.earliest_limit().is_some() {
            return self.pass_limit(false);
        }
        self.next_ready(me.min(self.threads - 1))
    }

    /// Picks one of the options, and logs the choice where there is one.
    pub(super) fn choose(&mut self, me: usize) -> Choice {
        if self.options.len() == 1 {
            return self.options[0];
        }
        let limited = self.earliest_limit().map(|(_, index)| index);
        let members = &self.members;
        let pending = |index: usize| {
            members
                .get(index)
                .map_or_else(Pending::default, |member| member.pending)
        };
        let situation = Situation {
            me,
            my_points: members[me].points,
            step: self.steps.len() as u32,
            limited,
            pending: &pending,
        };
        let choice = self.options[self.planner.choose(&self.options, &situation)];
        self.choices.push(choice.code);
        self.cost += choice.cost;
        if choice.spins && choice.cost > 0 {
            // It is paid for until the thread spins again.
            self.members[usize::from(choice.code)].reads.forget();
        }
        self.hash = (self.hash.rotate_left(5) ^ u64::from(choice.code) ^ 0x5A)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        choice
    }

    /// The earliest limit passes: its thread goes on.
    pub(super) fn pass_limit(&mut self, early: bool) -> usize {
        let Some((deadline, index)) = self.earliest_limit() else {
            return self.threads;
        };
        self.early_limits += u32::from(early);
        self.clock = self.clock.max(deadline.as_nanoseconds());
        let member = &mut self.members[index];
        member.timed_out = true;
        member.status = Status::Ready;
        index
    }
}

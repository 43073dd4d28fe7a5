//! The lines of a hang report.

use super::settings::Settings;
use super::view::{Holder, Site, View, Wait};
use crate::node::names::{class_of, duration, label, list, thread as name_of};
use crate::queue::{Access, Key, Kind};
use crate::threads::ThreadId;
use std::fmt::{self, Display, Formatter, Write};

/// The most lines of a report below its title.
const MAX_LINES: usize = 19;

/// How many waits the line of a lock names.
const MAX_NAMED: usize = 6;

/// The lines of the report. None if there is nothing to report.
pub fn compose(view: &View, settings: &Settings) -> Option<Vec<String>> {
    let is_old = |since| view.age(since) >= settings.limit;
    let is_due = |site: &Site| (settings.all || site.is_held()) && is_old(site.waits[0].since);
    let all_blocked = view.all_blocked.filter(|(_, last)| is_old(*last));
    let due = (0..view.sites.len()).filter(|index| is_due(&view.sites[*index]));
    let mut report = Report {
        view,
        limit: settings.limit,
        lines: Vec::new(),
        sites: due.collect(),
        threads: Vec::new(),
    };
    if report.sites.is_empty() && all_blocked.is_none() {
        return None;
    }
    if let Some((threads, last)) = all_blocked {
        let who = match threads {
            1 => "The only thread that uses the package is".to_owned(),
            _ => format!("All {threads} threads that use the package are"),
        };
        let time = at_least(view.age(last));
        report.lines.push(format!(
            "{who} blocked in it without a time limit, for at least {time}. Threads without it are not seen."
        ));
    }
    report.follow_owners();
    report.cycles();
    report.others();
    let omitted = report.lines.len().saturating_sub(MAX_LINES);
    if omitted > 0 {
        report.lines.truncate(MAX_LINES - 1);
        report
            .lines
            .push(format!("... and {} more lines", omitted + 1));
    }
    Some(report.lines)
}

struct Report<'a> {
    view: &'a View,
    /// How long a wait lasts, in nanoseconds, before it is reported.
    limit: u64,
    lines: Vec<String>,
    /// The sites that have a line of their own, by their indices.
    sites: Vec<usize>,
    /// The threads that have a line of their own.
    threads: Vec<ThreadId>,
}

impl Report<'_> {
    /// Writes the lines of the sites. A site leads to those that hold it, and each of them to what it waits for itself.
    fn follow_owners(&mut self) {
        let mut next = 0;
        while let Some(index) = self.sites.get(next) {
            next += 1;
            let site = &self.view.sites[*index];
            self.lines.push(self.line_of(site));
            for thread in self.holders(site) {
                self.follow(thread);
            }
        }
    }

    fn follow(&mut self, thread: ThreadId) {
        if let Some((key, _)) = self.view.blocked.get(thread) {
            let leads_to = |site: &Site| site.named.key == *key;
            let index = self.view.sites.iter().position(leads_to);
            self.sites
                .extend(index.filter(|index| !self.sites.contains(index)));
        } else if !self.threads.contains(&thread) {
            self.threads.push(thread);
            self.lines.push(self.runs(thread));
        }
    }

    /// The threads that hold a lock, as far as they are known.
    fn holders(&self, site: &Site) -> Vec<ThreadId> {
        match site.holder {
            Holder::None => Vec::new(),
            Holder::Owner { thread, .. } => vec![thread],
            Holder::Readers(_) => self.readers(site.named.key),
        }
    }

    /// The blocked threads that read under a lock.
    fn readers(&self, key: Key) -> Vec<ThreadId> {
        let reads = self.view.blocked.iter();
        let mut readers: Vec<_> = reads
            .filter(|(_, (_, reads))| reads.contains(&key))
            .map(|(thread, _)| *thread)
            .collect();
        readers.sort_unstable();
        readers
    }

    fn line_of(&self, site: &Site) -> String {
        let mut line = label(&site.named).to_string();
        // Writing to a string does not fail.
        let _ = self.write_state(site, &mut line);
        line += ". Waiting: ";
        line += &self.waits(site);
        line += ".";
        line
    }

    /// Writes who holds a lock, and for how long as far as that is known. Nothing for what has no owner.
    fn write_state(&self, site: &Site, to: &mut String) -> fmt::Result {
        match site.holder {
            Holder::None => return Ok(()),
            Holder::Owner { thread, by_guard } => {
                let guard = if by_guard { "a guard of " } else { "" };
                let is = match site.named.key.kind() {
                    Kind::Once => "run",
                    _ => "owned",
                };
                write!(to, ": {is} by {guard}{}", name_of(thread))?;
            }
            Holder::Readers(reads) => {
                let readers = self.readers(site.named.key);
                let mut names: Vec<_> = readers
                    .iter()
                    .map(|thread| name_of(*thread).to_string())
                    .collect();
                if names.is_empty() {
                    names.push("threads that do not wait here".to_owned());
                } else if names.len() < reads as usize {
                    names.push("perhaps threads that do not wait here".to_owned());
                }
                let s = if reads == 1 { "" } else { "s" };
                write!(to, ": read by {} ({reads} read{s})", list(&names))?;
            }
        }
        let unchanged = site.unchanged.map_or(0, |(since, _)| self.view.age(since));
        // Of a lock that changes hands, the time of the last owner alone would mislead.
        if unchanged >= self.limit || !site.is_released && unchanged > 0 {
            return write!(to, " for at least {}", at_least(unchanged));
        }
        let (same, all) = site.looks;
        write!(to, " at {same} of {all} looks")?;
        match site.released {
            0 => Ok(()),
            1 => to.write_str(", released at least once meanwhile"),
            times => write!(to, ", released at least {} times meanwhile", Grouped(times)),
        }
    }

    /// Who waits at a site, and how long: each thread, and the promises of each thread together.
    fn waits(&self, site: &Site) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut promises: Vec<(ThreadId, usize, &Wait)> = Vec::new();
        for wait in &site.waits {
            if !wait.is_promise {
                let thread = name_of(wait.thread);
                parts.push(format!("{thread} ({})", self.how(wait)));
            } else if let Some(of_thread) = promises
                .iter_mut()
                .find(|(thread, ..)| *thread == wait.thread)
            {
                of_thread.1 += 1;
            } else {
                promises.push((wait.thread, 1, wait));
            }
        }
        for (thread, count, oldest) in promises {
            let (thread, how) = (name_of(thread), self.how(oldest));
            parts.push(match count {
                1 => format!("a promise of {thread} ({how})"),
                _ => format!(
                    "{} promises of {thread} (the oldest {how})",
                    Grouped(count as u64)
                ),
            });
        }
        let more = parts.len().saturating_sub(MAX_NAMED);
        if more > 0 {
            parts.truncate(MAX_NAMED);
            parts.push(format!("{more} more"));
        }
        list(&parts)
    }

    fn how(&self, wait: &Wait) -> Asking {
        Asking {
            access: wait.access,
            time: self.view.age(wait.since),
        }
    }

    /// What a thread does that holds something and does not wait.
    fn runs(&self, thread: ThreadId) -> String {
        let name = name_of(thread);
        if !self.view.living.contains(&thread) {
            return format!("{name} has ended");
        }
        let Some((used, within)) = self.view.cpu_used(thread) else {
            return format!("{name} is not waiting here");
        };
        let (cpu, time) = (duration(used.min(within)), duration(within));
        let guess = match used.saturating_mul(100) / within.max(1) {
            0..=1 => ": it sleeps elsewhere",
            80.. => ": it computes",
            _ => "",
        };
        format!("{name} is not waiting here; used {cpu} of the last {time} of CPU{guess}")
    }

    /// Cycles that no error tells, since a promise or a guard is part of them.
    fn cycles(&mut self) {
        let mut reported: Vec<ThreadId> = Vec::new();
        let edges = self.edges();
        for start in edges.iter().map(|edge| edge.from) {
            if reported.contains(&start) {
                continue;
            }
            let Some(cycle) = cycle_from(&edges, start) else {
                continue;
            };
            reported.extend(cycle.iter().map(|edge| edge.from));
            if cycle.iter().any(|edge| edge.is_lenient) {
                self.lines.push(self.cycle(&edges, &cycle));
            }
        }
    }

    fn cycle(&self, edges: &[Edge], cycle: &[&Edge]) -> String {
        let [edge] = cycle else {
            let names: Vec<_> = cycle
                .iter()
                .map(|edge| name_of(edge.from).to_string())
                .collect();
            return format!(
                "{} wait for each other in a cycle, through promises or guards, unless other tasks of theirs go on",
                list(&names)
            );
        };
        let thread = name_of(edge.from);
        let own = |other: &&Edge| other.from == edge.from && other.to == edge.from;
        match edges.iter().filter(own).count() {
            1 => format!(
                "a promise of {thread} waits for what a guard of {thread} owns: a task that waits for itself, unless \
                 another task of this thread holds the guard"
            ),
            locks => format!(
                "promises of {thread} wait for {locks} locks that guards of {thread} own: a cycle of {} tasks in {thread}, \
                 unless one of the tasks goes on",
                match locks {
                    2 => "two".to_owned(),
                    _ => locks.to_string(),
                }
            ),
        }
    }

    /// Which thread waits for which, by itself or by promises. One edge for each site and each pair of threads.
    fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = Vec::new();
        for (index, site) in self.view.sites.iter().enumerate() {
            let by_guard = matches!(site.holder, Holder::Owner { by_guard: true, .. });
            for to in self.holders(site) {
                for wait in &site.waits {
                    let edge = Edge {
                        site: index,
                        from: wait.thread,
                        to,
                        is_lenient: wait.is_promise || by_guard,
                    };
                    if !edges.contains(&edge) {
                        edges.push(edge);
                    }
                }
            }
        }
        edges
    }

    /// Writes one line for each site without a line of its own.
    fn others(&mut self) {
        for (index, site) in self.view.sites.iter().enumerate() {
            if self.sites.contains(&index) {
                continue;
            }
            let threads = site.waits.iter().filter(|wait| !wait.is_promise).count();
            let promises = site.waits.len() - threads;
            let parts = [(threads, "thread"), (promises, "promise")].map(|(count, what)| {
                let s = if count == 1 { "" } else { "s" };
                (count > 0).then(|| format!("{} {what}{s}", Grouped(count as u64)))
            });
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            let verb = if site.waits.len() == 1 {
                "waits"
            } else {
                "wait"
            };
            let name = match &site.named.label.name {
                Some(name) if site.named.key.kind() != Kind::Select => {
                    format!("\"{name}\" ({})", class_of(site.named.key.kind()))
                }
                _ => format!("the {}", label(&site.named)),
            };
            let oldest = duration(self.view.age(site.waits[0].since));
            let age = match site.waits.len() {
                1 => format!("for {oldest}"),
                _ => format!("the oldest for {oldest}"),
            };
            self.lines
                .push(format!("{} {verb} for {name}, {age}", list(&parts)));
        }
    }
}

/// A thread that waits for another one.
#[derive(PartialEq, Eq)]
struct Edge {
    site: usize,
    from: ThreadId,
    to: ThreadId,
    /// Whether a promise waits, or a guard owns: then other tasks of the thread may go on.
    is_lenient: bool,
}

/// A cycle that begins at `start`, by depth.
fn cycle_from(edges: &[Edge], start: ThreadId) -> Option<Vec<&Edge>> {
    let mut visited = vec![start];
    let mut path: Vec<&Edge> = Vec::new();
    loop {
        let current = path.last().map_or(start, |edge| edge.to);
        let from = || edges.iter().filter(|edge| edge.from == current);
        if let Some(last) = from().find(|edge| edge.to == start) {
            path.push(last);
            return Some(path);
        }
        match from().find(|edge| !visited.contains(&edge.to)) {
            Some(edge) => {
                visited.push(edge.to);
                path.push(edge);
            }
            None => {
                path.pop()?;
            }
        }
    }
}

/// A time that has passed at least.
fn at_least(nanoseconds: u64) -> impl Display {
    /// `duration` rounds from here on, to tenths of a second.
    const SECOND: u64 = 1_000_000_000;
    duration(match nanoseconds {
        SECOND.. => nanoseconds.saturating_sub(50_000_000).max(SECOND),
        _ => nanoseconds,
    })
}

/// How a wait asks, and for how long.
struct Asking {
    access: Access,
    /// In nanoseconds.
    time: u64,
}

impl Display for Asking {
    fn fmt(&self, to: &mut Formatter) -> fmt::Result {
        to.write_str(match self.access {
            Access::Own => "for ",
            Access::Read => "to read, for ",
            Access::Write => "to write, for ",
        })?;
        duration(self.time).fmt(to)
    }
}

/// A number with commas between its thousands.
struct Grouped(u64);

impl Display for Grouped {
    fn fmt(&self, to: &mut Formatter) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                to.write_char(',')?;
            }
            to.write_char(digit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_written_by_hand() {
        assert_eq!(
            [7, 1_204, 1_000_000].map(|number| Grouped(number).to_string()),
            ["7", "1,204", "1,000,000"]
        );
    }

    #[test]
    fn at_least_never_says_more_than_has_passed() {
        assert_eq!(at_least(9_790_000_000).to_string(), "9.7 s");
        assert_eq!(at_least(1_010_000_000).to_string(), "1.0 s");
        assert_eq!(at_least(999_900_000).to_string(), "999 ms");
    }
}

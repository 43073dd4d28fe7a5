//! Whether a thread spins: it reads the same values again and again, and waits for another thread to change them.
//!
//! Such a thread is not forbidden to go on, which would hide faults. It costs a preemption to let it (Musuvathi and
//! Qadeer, "Fair Stateless Model Checking", PLDI 2008).

/// The most cells that the loop of a spinning thread reads.
const MOST_CELLS: usize = 8;
/// How often a thread reads the same value of a cell, with reads of other cells in between, until it spins.
const AMONG_OTHERS: u32 = 3;
/// The same, with no read in between.
const IN_A_ROW: u32 = 2;

/// A cell and the value that was read last.
struct Read {
    cell: usize,
    value: u64,
    count: u32,
    in_a_row: u32,
}

/// What a thread has read since it last wrote, or since another thread wrote one of these cells.
#[derive(Default)]
pub struct Reads {
    reads: Vec<Read>,
    /// The cell that was read last.
    last: usize,
    spins: bool,
}

impl Reads {
    /// Whether the thread spins.
    pub fn spins(&self) -> bool {
        self.spins
    }

    /// The thread has read a cell.
    pub fn read(&mut self, cell: usize, value: u64) {
        let in_a_row = self.last == cell;
        self.last = cell;
        match self.reads.iter_mut().find(|read| read.cell == cell) {
            Some(read) if read.value == value => {
                read.count += 1;
                read.in_a_row = if in_a_row { read.in_a_row + 1 } else { 1 };
                self.spins |= read.in_a_row >= IN_A_ROW || read.count >= AMONG_OTHERS;
            }
            known => {
                // A cell that has changed: the thread goes on.
                if known.is_some() || self.reads.len() == MOST_CELLS {
                    self.forget();
                    self.last = cell;
                }
                self.reads.push(Read {
                    cell,
                    value,
                    count: 1,
                    in_a_row: 1,
                });
            }
        }
    }

    /// Another thread has written a cell.
    pub fn written(&mut self, cell: usize) {
        if self.reads.iter().any(|read| read.cell == cell) {
            self.forget();
        }
    }

    /// The thread itself has written, or another one has ended.
    pub fn forget(&mut self) {
        self.reads.clear();
        self.last = 0;
        self.spins = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_spins_after_two_equal_reads_until_the_cell_is_written() {
        let mut reads = Reads::default();
        reads.read(8, 0);
        assert!(!reads.spins());
        reads.read(8, 0);
        assert!(reads.spins());
        reads.written(16);
        assert!(reads.spins());
        reads.written(8);
        assert!(!reads.spins());
    }

    #[test]
    fn a_loop_over_two_cells_spins_after_three_rounds() {
        let mut reads = Reads::default();
        for round in 1..=3 {
            reads.read(8, 0);
            reads.read(16, 1);
            assert_eq!(reads.spins(), round == 3);
        }
    }

    #[test]
    fn a_thread_that_reads_another_value_does_not_spin() {
        let mut reads = Reads::default();
        reads.read(8, 0);
        reads.read(8, 0);
        reads.read(8, 1);
        assert!(!reads.spins());
    }
}

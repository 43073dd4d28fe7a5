//! The hash of ids and addresses. No user chooses these, so the hash need not resist an attack, as std's does, and takes
//! a fraction of its time and code.

use std::hash::{BuildHasherDefault, Hasher};

/// A table by ids or addresses.
pub type HashMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Multiplies, as in Knuth, TAOCP 6.4.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        // The upper bits of the product are well mixed. The table uses the lowest and the highest.
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn neighbouring_addresses_and_ids_spread_over_a_table() {
        for step in [1_u64, 4, 64, 4096] {
            let hashes =
                (0..1024).map(|i| BuildHasherDefault::<IdHasher>::default().hash_one(i * step));
            let places: HashSet<_> = hashes.map(|hash| hash % 1024).collect();
            // Random numbers would take 647.
            assert!(places.len() > 512, "{} at a step of {step}", places.len());
        }
    }
}

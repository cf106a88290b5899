//! Chance from a seed: the same numbers on every machine and in every version, so that a morning repeats to the byte.

/// SplitMix64 (Steele, Lea and Flood, 2014): small, quick, and good enough for crowds.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// A stream of its own for each part of a morning, so that one more person somewhere changes nobody else's luck.
    pub fn new(seed: u64, stream: u64) -> Chance {
        let mut chance = Chance(seed ^ stream.wrapping_mul(0xD134_2543_DE82_EF95));
        let mixed = chance.bits();
        Chance(mixed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn happens(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Less than `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Mean 0, deviation 1: the sum of twelve. Its tails end at 6, and it needs no logarithm, which differs between machines.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Waiting times that do not age, with this mean. From a table of no more than powers and sums, for the same reason.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        // Von Neumann's comparisons: whole parts by repeated trials, the rest by runs of falling numbers.
        let mut whole = 0.0;
        loop {
            let first = self.unit();
            let (mut last, mut run) = (first, 1);
            loop {
                let next = self.unit();
                if next >= last {
                    break;
                }
                last = next;
                run += 1;
            }
            if run % 2 == 1 {
                return mean * (whole + first);
            }
            whole += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_has_the_shapes_it_says() {
        let mut chance = Chance::new(1, 2);
        let mean = |draw: &mut dyn FnMut() -> f64| (0..40_000).map(|_| draw()).sum::<f64>() / 40_000.0;
        assert!((mean(&mut || chance.exponential(5.0)) - 5.0).abs() < 0.15);
        assert!(mean(&mut || chance.normal()).abs() < 0.02);
        assert!((mean(&mut || chance.normal().powi(2)) - 1.0).abs() < 0.03);
        assert!((mean(&mut || chance.below(10) as f64) - 4.5).abs() < 0.06);
        assert_ne!(Chance::new(1, 2).bits(), Chance::new(2, 1).bits());
    }
}

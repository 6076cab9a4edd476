//! Which sequence numbers of a session are fresh (section 6.12.13).

/// How far behind the highest number seen a packet may come.
const BEHIND: u32 = 16;
/// How far ahead of it.
const AHEAD: u32 = 15;

/// A sliding window over one direction's sequence numbers. Each number passes once; a number more
/// than 16 behind or 15 ahead of the highest that passed doesn't. Numbers don't wrap: a session
/// ends before it has sent four billion packets.
#[derive(Debug, Clone, Default)]
pub struct Window {
    highest: u32,
    /// Bit `n`: the number `n + 1` below the highest passed.
    passed: u16,
}

impl Window {
    /// Whether a number is fresh. Nothing changes: what carries it may yet be a forgery.
    #[must_use]
    pub fn is_fresh(&self, sequence: u32) -> bool {
        match self.highest.checked_sub(sequence) {
            // 0 stands outside of sessions.
            _ if sequence == 0 => false,
            Some(0) => false,
            Some(behind @ 1..=BEHIND) => self.passed & (1 << (behind - 1)) == 0,
            Some(_) => false,
            None => sequence - self.highest <= AHEAD,
        }
    }

    /// Lets a number pass; `false` when it isn't fresh.
    pub fn pass(&mut self, sequence: u32) -> bool {
        if !self.is_fresh(sequence) {
            return false;
        }
        match self.highest.checked_sub(sequence) {
            Some(behind) => self.passed |= 1 << (behind - 1),
            None => {
                let ahead = sequence - self.highest;
                // The bits move on, and the highest so far becomes one of them.
                self.passed = (u32::from(self.passed) << ahead | 1 << (ahead - 1)) as u16;
                self.highest = sequence;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_number_passes_once_in_any_order() {
        let mut window = Window::default();
        assert!(
            [3, 1, 2, 4]
                .map(|n| window.pass(n))
                .iter()
                .all(|passed| *passed)
        );
        assert!(
            [1, 2, 3, 4]
                .map(|n| window.pass(n))
                .iter()
                .all(|passed| !*passed)
        );
    }

    #[test]
    fn sixteen_behind_and_fifteen_ahead_are_the_edges() {
        let at = |highest| Window { highest, passed: 0 };
        assert!(at(100).is_fresh(84) && !at(100).is_fresh(83));
        assert!(at(100).is_fresh(115) && !at(100).is_fresh(116));
        assert!(!at(0).is_fresh(0));
    }

    #[test]
    fn numbers_do_not_wrap() {
        let window = Window {
            highest: u32::MAX,
            passed: 0,
        };
        assert!([0, 1, 14].iter().all(|n| !window.is_fresh(*n)));
        assert!(window.is_fresh(u32::MAX - 1));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_set_of_all_numbers_that_passed(
            start in prop_oneof![0..40_u32, (u32::MAX - 60)..(u32::MAX - 20)],
            steps in proptest::collection::vec(-20..20_i64, 0..200),
        ) {
            let mut window = Window { highest: start, passed: u16::MAX };
            let (mut highest, mut seen) = (start, BTreeSet::new());
            for step in steps {
                let Ok(n) = u32::try_from(i64::from(highest) + step) else { continue };
                let known = n <= start || seen.contains(&n);
                let inside = i64::from(n) >= i64::from(highest) - 16 && step <= 15;
                prop_assert_eq!(window.pass(n), !known && inside);
                if !known && inside {
                    seen.insert(n);
                    highest = highest.max(n);
                }
            }
        }
    }
}

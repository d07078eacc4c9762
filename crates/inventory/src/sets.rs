//! Disjoint sets of stations: who is one device with whom.

use std::collections::{BTreeMap, BTreeSet};

/// Each set is named by its smallest member, so the result does not depend on the order of joining.
#[derive(Clone, Debug)]
pub(crate) struct Sets {
    parents: Vec<usize>,
}

impl Sets {
    /// `count` sets of one member each.
    pub(crate) fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    /// The smallest member of the set that `member` is in.
    pub(crate) fn find(&self, member: usize) -> usize {
        let mut at = member;
        while let Some(&parent) = self.parents.get(at) {
            if parent == at {
                break;
            }
            at = parent;
        }
        at
    }

    /// Makes one set of two. True if they were two.
    pub(crate) fn join(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.find(left), self.find(right));
        let (low, high) = (left.min(right), left.max(right));
        if let Some(parent) = self.parents.get_mut(high) {
            *parent = low;
        }
        low != high
    }

    /// Makes sets of one member each of these; what was with them stays together.
    pub(crate) fn take_out(&mut self, members: &BTreeSet<usize>) {
        let mut names: BTreeMap<usize, usize> = BTreeMap::new();
        let before = self.clone();
        for member in 0..self.parents.len() {
            let name = if members.contains(&member) {
                member
            } else {
                // The first of those that stay names them.
                *names.entry(before.find(member)).or_insert(member)
            };
            if let Some(parent) = self.parents.get_mut(member) {
                *parent = name;
            }
        }
    }

    /// Points every member straight at its set's name: long chains cost only once.
    pub(crate) fn flatten(&mut self) {
        // A parent is never larger than its child, so by the time a member comes, its parent is flat.
        for member in 0..self.parents.len() {
            let name = self.parents.get(member).and_then(|parent| self.parents.get(*parent)).copied();
            if let (Some(name), Some(parent)) = (name, self.parents.get_mut(member)) {
                *parent = name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_alone_and_the_rest_stays_together() {
        let mut sets = Sets::new(6);
        for (left, right) in [(0, 1), (1, 2), (2, 3), (4, 5)] {
            sets.join(left, right);
        }
        sets.take_out(&BTreeSet::from([0, 2]));
        assert_eq!((0..6).map(|member| sets.find(member)).collect::<Vec<_>>(), [0, 1, 2, 1, 4, 4]);
    }

    #[test]
    fn a_set_is_named_by_its_smallest_member_however_it_grew() {
        for joins in [[(3, 4), (4, 1), (0, 2)], [(1, 3), (0, 2), (3, 4)], [(4, 1), (3, 1), (2, 0)]] {
            let mut sets = Sets::new(5);
            for (left, right) in joins {
                assert!(sets.join(left, right));
            }
            assert!(!sets.join(1, 4));
            sets.flatten();
            assert_eq!((0..5).map(|member| sets.find(member)).collect::<Vec<_>>(), [0, 1, 0, 1, 1]);
        }
    }
}

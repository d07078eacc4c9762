//! Requests that wait for their answers: one bounded table for all protocols whose answers do not say what was asked.

use crate::Output;

/// At most `N` requests of one conversation, oldest first, by what an answer repeats of its request. The oldest gives
/// way, and is counted as dropped. Takes no room before the first request.
#[derive(Clone, Debug)]
pub(crate) struct Pending<K, V, const N: usize> {
    waiting: Vec<(K, V)>,
}

impl<K, V, const N: usize> Default for Pending<K, V, N> {
    fn default() -> Self {
        Self { waiting: Vec::new() }
    }
}

impl<K: PartialEq, V, const N: usize> Pending<K, V, N> {
    /// A request waits, besides others with the same key if there are any.
    pub(crate) fn ask(&mut self, key: K, asked: V, output: &mut Output<'_>) {
        if self.waiting.len() >= N && !self.waiting.is_empty() {
            self.waiting.remove(0);
            output.dropped = output.dropped.saturating_add(1);
        }
        self.waiting.push((key, asked));
    }

    /// A request waits, in the place of one with the same key: who repeats itself, unanswered, waits but once.
    pub(crate) fn ask_again(&mut self, key: K, asked: V, output: &mut Output<'_>) {
        match self.waiting.iter_mut().find(|(waiting, _)| *waiting == key) {
            Some((_, before)) => *before = asked,
            None => self.ask(key, asked, output),
        }
    }

    /// What was asked with this key, the oldest of several; it waits no longer.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        let at = self.waiting.iter().position(|(waiting, _)| waiting == key)?;
        Some(self.waiting.remove(at).1)
    }

    /// True if a request with this key waits.
    pub(crate) fn holds(&self, key: &K) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting == key)
    }

    /// Forgets all, because messages were lost.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_take_the_oldest_and_the_oldest_gives_way() {
        let (mut pending, mut output) = (Pending::<u8, char, 2>::default(), Output::default());
        pending.ask(7, 'a', &mut output);
        pending.ask(7, 'b', &mut output);
        assert_eq!((pending.take(&7), pending.holds(&7)), (Some('a'), true));
        pending.ask(8, 'c', &mut output);
        assert_eq!(output.dropped, 0);
        pending.ask(9, 'd', &mut output);
        assert_eq!((output.dropped, pending.take(&7)), (1, None));
        pending.ask_again(9, 'e', &mut output);
        assert_eq!((output.dropped, pending.take(&9), pending.take(&9)), (1, Some('e'), None));
        pending.clear();
        assert!(!pending.holds(&8));
    }
}

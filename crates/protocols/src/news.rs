//! What was said already in one conversation, so that cyclic messages say it once a day and not each time.

use observation::Day;

/// Keys that one conversation remembers; those beyond are news each time.
const KEYS_MAX: usize = 64;

/// Keys that were said, each with the day. What is told of a day is a matter of that day: on the next, it is news.
#[derive(Debug)]
pub(crate) struct News<K>(Vec<(Day, K)>);

impl<K> Default for News<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + PartialEq> News<K> {
    /// True the first time on a day.
    pub(crate) fn is_news(&mut self, day: Day, key: K) -> bool {
        if let Some((known, _)) = self.0.iter_mut().find(|(_, other)| *other == key) {
            return std::mem::replace(known, day) != day;
        }
        if self.0.len() < KEYS_MAX {
            self.0.push((day, key));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_news_once_a_day() {
        let mut news = News::default();
        assert!(news.is_news(Day(1), 7) && !news.is_news(Day(1), 7));
        assert!(news.is_news(Day(2), 7) && !news.is_news(Day(2), 7));
    }

    #[test]
    fn beyond_the_bound_everything_is_news() {
        let mut news = News::default();
        for key in 0..KEYS_MAX {
            news.is_news(Day(1), key);
        }
        assert!(news.is_news(Day(1), KEYS_MAX) && news.is_news(Day(1), KEYS_MAX));
        assert!(!news.is_news(Day(1), 0));
    }
}

//! Model numbers with wildcards, as CSAF 2.0 section 3.1.3.3.4 has them: `*` any characters, `?` one; a backslash takes
//! either for itself. Here also `[ab]` in our own tables.

/// True if the text is of the pattern. Takes time of pattern times text at most.
pub(crate) fn is_like(pattern: &str, text: &str) -> bool {
    let tokens = tokens(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut of) = (0_usize, 0_usize);
    // Where to go on if the text after the last star turns out to be another.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        let one = text.get(at).copied().unwrap_or_default();
        match tokens.get(of) {
            Some(Token::Any) => {
                star = Some((of, at));
                of = of.saturating_add(1);
            }
            Some(token) if token.is(one) => {
                at = at.saturating_add(1);
                of = of.saturating_add(1);
            }
            _ => match star {
                Some((star_of, star_at)) => {
                    let next = star_at.saturating_add(1);
                    star = Some((star_of, next));
                    (of, at) = (star_of.saturating_add(1), next);
                }
                None => return false,
            },
        }
    }
    tokens.iter().skip(of).all(|token| matches!(token, Token::Any))
}

enum Token {
    Any,
    One,
    Is(char),
    Among(Vec<char>),
}

impl Token {
    fn is(&self, one: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Is(only) => *only == one,
            Self::Among(some) => some.contains(&one),
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern.chars();
    while let Some(one) = rest.next() {
        tokens.push(match one {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Is(rest.next().unwrap_or('\\')),
            '[' if rest.as_str().contains(']') => {
                Token::Among(rest.by_ref().take_while(|one| *one != ']').collect())
            }
            _ => Token::Is(one),
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_what_csaf_says() {
        for (pattern, text) in [
            ("6ES7*", "6ES7315"),
            ("*", ""),
            ("P?A*B", "PxAyyB"),
            ("a\\*b", "a*b"),
            ("**", "x"),
            ("6ES7214-1?[EG][34]*", "6ES7214-1AG40"),
            ("*-0AB0", "6ES7315-2EH14-0AB0"),
        ] {
            assert!(is_like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("6ES7?", "6ES7"), ("a\\*b", "axb"), ("", "x"), ("abc", "ab"), ("ab", "abc")]
        {
            assert!(!is_like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_stars_takes_no_time() {
        let (pattern, text) = ("*a".repeat(1_000), "a".repeat(2_000) + "b");
        assert!(!is_like(&pattern, &text));
    }
}

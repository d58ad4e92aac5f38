//! The words for what has a price, and how each is counted.

use crate::Unit;

/// Those that may or must be followed by a type of the cloud's, `machine/t3.micro`, come with what may follow.
const WORDS: [(&str, Unit, Tail); 8] = [
    ("machine", Unit::Hour, Tail::Always),
    ("address", Unit::Hour, Tail::Never),
    ("balancer", Unit::Hour, Tail::Never),
    ("balancer-capacity", Unit::Hour, Tail::Never),
    ("cpu", Unit::Hour, Tail::Never),
    ("memory", Unit::Hour, Tail::Never),
    ("disk", Unit::GibMonth, Tail::Perhaps),
    ("snapshot", Unit::GibMonth, Tail::Never),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    Never,
    Perhaps,
    Always,
}

/// How an item is counted, or why it is none.
pub(crate) fn unit_of(item: &str) -> Result<Unit, String> {
    let (word, tail) = item.split_once('/').map_or((item, None), |(word, tail)| (word, Some(tail)));
    let Some((word, unit, takes)) = WORDS.iter().find(|known| known.0 == word) else {
        let words: Vec<&str> = WORDS.iter().map(|known| known.0).collect();
        return Err(format!("no item has this name; write one of {}", words.join(", ")));
    };
    match (tail, takes) {
        (None, Tail::Always) => Err(format!("a type is missing; write \"{word}/t3.micro\", in quotes")),
        (Some(_), Tail::Never) => Err(format!("there is one kind of it; write {word}")),
        (Some(tail), _) if !is_plain(tail) => Err("a type is small letters, digits, points and hyphens, like t3.micro".into()),
        _ => Ok(*unit),
    }
}

/// A short word of a cloud's: `t3.micro`, `ap-northeast-1`.
pub(crate) fn is_plain(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-')
}

//! Just enough Rust to tell code from words, and to read `use` lines.

/// The code of a file: comments and the insides of texts are blanks, line breaks stay.
pub(crate) fn code_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_words(&chars, at);
        if end > at {
            let blank = |c: &char| if *c == '\n' { '\n' } else { ' ' };
            out.extend(chars[at..end].iter().map(blank));
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment, text or character that begins here ends; `at` when none begins here.
fn end_of_words(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let until = |from: usize, pattern: &[char]| {
        let found = rest[from..]
            .windows(pattern.len())
            .position(|w| w == pattern);
        at + found.map_or(rest.len(), |place| from + place + pattern.len())
    };
    match rest {
        ['/', '/', ..] => until(0, &['\n']) - usize::from(rest.contains(&'\n')),
        ['/', '*', ..] => until(2, &['*', '/']),
        ['r', '"' | '#', ..] if at == 0 || !is_word(chars[at - 1]) => {
            let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
            if rest.get(1 + hashes) != Some(&'"') {
                return at;
            }
            let mut close = vec!['"'];
            close.extend(vec!['#'; hashes]);
            until(2 + hashes, &close)
        }
        ['"', ..] => {
            let mut end = at + 1;
            while end < chars.len() && chars[end] != '"' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            (end + 1).min(chars.len())
        }
        ['\'', '\\', _, ..] => until(3, &['\'']),
        ['\'', _, '\'', ..] => at + 3,
        _ => at,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether code has a word.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    code.split(|c| !is_word(c)).any(|found| found == word)
}

/// Every path that code names, whole: `use` trees are spread out, and paths in expressions stand
/// as they are.
pub(crate) fn paths_of(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let compact: String = code
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" ::", "::")
        .replace(":: ", "::");
    for statement in compact.split(';') {
        if let Some((_, tree)) = statement.rsplit_once("use ").filter(|(before, _)| {
            before.is_empty() || before.ends_with(' ') || before.ends_with(['{', '}', ']', ')'])
        }) {
            spread("", tree, &mut paths);
        }
    }
    let words = compact.split(|c| !is_word(c) && c != ':');
    paths.extend(words.filter(|word| word.contains("::")).map(str::to_owned));
    paths
}

/// Spreads a `use` tree out behind a prefix.
fn spread(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        if !path.is_empty() {
            paths.push(format!("{prefix}{path}"));
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inside = group.rsplit_once('}').map_or(group, |(inside, _)| inside);
    let (mut depth, mut from) = (0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                spread(&prefix, &inside[from..at], paths);
                from = at + 1;
            }
            _ => {}
        }
    }
    spread(&prefix, &inside[from..], paths);
}

#[test]
fn words_are_no_code() {
    let source =
        "let a = \"unsafe \\\" unsafe\"; // unsafe\n/* unsafe */ let b = r#\"unsafe\"#; '\"' 'a";
    let code = code_of(source);
    assert!(!has_word(&code, "unsafe"), "{code}");
    assert!(has_word(&code, "b") && has_word(&code, "a"), "{code}");
    assert_eq!(code.lines().count(), source.lines().count());
}

#[test]
fn use_trees_are_spread_out() {
    let code = "pub use a::{b::{c, d as e}, f};\nfn x() { crate::drivers::sim::open() }";
    let paths = paths_of(code);
    for expected in ["a::b::c", "a::b::d", "a::f", "crate::drivers::sim::open"] {
        assert!(
            paths.contains(&expected.to_owned()),
            "{expected} in {paths:?}"
        );
    }
}

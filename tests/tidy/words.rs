//! Every code of the wire has words in both languages.

use std::collections::BTreeSet;

use preau_protocol::{Close, ProblemCode, Refusal};

use crate::sources::read;

const LANGUAGES: [&str; 2] = ["client-web/src/text/fr.ts", "client-web/src/text/en.ts"];

const PROBLEMS: [ProblemCode; 11] = [
    ProblemCode::Malformed,
    ProblemCode::TokenInUrl,
    ProblemCode::NotAuthenticated,
    ProblemCode::NotAllowed,
    ProblemCode::NotFound,
    ProblemCode::BadOrigin,
    ProblemCode::TooLarge,
    ProblemCode::TooMany,
    ProblemCode::Limit,
    ProblemCode::Unavailable,
    ProblemCode::Internal,
];

#[test]
fn every_refusal_has_words() {
    expect_a_table_for(Refusal::ALL.iter().map(word_of));
}

/// Closes after which nobody is told anything: the page comes back by itself, or knows already why it is over.
const NEEDS_NO_WORDS: [Close; 5] = [Close::Done, Close::Draining, Close::Slow, Close::HelloTooLate, Close::TooFast];

#[test]
fn every_close_code_has_words() {
    expect_a_table_for(Close::ALL.iter().filter(|close| !NEEDS_NO_WORDS.contains(close)).map(word_of));
}

#[test]
fn every_problem_has_words() {
    expect_a_table_for(PROBLEMS.iter().map(word_of));
}

#[test]
fn both_languages_have_the_same_words() {
    let [french, english] = LANGUAGES.map(|path| {
        // Students are addressed as "tu" or "vous" in French only: there, one table is made from two.
        let keys: BTreeSet<String> = tables(&read(path)).into_iter().flatten().collect();
        keys
    });
    let only_english: Vec<&String> = english.difference(&french).collect();
    assert!(only_english.is_empty(), "not in French: {only_english:?}");
}

fn word_of(code: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(code).expect("a code is JSON");
    word.as_str().expect("a code is a word").to_owned()
}

/// Asserts that in each language one table has a sentence for each of these.
fn expect_a_table_for(codes: impl Iterator<Item = String>) {
    let codes: BTreeSet<String> = codes.collect();
    for path in LANGUAGES {
        let text = read(path);
        let best = tables(&text).into_iter().max_by_key(|table| codes.intersection(table).count()).unwrap_or_default();
        let missing: Vec<&String> = codes.difference(&best).collect();
        assert!(missing.is_empty(), "{path} has no table with words for {missing:?}");
    }
}

/// Where a reader of TypeScript is: in an object, in the code of a template (`${…}`), or in a text.
enum Inside {
    Object(BTreeSet<String>),
    Code,
    Text(char),
}

/// The keys of every object literal of a TypeScript file, each literal a set.
fn tables(text: &str) -> Vec<BTreeSet<String>> {
    let (mut inside, mut done) = (vec![Inside::Object(BTreeSet::new())], Vec::new());
    let (mut word, mut before) = (String::new(), ' ');
    // Comments have apostrophes that open nothing.
    let is_comment = |line: &str| ["//", "/*", "*"].iter().any(|mark| line.trim_start().starts_with(mark));
    let code = text.lines().filter(|line| !is_comment(line));
    for c in code.flat_map(|line| line.chars().chain(['\n'])) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match (inside.last_mut(), c) {
            (Some(Inside::Text('`')), '{') if before == '$' => inside.push(Inside::Code),
            (Some(Inside::Text(mark)), c) => {
                if c == *mark && before != '\\' {
                    inside.pop();
                }
            }
            (_, '\'' | '"' | '`') => inside.push(Inside::Text(c)),
            (_, '{') => inside.push(Inside::Object(BTreeSet::new())),
            (_, '}') => {
                if let Some(Inside::Object(table)) = inside.pop() {
                    done.push(table);
                }
            }
            (Some(Inside::Object(table)), ':') => drop(table.insert(word.clone())),
            (_, c) if is_word(c) => {
                if !is_word(before) {
                    word.clear();
                }
                word.push(c);
            }
            _ => {}
        }
        before = c;
    }
    done
}

#[test]
fn tables_are_found() {
    let text = "const a = {\n  one: 'x: {y',\n  // no: it's a comment\n  /** nor: it's `this */\n  two: { three: (n) => `${n > 1 ? `it's {${n}` : 'a: {b'} z` },\n};";
    let expected = [vec!["three"], vec!["one", "two"]];
    let found: Vec<Vec<String>> = tables(text).into_iter().map(|table| table.into_iter().collect()).collect();
    assert_eq!(found, expected);
}

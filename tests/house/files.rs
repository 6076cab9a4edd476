//! Every file: not too long, says what it is for, no `unsafe` where none may be.

use crate::{
    code::{code_of, has_word},
    files_below, root, short,
};

/// The most lines that a file of code may have.
const LINES_MAX: usize = 1000;

#[test]
fn no_file_of_code_is_longer_than_a_thousand_lines() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "tools", "web"] {
        for file in files_below(&root().join(folder), &[".rs", ".ts", ".tsx", ".py", ".sh"]) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            if lines > LINES_MAX {
                wrong.push(format!("{} has {lines} lines", short(&file)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "tools"] {
        for file in files_below(&root().join(folder), &[".rs"]) {
            let source = std::fs::read_to_string(&file).unwrap();
            let first = source.lines().find(|line| !line.trim().is_empty());
            let says = first.and_then(|line| line.strip_prefix("//!"));
            if says.is_none_or(|words| words.trim().is_empty()) {
                wrong.push(short(&file));
            }
        }
    }
    assert!(wrong.is_empty(), "without //! at the top: {wrong:#?}");
}

#[test]
fn unsafe_stands_in_sys_files_only() {
    let mut wrong = Vec::new();
    for file in files_below(&root().join("src"), &[".rs"]) {
        let code = code_of(&std::fs::read_to_string(&file).unwrap());
        if has_word(&code, "unsafe") && file.file_name().is_some_and(|name| name != "sys.rs") {
            wrong.push(short(&file));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_pure_crates_forbid_unsafe_altogether() {
    for krate in ["protocol", "core"] {
        let source =
            std::fs::read_to_string(root().join("src").join(krate).join("lib.rs")).unwrap();
        assert!(source.contains("#![forbid(unsafe_code)]"), "{krate}");
    }
}

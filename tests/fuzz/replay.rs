//! Every input of every corpus, through its target: a failure that was found stays mended.

use std::{fs, path::Path};

use outband_fuzz::TARGETS;

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn every_input_of_every_corpus_does_no_harm() {
    for (name, run) in TARGETS {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus().join(name)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            // The name of the input, should it fail.
            println!("{}", path.display());
            run(&input);
            inputs += 1;
        }
        assert!(inputs > 0, "the corpus of {name} is empty");
        run(&[]);
    }
}

#[test]
fn every_corpus_has_its_target() {
    let entries = fs::read_dir(corpus()).unwrap();
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut wanted = TARGETS.map(|(name, _)| name.to_owned());
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

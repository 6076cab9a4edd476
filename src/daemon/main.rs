//! `outband`: see `outband --help`.

fn main() {}

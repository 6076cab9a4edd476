//! `outband`: see `outband --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    outband_daemon::cli::main()
}

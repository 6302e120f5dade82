//! The program: everything is in the library.

use std::process::ExitCode;

use clap::Parser;
use kaifong::cli::Cli;
use kaifong::platform::telemetry::quiet_panics;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quiet_panics();
    Cli::parse().run().unwrap_or_else(|failure| {
        eprint!("{}", failure.report());
        failure.exit_code()
    })
}

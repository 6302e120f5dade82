//! How fast it is, beside the bare limit on the same machine in the same minutes.
//!
//! Needs a PostgreSQL server that may be filled (`./dev bench` starts one, not a throwaway
//! one), `psql` and `pgbench` beside it, and `wrk`. Figures to trust are the ratios: both
//! sides are run in turn, and medians are compared.
//!
//! `BENCH_TENANCIES` (800000), `BENCH_MONTHS` (24), `BENCH_ROWS` (1000000 sealed rows) and
//! `BENCH_PAYMENTS` (40000 told at a time) make a smaller one.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a measurement that cannot go on should stop, and ratios are not money"
)]

mod audit;
mod autopay;
mod http;
mod payments;
mod people;
mod rent_run;
mod sign_in;
mod teller;
mod telling;
mod tools;
mod vault;

use tools::{Database, Settings, timed};

fn main() {
    // `cargo bench` and `cargo test` pass flags of their own.
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    let settings = Settings::read();
    println!(
        "{} tenancies, {} months of history, {} processors\n",
        settings.tenancies,
        settings.months,
        std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
    );
    if wanted("audit") {
        audit::bench();
    }
    if wanted("tokens") {
        sign_in::tokens();
    }
    if wanted("vault") {
        vault::bench(settings.rows);
    }
    let of_history = [
        "rent-run", "payments", "telling", "autopay", "people", "hashing", "refusals", "http",
    ];
    if !of_history.iter().any(|name| wanted(name)) {
        return;
    }
    let history = Database::create("bench_history");
    let (took, said) = timed(|| history.generate(&settings, settings.months));
    println!(
        "generate: {} tenancies with {} months in {:.0} s",
        settings.tenancies,
        settings.months,
        took.as_secs_f64()
    );
    println!("{said}");
    if wanted("rent-run") {
        rent_run::bench(&history);
    }
    if wanted("payments") {
        payments::bench(&history);
    }
    if wanted("telling") {
        telling::bench(&history, settings.payments);
    }
    if wanted("autopay") {
        autopay::bench(&history);
    }
    if wanted("people") {
        people::bench(&history);
    }
    if wanted("hashing") {
        sign_in::hashing(&history);
    }
    if wanted("refusals") {
        sign_in::refusals(&history);
    }
    if wanted("http") {
        let short = Database::create("bench_short");
        short.generate(&settings, 2);
        http::bench(&history, &short);
    }
}

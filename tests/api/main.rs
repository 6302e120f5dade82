//! Every integration test, in one binary: one link, one place to look.
//!
//! They need a PostgreSQL server, named by `KAIFONG_DATABASE_URL`; `./dev test` starts one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should panic"
)]

mod access;
mod audit;
mod autopay;
mod break_glass;
mod counter;
mod cssa;
mod door;
mod due_lists;
mod estates;
mod gather;
mod headers;
mod jobs;
mod layering;
mod leaks;
mod ledger;
mod limits;
mod manifest;
mod messages;
mod migrations;
mod openapi;
mod payments;
mod people;
mod platform;
mod population;
mod privacy;
mod receipts;
mod rent;
mod sign_in;
mod support;
mod tenancy;
mod torture;
mod vault;

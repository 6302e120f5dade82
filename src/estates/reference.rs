//! Twenty-four real estates, cut from the dataset as published: a demo needs no file.
//!
//! Among them are every application district, estates of one block and of twelve, intake
//! years from 1958 to 2025, mixed types, and most of the oddities the reader knows.

/// The same bytes as in the published file of December 2025, fewer records.
pub const REFERENCE: &[u8] = include_bytes!("reference.json");

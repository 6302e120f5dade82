//! Rent by the book: cases.

//! Messages in PostgreSQL. The only folder that names their tables.

pub mod choices;
pub mod messages;
pub mod rows;

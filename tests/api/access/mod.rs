//! Who may do what, tried operation by operation.

mod matrix;
mod objects;
mod scopes;

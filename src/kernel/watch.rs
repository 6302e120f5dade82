//! Long work, and who watches it.

/// How long work tells how far it is and hears that it shall stop.
pub trait Watch: Sync {
    /// `done` of about `total`.
    fn progress(&self, done: i64, total: i64);
    /// Whether to stop after what is under way; a later run goes on from there.
    fn stopped(&self) -> bool {
        false
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _done: i64, _total: i64) {}
}

//! A bar on a terminal for long work that may be stopped; nothing elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::kernel::watch::Watch;

/// Shows how far it is, and hears of Ctrl-C.
pub(super) struct Bar<'a> {
    bar: ProgressBar,
    stopped: &'a AtomicBool,
}

impl<'a> Bar<'a> {
    pub fn until(stopped: &'a AtomicBool) -> Self {
        let bar = progress_bar();
        Self { bar, stopped }
    }

    /// Takes it off the terminal.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Bar<'_> {
    fn progress(&self, done: i64, total: i64) {
        self.bar.set_length(total.max(done).unsigned_abs());
        self.bar.set_position(done.unsigned_abs());
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The bar alone.
pub(super) fn progress_bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {per_sec} {eta} {msg}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

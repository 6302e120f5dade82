//! What a drill stands on: a program that is up for a while.

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::support::program::{Held, Program};
use crate::support::serving::{Heard, Serving};

/// A program that serves, and may be killed at any moment.
pub struct Ground<'a> {
    pub program: &'a Program,
    pub url: &'a str,
    serving: &'a Serving,
    pub stop: AtomicBool,
    /// The cluster is being killed: the program may say that its database is away.
    pub shaken: AtomicBool,
}

impl<'a> Ground<'a> {
    pub fn of(program: &'a Program, url: &'a str, serving: &'a Serving) -> Self {
        Self {
            program,
            url,
            serving,
            stop: AtomicBool::new(false),
            shaken: AtomicBool::new(false),
        }
    }

    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Posts `body`; `None` when it was not answered, or could not be done.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Heard> {
        self.heard(self.serving.try_post(path, headers, body))
    }

    /// Posts `body` as JSON, by `key`; what was answered, which has `status`.
    pub fn order(
        &self,
        path: &str,
        (token, key): (&str, &str),
        body: &Value,
        status: u16,
    ) -> Option<Value> {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        let heard = self.post(path, &headers, body.to_string().as_bytes())?;
        Some(heard.expect(status))
    }

    /// What is at `path`.
    pub fn read(&self, path: &str, token: &str) -> Option<Value> {
        let heard = self.heard(self.serving.try_get(path, token))?;
        Some(heard.expect(200))
    }

    /// What fails does so because the database is away, and says so.
    fn heard(&self, heard: Option<Heard>) -> Option<Heard> {
        let heard = heard?;
        if heard.status < 500 {
            return Some(heard);
        }
        let is_away = heard.status == 503 && self.shaken.load(Ordering::Relaxed);
        let said = self.serving.said();
        assert!(is_away, "{}: {}\n{said}", heard.status, heard.text);
        None
    }
}

/// The background work, which ends with this.
pub struct Worker(Child);

impl Worker {
    pub fn start(program: &Program, held: &Held) -> Self {
        Self(program.beside(held, &["work"]).spawn().unwrap())
    }

    /// Ends it, as nobody should.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
        let _ = self.0.wait();
    }
}

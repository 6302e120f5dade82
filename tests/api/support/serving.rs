//! The real program, serving, with all it says kept.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::program::Program;

/// One answer of it.
pub struct Heard {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

pub struct Serving {
    child: Child,
    agent: ureq::Agent,
    base: String,
    said: PathBuf,
}

impl Program {
    /// Starts `kaifong serve` on the database at `url`, with `settings` beside the usual ones.
    pub fn serve(&self, url: &str, settings: &[(&str, &str)]) -> Serving {
        let said = self.folder().join("said");
        let file = File::create(&said).unwrap();
        let child = self
            .command(&["serve"])
            .env("KAIFONG_DATABASE_URL", url)
            .env("KAIFONG_LISTEN", "127.0.0.1:0")
            .env("KAIFONG_LOG_FORMAT", "json")
            .env("KAIFONG_OPERATOR_TOKENS", "on")
            .envs(settings.iter().copied())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build();
        let mut serving = Serving {
            child,
            agent: agent.into(),
            base: String::new(),
            said,
        };
        let started = Instant::now();
        while serving.base.is_empty() {
            assert!(
                started.elapsed() < Duration::from_secs(30) && serving.is_up(),
                "it does not serve: {}",
                serving.said()
            );
            std::thread::sleep(Duration::from_millis(20));
            let said = serving.said();
            let lines = said.lines().flat_map(serde_json::from_str::<Value>);
            let mut address = lines.filter_map(|line| Some(line["listen"].as_str()?.to_owned()));
            serving.base = address
                .next_back()
                .map_or_else(String::new, |address| format!("http://{address}"));
        }
        // Once it answers, a signal is heard.
        assert_eq!(serving.get("/healthz", "").status, 200);
        serving
    }
}

impl Serving {
    fn is_up(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has written to its standard output and error.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).unwrap()).into_owned()
    }

    pub fn get(&self, path: &str, token: &str) -> Heard {
        let asked = self.agent.get(format!("{}{path}", self.base));
        heard(
            asked
                .header("Authorization", format!("Bearer {token}"))
                .call(),
        )
    }

    pub fn put(&self, path: &str, token: &str, body: &str) -> Heard {
        let asked = self.agent.put(format!("{}{path}", self.base));
        let asked = asked.header("Content-Type", "application/json");
        heard(
            asked
                .header("Authorization", format!("Bearer {token}"))
                .send(body),
        )
    }

    /// Posts `body` as JSON; `key` is the idempotency key.
    pub fn post(&self, path: &str, (token, key): (&str, &str), body: &str) -> Heard {
        let mut asked = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Content-Type", "application/json");
        if !token.is_empty() {
            asked = asked.header("Authorization", format!("Bearer {token}"));
        }
        if !key.is_empty() {
            asked = asked.header("Idempotency-Key", key);
        }
        heard(asked.send(body))
    }

    /// Posts `body`; `None` when no answer comes, as from one that is killed meanwhile.
    pub fn try_post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Heard> {
        let asked = self.agent.post(format!("{}{path}", self.base));
        let asked = headers
            .iter()
            .fold(asked, |asked, (name, value)| asked.header(*name, *value));
        try_heard(asked.send(body))
    }

    /// Gets `path`; `None` when no answer comes.
    pub fn try_get(&self, path: &str, token: &str) -> Option<Heard> {
        let asked = self.agent.get(format!("{}{path}", self.base));
        let bearer = format!("Bearer {token}");
        try_heard(asked.header("Authorization", bearer).call())
    }

    /// Ends it, as nobody should.
    pub fn kill(&self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::KILL);
    }

    /// Ends it, as an operator would; all it said.
    pub fn stop(mut self) -> String {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        assert!(self.child.wait().unwrap().success(), "{}", self.said());
        self.said()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn heard(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Heard {
    let mut answer = answer.unwrap();
    Heard {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        text: answer.body_mut().read_to_string().unwrap(),
    }
}

fn try_heard(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Heard> {
    let mut answer = answer.ok()?;
    Some(Heard {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        text: answer.body_mut().read_to_string().ok()?,
    })
}

impl Heard {
    /// The body, once the status is as expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

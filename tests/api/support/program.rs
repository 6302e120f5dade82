//! The program with a data folder and a private cluster of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

pub struct Program {
    folder: PathBuf,
}

impl Program {
    pub fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaifong"));
        command
            .args(words)
            .env_remove("KAIFONG_DATABASE_URL")
            .env("KAIFONG_DATA_DIR", &self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Runs to the end; the output when all went well.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(words).output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned();
        let errors = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{words:?}: {status}\n{text}\n{errors}");
        text
    }

    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.run(words)).unwrap()
    }

    /// Runs a line of shell beside the cluster: `psql` and its kind are in `$KAIFONG_PG_BIN`.
    #[track_caller]
    pub fn shell(&self, line: &str) -> String {
        self.run(&["cluster", "run", "--", "sh", "-ec", line])
    }

    /// Runs a line of shell beside a server that is up; what it printed.
    #[track_caller]
    pub fn shell_beside(url: &str, line: &str) -> Vec<u8> {
        let output = Command::new("sh")
            .args(["-ec", line])
            .env("KAIFONG_DATABASE_URL", url)
            .env("KAIFONG_PG_BIN", std::env::var("KAIFONG_PG_BIN").unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        output.stdout
    }

    /// One number out of the database.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        let line = format!(r#""$KAIFONG_PG_BIN/psql" "$KAIFONG_DATABASE_URL" -Atc "{sql}""#);
        self.shell(&line).trim().parse().unwrap()
    }

    /// Starts the program and kills it after `wait`, with the whole cluster or without it. False
    /// when it was quicker.
    pub fn run_and_kill(&self, words: &[&str], wait: Duration, cluster_too: bool) -> bool {
        let mut child = self.command(words).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(wait);
        let _ = child.kill();
        if cluster_too {
            self.kill_cluster();
        }
        child.wait().unwrap().signal() == Some(9)
    }

    /// Kills PostgreSQL with all it is doing.
    pub fn kill_cluster(&self) {
        if let Some(postmaster) = self.postmaster() {
            let _ = kill_process_group(postmaster, Signal::KILL);
            let _ = kill_process(postmaster, Signal::KILL);
        }
    }

    fn postmaster(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.folder.join("cluster/postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.parse().ok()?)
    }

    /// Holds the cluster up for this process to connect to.
    pub fn hold(&self) -> Held {
        let line = r#"echo "$KAIFONG_DATABASE_URL"; read -r end"#;
        let mut child = self
            .command(&["cluster", "run", "--", "sh", "-c", line])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        Held { child, url }
    }

    /// A command for the held cluster: the data folder's lock is taken.
    pub fn beside(&self, held: &Held, words: &[&str]) -> Command {
        self.on(&held.url, words)
    }

    /// A command for the database at `url`.
    pub fn on(&self, url: &str, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command.env("KAIFONG_DATABASE_URL", url);
        command
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A failed test leaves a cluster behind; starting and stopping it cleans up.
        let _ = self.command(&["cluster", "run", "--", "true"]).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A cluster that is up until this is dropped.
pub struct Held {
    child: Child,
    pub url: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

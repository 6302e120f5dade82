//! Databases, processes and medians.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kaifong::platform::vault::FileRoot;

/// The first month that is not history.
pub const MONTH: &str = "2026-11";

pub struct Settings {
    pub tenancies: u32,
    pub months: u32,
    pub rows: u32,
    pub payments: u32,
}

impl Settings {
    pub fn read() -> Self {
        let number =
            |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
        Self {
            tenancies: number("BENCH_TENANCIES", 800_000),
            months: number("BENCH_MONTHS", 24),
            rows: number("BENCH_ROWS", 1_000_000),
            payments: number("BENCH_PAYMENTS", 40_000),
        }
    }
}

/// A database of its own on the server.
pub struct Database {
    pub url: String,
}

impl Database {
    /// Makes it anew, with every migration.
    pub fn create(name: &str) -> Self {
        let server = std::env::var("KAIFONG_DATABASE_URL")
            .unwrap_or_else(|_| panic!("KAIFONG_DATABASE_URL names a server: run ./dev bench"));
        let (front, query) = server.split_once('?').unwrap_or((&server, ""));
        let (front, _) = front.rsplit_once('/').unwrap();
        let url = |database: &str| format!("{front}/{database}?{query}");
        let admin = Self {
            url: url("postgres"),
        };
        // A server that is named brings its root key.
        FileRoot::load_or_make(&folder().join("keys/root.key")).unwrap();
        admin.psql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        admin.psql(&format!("CREATE DATABASE {name}"));
        let database = Self { url: url(name) };
        database.kaifong(&["migrate"]);
        if !folder().join("keys/root.key").exists() {
            database.kaifong(&["keys", "init"]);
        }
        database
    }

    /// Fills it with the real estates' synthetic population; what the generator said.
    pub fn generate(&self, settings: &Settings, months: u32) -> String {
        let (tenancies, months) = (settings.tenancies.to_string(), months.to_string());
        self.kaifong(&[
            "generate",
            "--tenancies",
            &tenancies,
            "--seed",
            "1",
            "--months",
            &months,
            "--until",
            "2026-10",
        ])
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaifong"));
        command
            .args(words)
            .env("KAIFONG_DATABASE_URL", &self.url)
            .env("KAIFONG_DATA_DIR", folder())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn kaifong(&self, words: &[&str]) -> String {
        finished(&mut self.command(words))
    }

    /// Runs SQL as the schema's owner.
    pub fn psql(&self, sql: &str) -> String {
        finished(Command::new(pg("psql")).args([
            "-X",
            "-v",
            "ON_ERROR_STOP=1",
            "-Atqc",
            sql,
            &self.url,
        ]))
    }
}

/// A program that stands beside the server.
pub fn pg(name: &str) -> PathBuf {
    std::env::var_os("KAIFONG_PG_BIN")
        .map(PathBuf::from)
        .unwrap_or_default()
        .join(name)
}

/// Where the measurement keeps its files.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a command; what it printed when all went well.
pub fn finished(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}\n{errors}",
        output.status
    );
    text
}

pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let result = work();
    (started.elapsed(), result)
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The largest memory of its own that a process ever held, in MB, while it runs to its end.
pub fn peak_memory(child: &mut Child) -> f64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() / 1024.0);
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

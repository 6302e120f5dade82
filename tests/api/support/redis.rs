//! A Redis of the test's own, on a socket.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kaifong::kernel::clock::SystemClock;
use kaifong::platform::limits::Shared;
use uuid::Uuid;

pub struct Redis {
    child: Child,
    folder: PathBuf,
}

impl Redis {
    /// None, said loudly, on a machine without Redis.
    pub fn start() -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("redis-{}", Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--rdbcompression", "no"])
            .arg("--unixsocket")
            .arg(folder.join("socket"))
            .current_dir(&folder)
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: no redis-server here, what is shared through Redis is not tried");
            return None;
        };
        let redis = Self { child, folder };
        let started = Instant::now();
        while !redis.folder.join("socket").exists() {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "redis does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(redis)
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.join("socket").display())
    }

    pub fn limiter(&self) -> Shared {
        Shared::open(&self.url(), Arc::new(SystemClock)).unwrap()
    }

    /// All that it holds, keys and values of every kind, as it writes them to disk.
    pub fn everything(&self) -> Vec<u8> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let () = redis::cmd("SAVE").query(&mut connection).unwrap();
        std::fs::read(self.folder.join("dump.rdb")).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

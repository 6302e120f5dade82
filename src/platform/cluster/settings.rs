//! How the private cluster is set: for one application on one machine.
//!
//! As flags, so that the files in the cluster stay as `initdb` made them and a new release
//! of the program brings its settings along.

use super::home::Home;

/// Setting, value.
type Setting = (&'static str, &'static str);

const ALWAYS: &[Setting] = &[
    // Reached by the socket only.
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "100"),
    // Nobody replicates from it: the log is for crashes only.
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("wal_compression", "on"),
    // Imports write for minutes on end: few checkpoints, far apart.
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    // The statements are short; compiling them costs more than it saves.
    ("jit", "off"),
    // Local solid-state disks.
    ("random_page_cost", "1.1"),
    ("effective_io_concurrency", "64"),
    ("maintenance_work_mem", "256MB"),
    // Its own log is about the cluster. Statements, their parameters and the rows in error
    // details hold personal data.
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_min_error_statement", "panic"),
    ("log_error_verbosity", "terse"),
    ("log_timezone", "UTC"),
    ("timezone", "UTC"),
];

/// A throwaway cluster need not survive the loss of power.
const THROWAWAY: &[Setting] = &[
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
];

/// The settings as arguments of `postgres`.
pub(super) fn flags(home: &Home, throwaway: bool) -> Vec<String> {
    let socket = home.socket.to_string_lossy().replace('"', "\"\"");
    let fixed = ALWAYS.iter().chain(if throwaway { THROWAWAY } else { &[] });
    [
        // A list in which a quoted path may hold a comma.
        ("unix_socket_directories", format!("\"{socket}\"")),
        ("cluster_name", home.name()),
        ("shared_buffers", shared_buffers(memory_kib()).to_owned()),
    ]
    .into_iter()
    .chain(fixed.map(|(name, value)| (*name, (*value).to_owned())))
    .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
    .collect()
}

fn shared_buffers(memory_kib: u64) -> &'static str {
    match memory_kib {
        0..1_000_000 => "64MB",
        1_000_000..2_000_000 => "128MB",
        _ => "512MB",
    }
}

/// The memory of this machine, or of the container it is to us.
fn memory_kib() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("MemTotal:"))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        });
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok())
        .map(|bytes| bytes / 1024);
    machine
        .into_iter()
        .chain(container)
        .min()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffers_fit_the_machine() {
        for (kib, buffers) in [(0, "64MB"), (1_999_999, "128MB"), (2_000_000, "512MB")] {
            assert_eq!(shared_buffers(kib), buffers);
        }
        assert!(memory_kib() > 0);
    }
}

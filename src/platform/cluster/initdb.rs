//! A new cluster, complete or not at all.

use std::fs::File;

use super::ClusterError;
use super::error::at;
use super::home::Home;
use super::programs::Programs;

/// Makes the cluster under another name and moves it into place.
pub(super) fn run(home: &Home, programs: &Programs, throwaway: bool) -> Result<(), ClusterError> {
    let unfinished = home.unfinished_cluster()?;
    let program = programs.initdb();
    let mut command = home.account.command(&program);
    command
        .args(["--username=kaifong", "--encoding=UTF8"])
        // By code point, compared as bytes: the library of C.UTF-8 makes the same order slowly.
        .args(["--locale=C.UTF-8", "--lc-collate=C"])
        // Who enters the socket's folder is let in; there is no other way.
        .args(["--auth-local=trust", "--auth-host=reject"])
        .args(["--no-instructions", "-D"])
        .arg(&unfinished);
    if throwaway {
        command.arg("--no-sync");
    }
    let output = command.output().map_err(at("run", &program))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ClusterError::InitDb(said));
    }
    std::fs::rename(&unfinished, &home.cluster).map_err(at("move", &unfinished))?;
    let parent = home.cluster.parent().unwrap_or(&home.cluster);
    File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(at("sync", parent))
}

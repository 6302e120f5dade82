//! Clusters that are really started, killed and started again.

use std::os::unix::fs::PermissionsExt;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use rustix::process::{Signal, kill_process, kill_process_group};

use super::*;

/// A data folder that ends with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self::named("")
    }

    fn named(extra: &str) -> Self {
        let name = format!("kaifong-test-{}{extra}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        create_dir(&path, 0o755);
        Self(path)
    }

    fn start(&self) -> Result<Cluster, ClusterError> {
        let options = Options {
            throwaway: true,
            pg_bin: std::env::var_os("KAIFONG_PG_BIN").map(PathBuf::from),
        };
        Cluster::start(&self.0, &options)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Ok(cluster) = self.0.join("cluster").read_link() {
            let _ = std::fs::remove_dir_all(cluster.parent().unwrap());
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whatever the umask of whoever runs the tests.
fn create_dir(path: &Path, mode: u32) {
    std::fs::create_dir(path).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn run(cluster: &Cluster, statement: &str) {
    let mut connection = PgConnection::establish(&cluster.url()).unwrap();
    // As in a cluster that is kept: what was committed survives a killed PostgreSQL.
    connection
        .batch_execute("set synchronous_commit = on")
        .unwrap();
    diesel::sql_query(statement)
        .execute(&mut connection)
        .unwrap();
}

fn word(cluster: &Cluster, query: &str) -> String {
    let mut connection = PgConnection::establish(&cluster.url()).unwrap();
    let word: Word = diesel::sql_query(query)
        .get_result(&mut connection)
        .unwrap();
    word.word
}

const WRITE: &str = "create table note as select 'kept' as word";
const READ: &str = "select word from note";

/// What remains when the program is killed: the lock is free, the postmaster runs on.
fn forsake(mut cluster: Cluster) -> (Child, Processes) {
    let processes = Processes::of(&cluster.home);
    (cluster.postmaster.take().unwrap(), processes)
}

/// Keeps a backend too busy to notice that its postmaster has gone.
fn keep_a_backend_busy(cluster: &Cluster) {
    let url = cluster.url();
    std::thread::spawn(move || {
        let mut connection = PgConnection::establish(&url).unwrap();
        let busy = "select count(*) from generate_series(1, 100000000000)";
        let _ = diesel::sql_query(busy).execute(&mut connection);
    });
    let query = "select count(*)::text as word from pg_stat_activity \
                 where query like '%generate_series%' and pid <> pg_backend_pid()";
    while word(cluster, query) != "1" {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_new_cluster_is_private_and_keeps_what_is_written() {
    let folder = Folder::new();
    let cluster = folder.start().unwrap();
    let mode = cluster.home.socket.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let addresses = "select '<' || current_setting('listen_addresses') || '>' as word";
    assert_eq!(word(&cluster, addresses), "<>");
    let collation = "select concat_ws(' ', datcollate, datctype) as word \
                     from pg_database where datname = 'kaifong'";
    assert_eq!(word(&cluster, collation), "C C.UTF-8");
    run(&cluster, WRITE);
    let processes = Processes::of(&cluster.home);
    assert!(!processes.alive().is_empty());
    cluster.stop().unwrap();
    assert_eq!(processes.alive(), []);

    let cluster = folder.start().unwrap();
    assert_eq!(word(&cluster, READ), "kept");
    drop(cluster);
    assert_eq!(processes.alive(), [], "dropping stops it too");
}

#[test]
fn a_second_process_is_told_who_has_the_folder_and_how_to_join() {
    let folder = Folder::new();
    let cluster = folder.start().unwrap();
    let error = folder.start().unwrap_err().to_string();
    let pid = std::process::id();
    assert!(
        error.contains(&format!("in use by process {pid};")),
        "{error}"
    );
    assert!(
        error.contains(&format!("KAIFONG_DATABASE_URL='{}'", cluster.url())),
        "{error}"
    );
    run(&cluster, WRITE);
}

#[test]
fn a_postmaster_that_outlived_the_program_is_stopped_and_nothing_is_lost() {
    let folder = Folder::new();
    let cluster = folder.start().unwrap();
    run(&cluster, WRITE);
    let (mut postmaster, _) = forsake(cluster);
    let cluster = folder.start().unwrap();
    assert!(postmaster.try_wait().unwrap().is_some());
    assert_eq!(word(&cluster, READ), "kept");
}

#[test]
fn a_killed_process_group_is_recovered_from() {
    let folder = Folder::new();
    let cluster = folder.start().unwrap();
    run(&cluster, WRITE);
    let (mut postmaster, _) = forsake(cluster);
    kill_process_group(rustix::process::Pid::from_child(&postmaster), Signal::KILL).unwrap();
    postmaster.wait().unwrap();
    assert_eq!(word(&folder.start().unwrap(), READ), "kept");
}

#[test]
fn orphaned_backends_are_ended() {
    let folder = Folder::new();
    let cluster = folder.start().unwrap();
    run(&cluster, WRITE);
    keep_a_backend_busy(&cluster);
    let (mut postmaster, processes) = forsake(cluster);
    kill_process(processes.postmaster().unwrap(), Signal::KILL).unwrap();
    postmaster.wait().unwrap();
    assert!(!processes.alive().is_empty(), "the busy backend lives on");
    assert_eq!(word(&folder.start().unwrap(), READ), "kept");
}

#[test]
fn stale_files_of_a_dead_cluster_do_not_stop_a_start() {
    let folder = Folder::new();
    folder.start().unwrap().stop().unwrap();
    let socket = folder.0.join("socket");
    create_dir(&socket, 0o700);
    // The number of a living process that is no PostgreSQL.
    let stale = format!("{}\n{}\n0\n5432\n", std::process::id(), folder.0.display());
    for file in [
        "cluster/postmaster.pid",
        "socket/.s.PGSQL.5432.lock",
        "socket/.s.PGSQL.5432",
    ] {
        std::fs::write(folder.0.join(file), &stale).unwrap();
    }
    std::fs::create_dir_all(folder.0.join("cluster.new-1/base")).unwrap();
    let _cluster = folder.start().unwrap();
    assert!(!folder.0.join("cluster.new-1").exists());
}

#[test]
fn a_socket_path_too_long_for_the_kernel_is_moved() {
    let long = format!(" 街坊, \"{}\"", "long".repeat(25));
    let folder = Folder::named(&long);
    let cluster = folder.start().unwrap();
    assert_eq!(cluster.home.socket.parent(), Some(Path::new("/tmp")));
    run(&cluster, WRITE);
}

#[test]
fn a_folder_that_the_account_cannot_enter_has_its_cluster_elsewhere() {
    let folder = Folder::new();
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = folder.start().unwrap();
    let root = rustix::process::geteuid().is_root();
    assert_eq!(folder.0.join("cluster").is_symlink(), root);
    if !root {
        return;
    }
    run(&cluster, WRITE);
    cluster.stop().unwrap();
    let cluster = folder.start().unwrap();
    assert_eq!(word(&cluster, READ), "kept");

    // The data folder is deleted while the cluster runs, and made anew: it is empty.
    let (mut postmaster, _) = forsake(cluster);
    std::fs::remove_dir_all(&folder.0).unwrap();
    create_dir(&folder.0, 0o700);
    let cluster = folder.start().unwrap();
    postmaster.wait().unwrap();
    run(&cluster, WRITE);
}

#[test]
fn a_cluster_of_another_version_is_left_alone() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("cluster")).unwrap();
    std::fs::write(folder.0.join("cluster/PG_VERSION"), "14\n").unwrap();
    let error = folder.start().unwrap_err().to_string();
    let expected = "was made by PostgreSQL 14, and the programs in";
    assert!(error.contains(expected), "{error}");
}

//! The commands, from end to end: their exit codes are what a script goes by.

use std::path::Path;
use std::process::{Command, Output};

use super::{Folder, at, record};
use crate::support::TestDatabase;

struct Machine {
    database: TestDatabase,
    folder: Folder,
}

impl Machine {
    fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .args(words)
            .env("KAIFONG_DATABASE_URL", self.database.url())
            .env("KAIFONG_DATA_DIR", self.folder.path())
            .output()
            .unwrap()
    }

    fn says(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Verifies without a database and with settings of its own.
    fn verify(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .arg("verify-audit")
            .args(words)
            .env_remove("KAIFONG_DATABASE_URL")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    }
}

#[test]
fn a_trail_is_sealed_exported_proved_and_verified_by_command() {
    let machine = Machine {
        database: TestDatabase::create(),
        folder: Folder::new(),
    };
    let mut conn = kaifong::platform::db::connect(machine.database.url()).unwrap();
    record(&mut conn, "one", at(0));
    let key = machine.says(&["audit", "key"]);
    let key = key.trim();
    assert!(key.starts_with("kaifong/audit+"));
    // What is younger than a transaction under way elsewhere on the server waits.
    let sealed = |_| {
        machine
            .says(&["audit", "seal"])
            .ends_with(" entries sealed of 2\n")
    };
    assert!((0..100).any(sealed));
    assert_eq!(machine.says(&["audit", "key"]).trim(), key, "the key stays");
    let to = machine.folder.path().join("bundle");
    let to = to.to_str().unwrap();
    machine.says(&["audit", "export", "--to", to]);
    let again = machine.run(&["audit", "export", "--to", to]);
    assert!(!again.status.success(), "a bundle is never overwritten");

    let witness = ["--witness", "audit/checkpoints"];
    let (code, said) = machine.verify(&[to, "--key", key, witness[0], witness[1]]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Nothing lies."), "{said}");
    assert!(!said.contains("no witness"), "{said}");
    let (code, _) = machine.verify(&["nowhere", "--key", key]);
    assert_eq!(code, Some(2));

    let id = diesel::RunQueryDsl::get_result::<uuid::Uuid>(
        diesel::dsl::sql::<diesel::sql_types::Uuid>("SELECT entry FROM audit_leaf WHERE seq = 0"),
        &mut conn,
    )
    .unwrap();
    let proof = machine.says(&["audit", "prove", &id.to_string()]);
    forge(&machine, key, &proof, to);
}

/// Forges the proof, then the bundle.
fn forge(machine: &Machine, key: &str, proof: &str, bundle: &str) {
    let file = machine.folder.path().join("proof.json");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        machine.verify(&["--event", "proof.json", "--key", key]).0
    };
    assert_eq!(verify(proof), Some(0));
    assert_eq!(verify(&proof.replace("officer-7", "officer-8")), Some(1));
    assert_eq!(verify("{}"), Some(2));

    let entries = Path::new(bundle).join("entries.jsonl");
    let text = std::fs::read_to_string(&entries).unwrap();
    std::fs::write(&entries, text.replace("officer-7", "officer-8")).unwrap();
    let (code, said) = machine.verify(&[bundle, "--key", key]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("LIE: entry 0 (") || said.contains("LIE: entry 1 ("),
        "{said}"
    );
    let (_, json) = machine.verify(&[bundle, "--key", key, "--json"]);
    assert!(json.contains("\"lie\":\"entry_changed\""), "{json}");
}

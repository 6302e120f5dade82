//! The root key in a PKCS#11 token: `SoftHSM`, with a folder of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use kaifong::platform::crypto::Secret;
use kaifong::platform::vault::{
    Padding, Pkcs11Root, RootError, RootKey, Token, Vault, escrow, restore,
};

use super::{CLASS, Opened, cell, now, open, someone};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const TEST: &str = "vault::token::in_a_process_of_its_own";

const LABEL: &str = "kaifong-test";
const PIN: &str = "123456";

fn token() -> Token<'static> {
    Token {
        module: Path::new(MODULE),
        label: LABEL,
        pin: PIN,
        key: "kaifong-root",
    }
}

/// The library reads where its tokens are from the environment, once a process.
#[test]
fn a_token_holds_the_root_key() {
    if !Path::new(MODULE).exists() {
        eprintln!("\n*** SKIPPED: {MODULE} is not there; install softhsm2 ***\n");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("softhsm");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("tokens")).unwrap();
    let settings = folder.join("softhsm2.conf");
    let tokens = folder.join("tokens");
    fs::write(
        &settings,
        format!("directories.tokendir = {}\n", tokens.display()),
    )
    .unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", LABEL])
        .args(["--pin", PIN, "--so-pin", "12345678"])
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success() && said.contains("1 passed"),
        "{said}{errors}"
    );
}

#[test]
#[ignore = "a_token_holds_the_root_key runs it"]
fn in_a_process_of_its_own() {
    assert!(matches!(
        Pkcs11Root::open(token()),
        Err(RootError::Token(_))
    ));
    Pkcs11Root::make(token()).unwrap();
    assert!(matches!(
        Pkcs11Root::make(token()),
        Err(RootError::Token(_))
    ));
    let wrong = Token {
        label: "another",
        ..token()
    };
    assert!(matches!(Pkcs11Root::open(wrong), Err(RootError::Token(_))));

    let root = Pkcs11Root::open(token()).unwrap();
    let key = Secret::random().unwrap();
    let wrapped = root.wrap(b"here", &key).unwrap();
    assert_eq!(root.unwrap(b"here", &wrapped).unwrap(), key);
    assert!(matches!(
        root.unwrap(b"there", &wrapped),
        Err(RootError::WrongKey)
    ));
    for place in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[place] ^= 1;
        assert!(
            matches!(root.unwrap(b"here", &altered), Err(RootError::WrongKey)),
            "{place}"
        );
    }
    assert!(matches!(
        root.unwrap(b"here", &[]),
        Err(RootError::WrongKey)
    ));
    // An operation that failed leaves the session fit for the next.
    assert_eq!(root.unwrap(b"here", &wrapped).unwrap(), key);

    moves_into_the_token(Box::new(root));
}

/// A landlord who kept the root key in a file brings the keys into the token by the shares.
fn moves_into_the_token(root: Box<dyn RootKey>) {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let who = someone();
    let keys = vault.create(&mut conn, CLASS, who, now()).unwrap();
    let sealed = keys
        .seal(&cell("name", who), b"Chan", Padding::To32)
        .unwrap();
    let shares = escrow(&mut conn, &vault, now()).unwrap();
    restore(&mut database.connect(), root.as_ref(), &shares[..3]).unwrap();
    let vault = Vault::open(&mut conn, root, &database.folder(), now()).unwrap();
    let keys = vault.keys(&mut conn, CLASS, who).unwrap().unwrap();
    assert_eq!(
        keys.open(&cell("name", who), &sealed).unwrap().as_slice(),
        b"Chan"
    );
    let keys = vault.create(&mut conn, CLASS, someone(), now()).unwrap();
    assert_eq!(keys.sealing(), 1);
}

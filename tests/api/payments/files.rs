//! Settlement files on the command line.

use std::fs;
use std::process::Output;

use serde_json::json;

use crate::support::program::Program;

fn check(program: &Program, bytes: &[u8], words: &[&str]) -> (Option<i32>, String) {
    let file = program.folder().join("takings.txt");
    fs::write(&file, bytes).unwrap();
    let mut command = program.command(&["payment-file", "check"]);
    let Output { status, stdout, .. } = command.arg(&file).args(words).output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    let said = said.replace(&format!("{}", file.display()), "FILE");
    (status.code(), said)
}

fn sample(program: &Program, words: &[&str]) -> Vec<u8> {
    let mut command = program.command(&["payment-file", "sample", "--date", "2026-11-20"]);
    let output = command.args(words).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn a_file_is_told_in_short_or_refused_where_it_goes_wrong() {
    let program = Program::new("payment-file");
    let big5 = sample(&program, &["--lines", "1000", "--big5", "--sequence", "7"]);
    assert!(String::from_utf8(big5.clone()).is_err());
    assert_eq!(
        check(&program, &big5, &[]),
        (
            Some(0),
            "FILE: store file 7 of 2026-11-20, 1000 payments, HK$1005005.00; \
             1000 to tenant codes, 0 to none\n"
                .to_owned()
        )
    );
    let short = &big5[..big5.len() - 20];
    let (code, said) = check(&program, short, &[]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("FILE: line 1002, column "), "{said}");
    assert!(
        said.ends_with("; ask the channel for the whole file again\n"),
        "{said}"
    );
}

#[test]
fn programs_are_answered_in_json() {
    let program = Program::new("payment-file-json");
    let text = sample(&program, &["--lines", "2", "--channel", "pps"]);
    let text = String::from_utf8(text).unwrap();
    // One account has a digit wrong: it is somebody's money all the same.
    let odd = text.replacen("1000000026", "1000000027", 1);
    let (code, said) = check(&program, odd.as_bytes(), &["--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(
        said,
        json!({
            "file": "FILE", "channel": "pps", "business_date": "2026-11-20", "sequence": 1,
            "lines": 2, "amount": "2000.03", "tenant_codes": 1,
        })
    );
    let foreign = text.replacen("HKD", "CNY", 1);
    let (code, said) = check(&program, foreign.as_bytes(), &["--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(1));
    assert_eq!(
        said["refused"],
        json!({
            "line": 2, "column": 47, "what": "HKD was expected",
            "remedy": "ask the channel to put it right and send the file anew",
        })
    );
}

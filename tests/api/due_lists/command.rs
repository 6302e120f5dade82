//! `kaifong due-list`: a list made by hand, as the real program makes it.

use std::fs;
use std::process::{Command, Output};

use kaifong::platform::crypto::{hex, sha256};

use crate::support::{TestDatabase, count, world};

/// Runs `kaifong due-list` with `words`.
fn due_list(database: &TestDatabase, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kaifong"))
        .arg("due-list")
        .args(words)
        .env("KAIFONG_DATABASE_URL", database.url())
        .env("KAIFONG_DATA_DIR", database.folder())
        .output()
        .unwrap()
}

/// A list that was made: what was said of it, and its file.
struct Made {
    said: String,
    text: String,
}

impl Made {
    fn of(database: &TestDatabase) -> Self {
        let path = database.folder().join("due.txt");
        let output = due_list(database, &["store", "--to", path.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        Self {
            said: String::from_utf8(output.stdout).unwrap(),
            text: fs::read_to_string(path).unwrap(),
        }
    }

    /// What each household is to pay, and what that comes to, in cents.
    fn dues(&self) -> (Vec<(String, i64)>, i64) {
        let lines = self.text.lines().filter(|line| line.starts_with("D|"));
        let dues: Vec<_> = lines
            .map(|line| {
                let fields: Vec<_> = line.split('|').collect();
                (
                    fields[2].to_owned(),
                    fields[3].replace('.', "").parse().unwrap(),
                )
            })
            .collect();
        let sum = dues.iter().map(|(_, cents)| cents).sum();
        (dues, sum)
    }

    /// What it should say of itself: its number, who pays and how much, who is left out.
    fn says(&self, number: u32, left_out: u32) {
        let (dues, cents) = self.dues();
        let sum = format!("{}.{:02}", cents / 100, cents % 100);
        let head: Vec<_> = self.text.lines().next().unwrap().split('|').collect();
        let day = head[3];
        assert_eq!(head[..3], ["H", "kaifong-due-1", "store"], "{}", self.text);
        assert_eq!(head[4], number.to_string());
        let trailer = format!("\nT|{}|{sum}|{number}\n", dues.len());
        assert!(self.text.ends_with(&trailer), "{}", self.text);
        let first = format!("due-store-{day}-{number}.txt as at ");
        assert!(self.said.starts_with(&first), "{}", self.said);
        let rest = format!(
            "\n  {:>9}  HK${sum}  to pay\n  {left_out:>9}  left out, for no rule says what\n\
             sha256 {}\n",
            dues.len(),
            hex(&sha256(&[self.text.as_bytes()]))
        );
        assert!(self.said.ends_with(&rest), "{}", self.said);
    }
}

#[test]
fn the_command_makes_the_stores_list_and_says_what_is_in_it() {
    let database = TestDatabase::create();
    let codes = world::settle(&database, 3);
    let made = Made::of(&database);
    made.says(1, 0);
    let (dues, _) = made.dues();
    let of: Vec<_> = dues.iter().map(|(code, _)| code.clone()).collect();
    let expected: Vec<_> = codes.iter().map(ToString::to_string).collect();
    assert_eq!(of, expected);
    assert!(dues.iter().all(|(_, cents)| *cents > 0), "{dues:?}");
    let conn = &mut database.connect();
    let by_hand = "due_list WHERE channel = 'store' AND made_by = 'kaifong:due-list' AND lines = 3";
    assert_eq!(count(conn, by_hand), 1);
}

#[test]
fn a_second_run_makes_another_list_of_the_same_figures() {
    let database = TestDatabase::create();
    world::settle(&database, 3);
    let (first, second) = (Made::of(&database), Made::of(&database));
    first.says(1, 0);
    second.says(2, 0);
    assert_eq!(first.dues(), second.dues());
    assert_ne!(first.text, second.text);
    let conn = &mut database.connect();
    assert_eq!(count(conn, "due_list"), 2);
    // Without a file to write it to, it is made all the same.
    let output = due_list(&database, &["store"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(count(conn, "due_list WHERE number = 3"), 1);
}

#[test]
fn of_an_empty_book_the_list_is_empty_and_whole() {
    let database = TestDatabase::create();
    world::settle(&database, 0);
    let made = Made::of(&database);
    made.says(1, 0);
    assert_eq!(made.dues(), (vec![], 0));
    assert_eq!(made.text.lines().count(), 2, "{}", made.text);
}

#[test]
fn who_cannot_be_quoted_is_counted_and_a_channel_without_lists_has_none() {
    let database = TestDatabase::create();
    let codes = world::settle(&database, 2);
    // A flat of an estate without a rate.
    let conn = &mut database.connect();
    let estate = crate::support::fixture::estate(conn);
    let block = crate::support::fixture::block(conn, estate);
    let flat = crate::support::fixture::flat_in(conn, (estate, block), "35.00");
    let number = codes[0].number();
    let moved = format!("UPDATE tenancy SET flat_id = '{flat}' WHERE household = {number}");
    kaifong::platform::db::execute(conn, &moved).unwrap();
    let made = Made::of(&database);
    made.says(1, 1);
    assert_eq!(made.dues().0.len(), 1);
    for (channel, code, why) in [
        ("pps", 1, "pps"),
        ("mtr", 1, "mtr"),
        ("cheque", 2, "cheque"),
    ] {
        let output = due_list(&database, &[channel]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{channel}: {errors}");
        assert!(errors.contains(why) && output.stdout.is_empty(), "{errors}");
    }
    assert_eq!(count(conn, "due_list"), 1);
}

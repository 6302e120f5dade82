//! Staff: passwords, postings, and two persons for every grant.

use crate::kernel::role::Role;

/// The roles that staff may hold.
pub const STAFF_ROLES: [Role; 7] = [
    Role::EstateOfficer,
    Role::EstateManager,
    Role::FinanceOfficer,
    Role::MaintenanceOfficer,
    Role::Auditor,
    Role::Administrator,
    Role::PrivacyOfficer,
];

/// Whether `password` may be chosen for `login`.
pub fn password_may_be(login: &str, password: &str) -> Result<(), &'static str> {
    let length = password.chars().count();
    if !(12..=128).contains(&length) {
        return Err("a password has 12 to 128 characters");
    }
    let lower = password.to_lowercase();
    if lower.contains(login) || lower.contains("kaifong") {
        return Err("a password does not contain the login name or ours");
    }
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 5 {
        return Err("a password has five different characters or more");
    }
    Ok(())
}

/// Whether `approver` may approve what `requester` asked for `subject`.
pub fn four_eyes(requester: &str, subject: &str, approver: &str) -> bool {
    approver != requester && approver != subject
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easy_passwords_are_refused() {
        assert_eq!(password_may_be("chan.tm", "correct horse battery"), Ok(()));
        assert_eq!(
            password_may_be("chan.tm", "街坊街坊屋邨屋邨租金收據上落"),
            Ok(())
        );
        for bad in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "121212121212121212",
            "My-Chan.TM-password",
            "Kaifong2026!!",
        ] {
            assert!(password_may_be("chan.tm", bad).is_err(), "{bad}");
        }
        assert!(password_may_be("chan.tm", &"abcdefgh".repeat(17)).is_err());
    }

    #[test]
    fn a_grant_takes_someone_other_than_who_asked_and_who_gets_it() {
        for (requester, subject, approver, may) in [
            ("staff:1", "staff:2", "staff:3", true),
            ("staff:1", "staff:2", "staff:1", false),
            ("staff:1", "staff:2", "staff:2", false),
            ("staff:1", "staff:1", "staff:1", false),
        ] {
            assert_eq!(four_eyes(requester, subject, approver), may);
        }
    }
}

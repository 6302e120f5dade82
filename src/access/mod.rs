//! Who may do what: the one table, and what a caller's posts add up to by it.
//!
//! * A scope not in the table is held by nobody but operators; a role not in a row does not
//!   hold its scope.
//! * The relation says over which rows: everywhere, where the role's holder is posted (an
//!   officer's estates, a device's estate), or the own household.
//! * The table holds no conditions in code: what it says is printed by
//!   `kaifong access-matrix` and tried, cell by cell, by the access tests.

mod matrix;
mod table;

use std::collections::BTreeMap;

use crate::kernel::reach::Reach;
use crate::kernel::role::Role;

pub use matrix::{Cell, matrix};
pub use table::TABLE;

/// Over which rows a role holds a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Every row, wherever the holder is posted.
    Everywhere,
    /// The rows of the holder's post: estates of an officer or a device, the own household of
    /// a tenant.
    Posted,
}

/// One row: a scope and who holds it.
#[derive(Debug)]
pub struct Right {
    pub scope: &'static str,
    pub holders: &'static [(Role, Relation)],
}

/// A role held somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub role: Role,
    /// Where: estates or everywhere for staff, a household for a tenant.
    pub at: Reach,
}

/// Every scope that `posts` give, and the rows it extends to.
#[must_use]
pub fn grants(posts: &[Post]) -> BTreeMap<&'static str, Reach> {
    let mut grants = BTreeMap::new();
    for right in TABLE {
        for post in posts {
            let held = right.holders.iter().filter(|(role, _)| *role == post.role);
            for (_, relation) in held {
                let reach = match relation {
                    Relation::Everywhere => Reach::Everywhere,
                    Relation::Posted => post.at.clone(),
                };
                let before = grants.remove(right.scope);
                grants.insert(
                    right.scope,
                    before.map_or(reach.clone(), |r: Reach| r.or(reach)),
                );
            }
        }
    }
    grants
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::app;
    use crate::kernel::id::EstateId;

    #[test]
    fn the_table_names_every_scope_once_and_no_other() {
        let named: Vec<_> = TABLE.iter().map(|right| right.scope).collect();
        let distinct: BTreeSet<_> = named.iter().copied().collect();
        assert_eq!(named.len(), distinct.len(), "a scope has two rows");
        let asked: BTreeSet<_> = app::scopes().into_iter().collect();
        let asked: BTreeSet<_> = asked.iter().map(String::as_str).collect();
        assert_eq!(distinct, asked, "the table and the operations differ");
    }

    #[test]
    fn no_role_is_twice_in_a_row() {
        for right in TABLE {
            let roles: BTreeSet<_> = right.holders.iter().map(|(role, _)| role).collect();
            assert_eq!(roles.len(), right.holders.len(), "{}", right.scope);
        }
    }

    #[test]
    fn two_posts_add_up_and_no_more() {
        let (one, two) = (EstateId::derived("one"), EstateId::derived("two"));
        let post = |role, estate| Post {
            role,
            at: Reach::Estates([estate].into()),
        };
        let held = grants(&[
            post(Role::EstateOfficer, one),
            post(Role::EstateManager, two),
        ]);
        assert_eq!(held["rent:read"], Reach::Estates([one, two].into()));
        // Only the manager corrects rent, and only there.
        assert_eq!(held["rent:correct"], Reach::Estates([two].into()));
        assert!(!held.contains_key("rent:run"));
        assert!(grants(&[]).is_empty());
    }
}

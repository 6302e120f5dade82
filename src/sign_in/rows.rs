//! Sign-in's own rows of the access table: which roles hold which of its scopes.

use crate::kernel::role::Role;

/// Everyone who signs in.
const EVERYONE: &[Role] = Role::ALL;
const OFFICE: &[Role] = &[Role::EstateOfficer, Role::EstateManager];
const MANAGERS: &[Role] = &[Role::EstateManager, Role::Administrator];
const ADMINISTRATORS: &[Role] = &[Role::Administrator];
const WATCHED_BY: &[Role] = &[Role::Administrator, Role::Auditor];
const HOUSEHOLD: &[Role] = &[Role::Tenant];

/// Each scope of this slice and the roles that hold it.
pub const ROWS: &[(&str, &[Role])] = &[
    ("session:own", EVERYONE),
    ("sign-in:host", &[Role::Kiosk, Role::IvrGateway]),
    ("staff:read", WATCHED_BY),
    ("staff:write", ADMINISTRATORS),
    ("staff:approve", ADMINISTRATORS),
    (
        "devices:read",
        &[Role::EstateManager, Role::Administrator, Role::Auditor],
    ),
    ("devices:write", MANAGERS),
    ("devices:approve", MANAGERS),
    ("clients:read", WATCHED_BY),
    ("clients:write", ADMINISTRATORS),
    ("clients:approve", ADMINISTRATORS),
    ("pins:write", OFFICE),
    ("identity:write", OFFICE),
    ("identity:own", HOUSEHOLD),
    ("delegate:own", HOUSEHOLD),
];

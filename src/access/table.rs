//! The table itself. A new scope gets a row here, or nobody signed in holds it.

use super::Relation::{self, Everywhere, Posted};
use super::Right;
use crate::kernel::role::Role::{
    self, Administrator, Auditor, Contractor, Delegate, EstateManager, EstateOfficer,
    FinanceOfficer, Handheld, IvrGateway, Kiosk, MaintenanceOfficer, PaymentChannel,
    PrivacyOfficer, Tenant,
};

/// Whoever works on a household's account, and the tenant.
const OFFICE_AND_TENANT: &[(Role, Relation)] = &[
    (EstateOfficer, Posted),
    (EstateManager, Posted),
    (FinanceOfficer, Everywhere),
    (Auditor, Everywhere),
    (Tenant, Posted),
];

/// Who holds which scope, over which rows.
pub const TABLE: &[Right] = &[
    Right {
        scope: "tenancy:read",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (MaintenanceOfficer, Posted),
            (FinanceOfficer, Everywhere),
            (Auditor, Everywhere),
            (Tenant, Posted),
        ],
    },
    Right {
        scope: "tenancy:write",
        holders: &[(EstateOfficer, Posted), (EstateManager, Posted)],
    },
    Right {
        scope: "rent:read",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
            (Auditor, Everywhere),
            (Tenant, Posted),
            (Delegate, Posted),
        ],
    },
    Right {
        scope: "payment:codes",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
            (Tenant, Posted),
            (Delegate, Posted),
        ],
    },
    Right {
        scope: "cssa:read",
        holders: OFFICE_AND_TENANT,
    },
    Right {
        scope: "cssa-month:read",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
            (Auditor, Everywhere),
        ],
    },
    Right {
        scope: "cssa-month:write",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "cssa-rents:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "cssa-rents:file",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "payment-file:read",
        holders: &[
            (FinanceOfficer, Everywhere),
            (Auditor, Everywhere),
            // Of the channels that it speaks for, as `payments::programs` says.
            (PaymentChannel, Everywhere),
        ],
    },
    Right {
        scope: "payment-file:write",
        holders: &[(FinanceOfficer, Everywhere), (PaymentChannel, Everywhere)],
    },
    Right {
        scope: "payment-file:decide",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "payment:trace",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "payment-notice:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "payment-channel:write",
        holders: &[(Administrator, Everywhere)],
    },
    Right {
        scope: "suspense:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "suspense:write",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "reconciliation:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "reconciliation:write",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "messages:read",
        holders: OFFICE_AND_TENANT,
    },
    Right {
        scope: "mandate:read",
        holders: OFFICE_AND_TENANT,
    },
    Right {
        scope: "messages:send",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
        ],
    },
    Right {
        scope: "mandate:write",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
            (Tenant, Posted),
        ],
    },
    Right {
        scope: "messages:choose",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (Tenant, Posted),
        ],
    },
    Right {
        scope: "mandate:answer",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "autopay:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "autopay:order",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "autopay:approve",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "autopay:file",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "autopay:results",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "receipt:read",
        holders: OFFICE_AND_TENANT,
    },
    Right {
        scope: "due-list:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "due-list:take",
        holders: &[(PaymentChannel, Everywhere)],
    },
    Right {
        scope: "counter:read",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
            (Auditor, Everywhere),
        ],
    },
    Right {
        scope: "counter:take",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (FinanceOfficer, Everywhere),
        ],
    },
    Right {
        scope: "counter:approve",
        holders: &[(EstateManager, Posted), (FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "rent:correct",
        holders: &[(EstateManager, Posted), (FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "rent:award",
        holders: &[(EstateManager, Posted), (FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "rent-run:read",
        holders: &[(FinanceOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "rent:run",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "rent:rules",
        holders: &[(FinanceOfficer, Everywhere)],
    },
    Right {
        scope: "audit:read",
        holders: &[(Auditor, Everywhere)],
    },
    Right {
        scope: "break_glass:request",
        holders: &[(EstateOfficer, Everywhere), (EstateManager, Everywhere)],
    },
    Right {
        scope: "break_glass:approve",
        holders: &[(EstateManager, Everywhere), (PrivacyOfficer, Everywhere)],
    },
    Right {
        scope: "break_glass:review",
        holders: &[(PrivacyOfficer, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "people:read",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (PrivacyOfficer, Everywhere),
            (Tenant, Posted),
        ],
    },
    Right {
        scope: "people:write",
        holders: &[(EstateOfficer, Posted), (EstateManager, Posted)],
    },
    Right {
        scope: "people:search",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (PrivacyOfficer, Everywhere),
        ],
    },
    Right {
        scope: "people:unmask",
        holders: &[
            (EstateOfficer, Posted),
            (EstateManager, Posted),
            (PrivacyOfficer, Everywhere),
        ],
    },
    Right {
        scope: "privacy:request",
        holders: &[(PrivacyOfficer, Everywhere), (Tenant, Posted)],
    },
    Right {
        scope: "privacy:read",
        holders: &[(PrivacyOfficer, Everywhere)],
    },
    Right {
        scope: "privacy:write",
        holders: &[(PrivacyOfficer, Everywhere)],
    },
    Right {
        scope: "self-service:read",
        holders: &[(Tenant, Posted)],
    },
    Right {
        scope: "session:own",
        holders: &[
            (Administrator, Posted),
            (Auditor, Posted),
            (Contractor, Posted),
            (Delegate, Posted),
            (EstateManager, Posted),
            (EstateOfficer, Posted),
            (FinanceOfficer, Posted),
            (Handheld, Posted),
            (IvrGateway, Posted),
            (Kiosk, Posted),
            (MaintenanceOfficer, Posted),
            (PaymentChannel, Posted),
            (PrivacyOfficer, Posted),
            (Tenant, Posted),
        ],
    },
    Right {
        scope: "passkey:own",
        holders: &[
            (Administrator, Posted),
            (Auditor, Posted),
            (Delegate, Posted),
            (EstateManager, Posted),
            (EstateOfficer, Posted),
            (FinanceOfficer, Posted),
            (MaintenanceOfficer, Posted),
            (PrivacyOfficer, Posted),
            (Tenant, Posted),
        ],
    },
    Right {
        scope: "staff:read",
        holders: &[(Administrator, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "clients:read",
        holders: &[(Administrator, Everywhere), (Auditor, Everywhere)],
    },
    Right {
        scope: "staff:write",
        holders: &[(Administrator, Everywhere)],
    },
    Right {
        scope: "staff:approve",
        holders: &[(Administrator, Everywhere)],
    },
    Right {
        scope: "clients:write",
        holders: &[(Administrator, Everywhere)],
    },
    Right {
        scope: "clients:approve",
        holders: &[(Administrator, Everywhere)],
    },
    Right {
        scope: "devices:read",
        holders: &[
            (EstateManager, Posted),
            (Administrator, Everywhere),
            (Auditor, Everywhere),
        ],
    },
    Right {
        scope: "devices:write",
        holders: &[(EstateManager, Posted), (Administrator, Everywhere)],
    },
    Right {
        scope: "devices:approve",
        holders: &[(EstateManager, Posted), (Administrator, Everywhere)],
    },
    Right {
        scope: "pins:write",
        holders: &[(EstateOfficer, Posted), (EstateManager, Posted)],
    },
    Right {
        scope: "identity:write",
        holders: &[(EstateOfficer, Posted), (EstateManager, Posted)],
    },
    Right {
        scope: "identity:own",
        holders: &[(Tenant, Posted)],
    },
    Right {
        scope: "form:own",
        holders: &[(Tenant, Posted)],
    },
    Right {
        scope: "delegate:own",
        holders: &[(Tenant, Posted)],
    },
];

//! Money in suspense, and where it shall go.

use chrono::{DateTime, Utc};

use crate::kernel::four_eyes::{Decision, Standing};
use crate::kernel::id::{PaymentId, ProposalId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::model::Payment;

/// A payment for nobody, whom it may have been meant for, and what was proposed.
#[derive(Debug, Clone)]
pub struct InSuspense {
    pub payment: Payment,
    /// Oldest first.
    pub proposals: Vec<Proposal>,
    /// The likeliest first.
    pub candidates: Vec<Candidate>,
}

/// A household whose code is one slip away from what the payer gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub code: TenantCode,
    /// What it owes now.
    pub owed: Money,
    pub owes_just_that: bool,
}

/// Where money in suspense shall go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: ProposalId,
    pub payment: PaymentId,
    pub reason: String,
    pub proposed_by: String,
    pub proposed_at: DateTime<Utc>,
    /// They come to the payment.
    pub parts: Vec<Part>,
    pub decision: Option<Decision>,
}

impl Proposal {
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(self.decision.as_ref())
    }
}

/// A part of a payment, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// None: it goes back to the payer.
    pub household: Option<TenantCode>,
    pub amount: Money,
}

//! Typed identifiers: a `FlatId` is never mistaken for a `BlockId`.
//!
//! What is made as it happens gets a time-ordered identifier (version 7). What must be the
//! same whenever it is made again (an estate read from a file, a transfer for a charge) gets
//! one derived from its name (version 5).

use std::sync::LazyLock;

use uuid::Uuid;

/// The root of every derived identifier.
const KAIFONG: Uuid = Uuid::from_u128(0x6b61_6966_6f6e_6750_8000_0000_0000_0001);

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier, ordered by creation time.
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            /// The identifier that `name` always has.
            #[must_use]
            pub fn derived(name: &str) -> Self {
                static KIND: LazyLock<Uuid> =
                    LazyLock::new(|| Uuid::new_v5(&KAIFONG, stringify!($name).as_bytes()));
                Self(Uuid::new_v5(&KIND, name.as_bytes()))
            }

            /// The untyped form.
            #[must_use]
            pub fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                diesel::deserialize::FromSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::from_sql(bytes)
                    .map(Self)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::to_sql(&self.0, out)
            }
        }
    )*};
}

id! {
    /// A public rental housing estate (屋邨).
    EstateId
    /// A block or house of an estate (樓宇).
    BlockId
    /// A flat (單位).
    FlatId
    /// A household's right to live in one flat (租約).
    TenancyId
    /// Somebody who lives, lived or is to live with a household.
    PersonId
    /// A person's stay with a household, in one role.
    MembershipId
    /// A reduction or addition granted to a household's rent.
    AwardId
    /// One movement of money between two accounts.
    TransferId
    /// An adjustment of a rent account, made by an officer.
    AdjustmentId
    /// A payment that a channel took for us.
    PaymentId
    /// A channel's settlement file.
    PaymentFileId
    /// A proposal where money in suspense shall go.
    ProposalId
    /// Money that moved on a bank account of ours.
    MovementId
    /// A proposal whose money it is that moved.
    AssignmentId
    /// A shroff's day at the counter of an estate office.
    CounterDayId
    /// A proposal to void a receipt of a counter.
    VoidId
    /// What was counted when a counter's day ended.
    CountId
    /// A list of what households have to pay, for a channel.
    DueListId
    /// What is sent to a household by one medium.
    MessageId
    /// A household's month for which it is reminded.
    ReminderId
    /// A household's leave to debit a bank account (自動轉帳授權).
    MandateId
    /// A month's direct debits, in one file.
    CollectionId
    /// A bank's status report on an order of direct debits.
    StatusReportId
    /// A month's rent allowances against what was paid by them.
    ReconciliationId
    /// A file of rents for the Social Welfare Department.
    RentFileId
    /// A piece of background work.
    JobId
}

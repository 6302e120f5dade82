//! Tenancies as callers write and read them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::model::{EndReason, NewTenancy, Tenancy, TenancyKind};
use crate::kernel::day::Day;
use crate::kernel::id::{EstateId, FlatId, TenancyId};
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::whole::whole;
use crate::platform::http::page::{Cursor, Limit};

/// A tenancy to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenancyIn {
    pub flat_id: FlatId,
    pub kind: TenancyKind,
    /// The first day: at most twelve months ahead.
    pub starts_on: Day,
    #[schema(minimum = 1, maximum = 30)]
    #[serde(deserialize_with = "whole")]
    pub household_size: i16,
    /// The household's code; absent for a new household, which gets one.
    pub tenant_code: Option<TenantCode>,
}

/// What to change of a tenancy; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenancyChange {
    #[serde(default, deserialize_with = "sent")]
    #[schema(minimum = 1, maximum = 30, nullable = false)]
    pub household_size: Option<i16>,
}

/// How a tenancy is to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EndingIn {
    /// The last day: at most twelve months ahead.
    pub ends_on: Day,
    /// Any but `transfer`, which is an operation of its own.
    pub reason: EndReason,
}

/// Where and when a household is to move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveIn {
    pub flat_id: FlatId,
    /// The first day in the new flat; the day before is the last in the old one.
    pub starts_on: Day,
}

/// Which tenancies, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TenanciesQuery {
    pub tenant_code: Option<TenantCode>,
    pub estate: Option<EstateId>,
    pub flat: Option<FlatId>,
    /// A day that the tenancy includes.
    pub live_on: Option<Day>,
    pub kind: Option<TenancyKind>,
    /// The previous page's `next`.
    pub after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    pub limit: Limit,
}

/// A household's right to live in one flat.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenancyOut {
    pub id: TenancyId,
    pub tenant_code: TenantCode,
    pub flat_id: FlatId,
    pub kind: TenancyKind,
    pub starts_on: NaiveDate,
    /// The last day; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    pub household_size: i16,
    pub recorded_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_recorded_at: Option<DateTime<Utc>>,
}

/// The tenancies a flat has had, in the order they started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FlatTenancies {
    pub items: Vec<TenancyOut>,
}

/// A field that is sent has a value: null is not one.
fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl From<TenancyIn> for NewTenancy {
    fn from(body: TenancyIn) -> Self {
        Self {
            household: body.tenant_code,
            flat_id: body.flat_id,
            kind: body.kind,
            starts_on: body.starts_on.into(),
            household_size: body.household_size,
        }
    }
}

impl From<Tenancy> for TenancyOut {
    fn from(tenancy: Tenancy) -> Self {
        let Tenancy {
            id,
            household: tenant_code,
            flat_id,
            kind,
            starts_on,
            ends_on,
            end_reason,
            household_size,
            recorded_at,
            end_recorded_at,
            version: _,
        } = tenancy;
        Self {
            id,
            tenant_code,
            flat_id,
            kind,
            starts_on,
            ends_on,
            end_reason,
            household_size,
            recorded_at,
            end_recorded_at,
        }
    }
}

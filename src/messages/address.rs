//! Where a message is sent: the head's telephone or e-mail address, or the household's app.

use diesel::PgConnection;

use super::model::{Medium, MessageError};
use crate::kernel::contact::{Email, Phone};
use crate::kernel::id::PersonId;
use crate::kernel::tenant_code::TenantCode;
use crate::people::{self, By, MemberRole, PeopleError, PersonField, UnmaskReason};

/// An address. Shown by nothing: numbers' `Debug` are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Phone(Phone),
    Email(Email),
    /// The gateway knows the household's devices by it.
    Household(TenantCode),
}

/// The address of household `code` for `medium`, and whose it is; `None` when there is nobody,
/// or none is known. That it was read is on record first. The transaction reaches what `by` does.
pub(super) fn address(
    conn: &mut PgConnection,
    by: By<'_>,
    code: TenantCode,
    medium: Medium,
) -> Result<Option<(Address, Option<PersonId>)>, MessageError> {
    let field = match medium {
        Medium::Push => return Ok(Some((Address::Household(code), None))),
        Medium::Sms => PersonField::Phone,
        Medium::Email => PersonField::Email,
    };
    let Some(head) = head(conn, by, code)? else {
        return Ok(None);
    };
    let reason = UnmaskReason::TenancyMatter;
    let known = match people::unmask(conn, by, head, &[field], reason, None) {
        Ok(person) => person.particulars,
        Err(PeopleError::Erased | PeopleError::NoSuchPerson) => None,
        Err(error) => return Err(error.into()),
    };
    let address = known.and_then(|known| match medium {
        Medium::Email => known.email.map(Address::Email),
        _ => known.phone.map(Address::Phone),
    });
    Ok(address.map(|address| (address, Some(head))))
}

/// Who is the head of household `code` today.
fn head(
    conn: &mut PgConnection,
    by: By<'_>,
    code: TenantCode,
) -> Result<Option<PersonId>, MessageError> {
    let today = crate::kernel::clock::hong_kong_date(by.now);
    let members = match people::members_today(conn, by, code) {
        Ok(members) => members,
        Err(PeopleError::NoSuchHousehold) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut heads = members
        .into_iter()
        .filter(|stay| stay.role == MemberRole::Head && stay.starts_on <= today);
    Ok(heads.next().map(|stay| stay.person))
}

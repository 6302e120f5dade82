//! When a request is due, what it is refused for, and what is kept no longer.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};

use super::model::{
    Decision, Kind, MatchingApproval, PrivacyError, Refusal, Request, RequestState, Viewer,
};

/// Days to decide a request within, counted from the day after its receipt.
const DAYS: Days = Days::new(40);

/// The last day to decide on a request received on `day`.
pub fn due_on(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(DAYS).unwrap_or(day)
}

/// `request` once `decision` is taken on it.
pub fn decide(
    kind: Kind,
    request: Request,
    decision: Decision,
    (by, at): (&str, DateTime<Utc>),
) -> Result<Request, PrivacyError> {
    if request.state != RequestState::Received {
        return Err(PrivacyError::Decided);
    }
    let (state, refusal) = match decision {
        Decision::Refused(reason) if !may_refuse(kind, reason) => {
            return Err(PrivacyError::NotAReason(reason));
        }
        Decision::Refused(reason) => (RequestState::Refused, Some(reason)),
        Decision::Done => match kind {
            Kind::Access => (RequestState::Answered, None),
            Kind::Correction => (RequestState::Made, None),
        },
    };
    Ok(Request {
        state,
        refusal,
        decided_by: Some(by.to_owned()),
        decided_at: Some(at),
        version: request.version.saturating_add(1),
        ..request
    })
}

/// Whether `reason` is one of the Ordinance's for this kind of request.
fn may_refuse(kind: Kind, reason: Refusal) -> bool {
    match reason {
        Refusal::IdentityNotShown | Refusal::NotInWriting | Refusal::OtherControls => true,
        Refusal::OthersData | Refusal::Exempt | Refusal::Repeated => kind == Kind::Access,
        Refusal::Accurate | Refusal::CorrectionInaccurate => kind == Kind::Correction,
    }
}

/// Whoever left before this day has been kept for `months` by `today`.
pub fn cutoff(today: NaiveDate, months: i32) -> NaiveDate {
    let months = Months::new(months.unsigned_abs());
    today.checked_sub_months(months).unwrap_or(NaiveDate::MIN)
}

/// Whether one of `approvals` allows matching for `purpose` on `day`.
pub fn allows(approvals: &[MatchingApproval], purpose: &str, day: NaiveDate) -> bool {
    approvals.iter().any(|approval| {
        approval.purpose == purpose && (approval.valid_from..=approval.valid_to).contains(&day)
    })
}

/// What kind of caller `actor` is. A name of no known kind is somebody of ours.
pub fn viewer(actor: &str) -> Viewer {
    let (kind, _) = actor.split_once(':').unwrap_or((actor, ""));
    match kind {
        "pin" | "link" => Viewer::Household,
        "delegate" => Viewer::Delegate,
        "device" => Viewer::Device,
        "client" => Viewer::Client,
        "kaifong" => Viewer::Program,
        _ => Viewer::Staff,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::model::MatchingBasis;
    use super::*;
    use crate::kernel::id::PersonId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_request_is_due_forty_calendar_days_after_its_receipt() {
        for (received, due) in [
            ("2026-11-20", "2026-12-30"),
            ("2026-12-01", "2027-01-10"),
            // Over a leap day and over none.
            ("2024-02-01", "2024-03-12"),
            ("2025-02-01", "2025-03-13"),
        ] {
            assert_eq!(due_on(day(received)), day(due), "{received}");
        }
        assert_eq!(due_on(NaiveDate::MAX), NaiveDate::MAX);
    }

    #[test]
    fn a_request_is_decided_once_and_refused_for_reasons_of_its_own() {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let request = Request {
            id: Uuid::nil(),
            person: PersonId::fresh(),
            received_on: day("2026-11-20"),
            due_on: day("2026-12-30"),
            received_by: "officer".to_owned(),
            state: RequestState::Received,
            refusal: None,
            decided_by: None,
            decided_at: None,
            version: 1,
        };
        let decided = |kind, decision| decide(kind, request.clone(), decision, ("one", now));
        let answered = decided(Kind::Access, Decision::Done).unwrap();
        assert_eq!(
            (answered.state, answered.version),
            (RequestState::Answered, 2)
        );
        let again = decide(Kind::Access, answered, Decision::Done, ("two", now));
        assert!(matches!(again, Err(PrivacyError::Decided)));
        let made = decided(Kind::Correction, Decision::Done).unwrap();
        assert_eq!(made.state, RequestState::Made);
        for (reason, access, correction) in [
            (Refusal::IdentityNotShown, true, true),
            (Refusal::NotInWriting, true, true),
            (Refusal::OtherControls, true, true),
            (Refusal::OthersData, true, false),
            (Refusal::Exempt, true, false),
            (Refusal::Repeated, true, false),
            (Refusal::Accurate, false, true),
            (Refusal::CorrectionInaccurate, false, true),
        ] {
            for (kind, may) in [(Kind::Access, access), (Kind::Correction, correction)] {
                let refused = decided(kind, Decision::Refused(reason));
                assert_eq!(refused.is_ok(), may, "{kind:?} {reason}");
            }
        }
    }

    #[test]
    fn who_left_is_kept_for_so_many_months_to_the_day() {
        assert_eq!(cutoff(day("2026-11-21"), 84), day("2019-11-21"));
        assert_eq!(cutoff(day("2026-03-31"), 13), day("2025-02-28"));
    }

    #[test]
    fn matching_is_for_one_purpose_and_from_day_to_day() {
        let approvals = [MatchingApproval {
            id: Uuid::nil(),
            purpose: "double benefits".to_owned(),
            basis: MatchingBasis::CommissionerConsent,
            source: "PCPD 1/2026".to_owned(),
            valid_from: day("2026-01-01"),
            valid_to: day("2026-12-31"),
            approved_by: "one".to_owned(),
            recorded_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }];
        for (purpose, on, allowed) in [
            ("double benefits", "2025-12-31", false),
            ("double benefits", "2026-01-01", true),
            ("double benefits", "2026-12-31", true),
            ("double benefits", "2027-01-01", false),
            ("double", "2026-06-01", false),
        ] {
            assert_eq!(
                allows(&approvals, purpose, day(on)),
                allowed,
                "{purpose} {on}"
            );
        }
        assert!(!allows(&[], "double benefits", day("2026-06-01")));
    }

    #[test]
    fn a_viewer_is_told_by_kind_never_by_name() {
        for (actor, kind) in [
            ("staff:01940000-0000-7000-8000-000000000001", Viewer::Staff),
            ("officer-7", Viewer::Staff),
            ("pin:1", Viewer::Household),
            ("link:1", Viewer::Household),
            ("delegate:1", Viewer::Delegate),
            ("device:1", Viewer::Device),
            ("client:1", Viewer::Client),
            ("kaifong:retention", Viewer::Program),
        ] {
            assert_eq!(viewer(actor), kind, "{actor}");
        }
    }
}

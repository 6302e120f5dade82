//! How long access lasts, and when it must have been reviewed.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::model::{Approval, BreakGlassError, Request, Review};

/// How long a request may wait for its approval.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// The approval of `request` by `approver`, to be reviewed by the end of `review_by`.
pub fn approval(
    request: &Request,
    approver: &str,
    review_by: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Approval, BreakGlassError> {
    if approver == request.staff {
        return Err(BreakGlassError::OwnRequest);
    }
    if now - request.requested_at > PATIENCE {
        return Err(BreakGlassError::TooLate);
    }
    Ok(Approval {
        request: request.id,
        staff: request.staff.clone(),
        approver: approver.to_owned(),
        starts_at: now,
        ends_at: now + TimeDelta::minutes(request.minutes.into()),
        review_by,
    })
}

/// Whether `review` may be made of `approval`: by a third person. One under way ends with it.
pub fn review(approval: &Approval, review: &Review) -> Result<(), BreakGlassError> {
    if review.reviewer == approval.staff {
        return Err(BreakGlassError::OwnRequest);
    }
    if review.reviewer == approval.approver {
        return Err(BreakGlassError::OwnApproval);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::model::{Outcome, Reason};
    use super::*;

    fn request() -> Request {
        Request {
            id: Uuid::from_u128(1),
            staff: "officer-7".to_owned(),
            person: Some(Uuid::from_u128(2)),
            household: None,
            reason: Reason::Danger,
            ticket: "INC-1".to_owned(),
            fields: vec!["phone".to_owned()],
            minutes: 20,
            requested_at: at("2026-11-20T01:00:00Z"),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn by() -> NaiveDate {
        "2026-11-23".parse().unwrap()
    }

    #[test]
    fn another_approves_and_within_the_hour() {
        let asked = request();
        let approved = approval(&asked, "manager-1", by(), at("2026-11-20T02:00:00Z")).unwrap();
        assert_eq!(approved.ends_at, at("2026-11-20T02:20:00Z"));
        let own = approval(&asked, "officer-7", by(), at("2026-11-20T01:00:00Z"));
        assert!(matches!(own, Err(BreakGlassError::OwnRequest)));
        let late = approval(&asked, "manager-1", by(), at("2026-11-20T02:00:01Z"));
        assert!(matches!(late, Err(BreakGlassError::TooLate)));
    }

    #[test]
    fn a_third_person_reviews_it_even_under_way() {
        let approved = approval(&request(), "manager-1", by(), at("2026-11-20T01:00:00Z")).unwrap();
        let by = |reviewer: &str| {
            let made = Review {
                request: approved.request,
                staff: approved.staff.clone(),
                reviewer: reviewer.to_owned(),
                outcome: Outcome::Justified,
                note: "seen".to_owned(),
                reviewed_at: at("2026-11-20T01:10:00Z"),
                approver: approved.approver.clone(),
            };
            review(&approved, &made)
        };
        assert!(by("privacy-1").is_ok());
        assert!(matches!(by("officer-7"), Err(BreakGlassError::OwnRequest)));
        assert!(matches!(by("manager-1"), Err(BreakGlassError::OwnApproval)));
    }
}

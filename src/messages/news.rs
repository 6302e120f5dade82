//! What a message tells: an event, with the figures of the moment it was drafted in.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Message, MessageError, MessageKind};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::payments::{AutopayRefused, AutopaySuspended, PaymentReceived, PaymentVoided};
use crate::platform::outbox::Event;
use crate::rent::Quote;

/// A household that still owes, some days before the month ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RentDue {
    pub month: Month,
}

impl Event for RentDue {
    const KIND: &'static str = "rent.due";
}

/// Where an account stands: the quote's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub month: Month,
    /// What is to be paid now.
    pub due: Money,
    /// What is left in the household's favour.
    pub credit: Money,
}

impl From<&Quote> for Standing {
    fn from(quote: &Quote) -> Self {
        Self {
            month: quote.month,
            due: quote.due,
            credit: quote.credit,
        }
    }
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tells")]
pub enum News {
    PaymentReceived {
        event: PaymentReceived,
        /// Absent of a household without an account.
        standing: Option<Standing>,
    },
    PaymentVoided {
        event: PaymentVoided,
        /// As above.
        standing: Option<Standing>,
    },
    AutopayRefused {
        event: AutopayRefused,
    },
    AutopaySuspended {
        event: AutopaySuspended,
    },
    RentDue {
        month: Month,
        due: Money,
        pay_by: NaiveDate,
    },
}

impl MessageKind {
    /// What an event of this kind tells, of an account that stands so; `None` when there is
    /// nothing to tell any more.
    pub fn news(
        self,
        detail: &Value,
        standing: Option<Standing>,
    ) -> Result<Option<News>, MessageError> {
        let unreadable = |error| MessageError::Unreadable(self, error);
        Ok(match self {
            Self::PaymentReceived => {
                let event = Deserialize::deserialize(detail).map_err(unreadable)?;
                Some(News::PaymentReceived { event, standing })
            }
            Self::PaymentVoided => {
                let event = Deserialize::deserialize(detail).map_err(unreadable)?;
                Some(News::PaymentVoided { event, standing })
            }
            Self::AutopayRefused => {
                let event = Deserialize::deserialize(detail).map_err(unreadable)?;
                Some(News::AutopayRefused { event })
            }
            Self::AutopaySuspended => {
                let event = Deserialize::deserialize(detail).map_err(unreadable)?;
                Some(News::AutopaySuspended { event })
            }
            Self::RentDue => {
                let RentDue { month } = Deserialize::deserialize(detail).map_err(unreadable)?;
                standing
                    .filter(|standing| standing.month == month && standing.due > Money::ZERO)
                    .map(|standing| News::RentDue {
                        month,
                        due: standing.due,
                        pay_by: month.last(),
                    })
            }
        })
    }
}

impl Message {
    /// The month whose rent it reminds of; `None` of another message, or one that does not read.
    pub fn reminds_of(&self) -> Option<Month> {
        let of = |facts: &Value| facts.get("month")?.as_str()?.parse().ok();
        (self.kind == MessageKind::RentDue)
            .then(|| of(&self.facts))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn standing(due: &str) -> Standing {
        Standing {
            month: "2026-11".parse().unwrap(),
            due: due.parse().unwrap(),
            credit: Money::ZERO,
        }
    }

    /// What a lower slice writes under a kind is what is read under it here.
    #[test]
    fn every_kind_is_named_as_whoever_writes_it_names_it() {
        for (kind, written) in [
            (MessageKind::PaymentReceived, PaymentReceived::KIND),
            (MessageKind::PaymentVoided, PaymentVoided::KIND),
            (MessageKind::AutopayRefused, AutopayRefused::KIND),
            (MessageKind::AutopaySuspended, AutopaySuspended::KIND),
            (MessageKind::RentDue, RentDue::KIND),
        ] {
            assert_eq!(kind.as_str(), written);
        }
    }

    #[test]
    fn who_has_paid_meanwhile_is_not_reminded_nor_in_another_month() {
        let news = |month: &str, due| {
            let detail = json!({ "month": month });
            MessageKind::RentDue
                .news(&detail, Some(standing(due)))
                .unwrap()
        };
        assert!(matches!(
            news("2026-11", "0.01"),
            Some(News::RentDue { .. })
        ));
        assert_eq!(news("2026-11", "0.00"), None);
        assert_eq!(news("2026-10", "5.00"), None);
        assert_eq!(
            MessageKind::RentDue
                .news(&json!({ "month": "2026-11" }), None)
                .unwrap(),
            None
        );
    }

    #[test]
    fn an_event_with_something_else_in_it_is_not_guessed_at() {
        for detail in [
            json!({}),
            json!({ "refusals": 3, "name": "CHAN" }),
            json!({ "refusals": -1 }),
        ] {
            let read = MessageKind::AutopaySuspended.news(&detail, None);
            assert!(
                matches!(read, Err(MessageError::Unreadable(..))),
                "{detail}"
            );
        }
    }

    #[test]
    fn what_is_kept_is_read_back_as_it_was() {
        let detail = json!({ "channel": "fps", "amount": "12.50", "paid_on": "2026-11-20" });
        let news = MessageKind::PaymentReceived.news(&detail, Some(standing("3.00")));
        let news = news.unwrap().unwrap();
        let kept = serde_json::to_value(&news).unwrap();
        assert_eq!(serde_json::from_value::<News>(kept).unwrap(), news);
    }
}

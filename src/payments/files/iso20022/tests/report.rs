//! Status reports.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::payments::files::tests::{REPORT_3, REPORT_10, STATEMENT_2, now, spoiled};
use crate::payments::files::{
    DebitResult, FileError, Refusal, Scope, StatusReport, Verdict, read_status_report,
};

fn read_all(bytes: &[u8]) -> Result<(StatusReport, Vec<Verdict>), Refusal> {
    let mut verdicts = Vec::new();
    let read = read_status_report(bytes, now(), |verdict| {
        verdicts.push(verdict);
        Ok::<_, FileError>(())
    });
    match read {
        Ok(report) => Ok((report, verdicts)),
        Err(FileError::Refused(refusal)) => Err(refusal),
        Err(FileError::Io(error)) => panic!("{error}"),
    }
}

fn verdict(on: Scope, result: Option<DebitResult>, code: &str) -> Verdict {
    Verdict {
        on,
        result,
        code: code.to_owned(),
        amount: None,
    }
}

fn debit(code: &str) -> Scope {
    Scope::Debit {
        batch: "A-2026-11-1".to_owned(),
        reference: format!("A-2026-11-{code}-1"),
    }
}

#[test]
fn a_report_of_version_3_is_read() {
    let (report, verdicts) = read_all(REPORT_3.as_bytes()).unwrap();
    assert_eq!(
        report,
        StatusReport {
            message: "BANK-R-77".to_owned(),
            created_at: "2026-11-20T12:15:00Z".parse().unwrap(),
            order: "AUTOPAY-2026-11".to_owned(),
            verdicts: 5,
        }
    );
    let batch = |number: u32| Scope::Batch(format!("A-2026-11-{number}"));
    let expected = [
        verdict(Scope::Order, None, "PART"),
        verdict(batch(1), Some(DebitResult::Accepted), "ACSC"),
        Verdict {
            amount: "1200.00".parse().ok(),
            ..verdict(
                debit("1000000026"),
                Some(DebitResult::InsufficientFunds),
                "AM04",
            )
        },
        verdict(
            debit("1000000047"),
            Some(DebitResult::InsufficientFunds),
            "BRC_8I1",
        ),
        verdict(batch(2), Some(DebitResult::Duplicate), "DUPL"),
    ];
    assert_eq!(verdicts, expected);
}

#[test]
fn a_report_of_version_10_is_read() {
    let (report, verdicts) = read_all(REPORT_10.as_bytes()).unwrap();
    assert_eq!(
        (report.order.as_str(), report.verdicts),
        ("AUTOPAY-2026-11", 3)
    );
    let expected = [
        verdict(debit("1000000018"), Some(DebitResult::Accepted), "ACSC"),
        verdict(debit("1000000039"), None, "ACSP"),
        verdict(debit("1000000026"), Some(DebitResult::NoMandate), "MD01"),
    ];
    assert_eq!(verdicts, expected);
}

#[test]
fn a_report_that_does_not_say_whom_it_is_on_is_refused() {
    let name = "<OrgnlEndToEndId>A-2026-11-1000000018-1</OrgnlEndToEndId>";
    for (from, to, line, what) in [
        (
            "</OrgnlPmtInfAndSts>",
            "</OrgnlPmtInfAndSts><TxInfAndSts></TxInfAndSts>",
            27,
            "is the place of this",
        ),
        ("pain.002.001.10", "pain.002.001.11", 2, "in its namespace"),
        (name, "", 14, "OrgnlEndToEndId was expected"),
        (
            "<OrgnlPmtInfId>A-2026-11-1</OrgnlPmtInfId>",
            "",
            12,
            "OrgnlPmtInfId was expected",
        ),
        ("<TxSts>ACSC</TxSts>", "", 14, "TxSts"),
        (
            "<TxSts>ACSC</TxSts>",
            "<TxSts>GOOD</TxSts>",
            16,
            "a status such as",
        ),
        (
            "2026-11-20T20:16:00+08:00",
            "2026-11-22T20:16:00+08:00",
            6,
            "that has been",
        ),
        (
            "<OrgnlMsgId>AUTOPAY-2026-11</OrgnlMsgId>",
            "",
            1,
            "OrgnlMsgId was expected",
        ),
        (
            "</OrgnlPmtInfAndSts>",
            "<PmtInfSts>RJCT</PmtInfSts></OrgnlPmtInfAndSts>",
            27,
            "before the debits",
        ),
    ] {
        let text = REPORT_10.replacen(from, to, 1);
        assert_ne!(text, REPORT_10, "{from}");
        let refusal = read_all(text.as_bytes()).unwrap_err();
        assert_eq!(refusal.line, line, "{from}: {refusal}");
        assert!(refusal.what.contains(what), "{from}: {refusal}");
    }
    let refusal = read_all(STATEMENT_2.as_bytes()).unwrap_err();
    assert!(refusal.what.contains("pain.002"), "{refusal}");
}

/// A spoiled report names no debit that was not ordered, or is refused, except where the bytes of
/// a name were hit.
#[test]
fn ten_thousand_spoiled_reports_are_refused_or_whole() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut taken = 0;
    for _ in 0..10_000 {
        let bytes = spoiled(REPORT_3.as_bytes(), &mut random);
        let Ok((report, verdicts)) = read_all(&bytes) else {
            continue;
        };
        taken += 1;
        assert_eq!(usize::try_from(report.verdicts), Ok(verdicts.len()));
        let debits = verdicts
            .iter()
            .filter(|one| matches!(one.on, Scope::Debit { .. }));
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(debits.count(), 2, "{text}");
    }
    assert!((100..5_000).contains(&taken), "{taken}");
}

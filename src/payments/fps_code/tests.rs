//! Payloads that others published, our own, and every way to spoil one.

use super::*;

/// The strings that Odoo's tests expect, and three of ours.
const PUBLISHED: [&str; 5] = [
    "00020101021226330012hk.com.hkicl0313+852-6789123452040000530334454031005802HK5914company_1_data6002HK62170513INV/TEST/00016304A154",
    "00020101021226330012hk.com.hkicl0313+852-678912345204000053033445405100.55802HK5914company_1_data6002HK62170513INV/TEST/000263049E64",
    "00020101021226270012hk.com.hkicl0207123456752040000530334454072345.005802HK5902NA6002HK6228011012345678900510RENT20260163045B37",
    "00020101021126270012hk.com.hkicl020712345675204000053033445802HK5902NA6002HK63042E94",
    "00020101021226270012hk.com.hkicl0207123456752040000530334454071002.005802HK5902NA6002HK6228011012345678900510RENT20260163040DEC",
];

fn rent() -> FpsCode {
    FpsCode {
        payee: Payee::FpsId("1234567".to_owned()),
        is_dynamic: true,
        expires_at: None,
        amount: Some("2345.00".parse().unwrap()),
        amount_editable: false,
        merchant: "NA".to_owned(),
        bill_number: Some("1234567890".to_owned()),
        reference: Some("RENT202601".to_owned()),
    }
}

/// `text` with the checksum that it should have.
fn summed(text: &str) -> String {
    let before = format!("{}6304", text.split("6304").next().unwrap());
    format!("{before}{:04X}", CHECKSUM.checksum(before.as_bytes()))
}

#[test]
fn the_checksum_is_that_of_the_catalogue() {
    assert_eq!(CHECKSUM.checksum(b"123456789"), 0x29B1);
}

#[test]
fn ours_are_what_was_published() {
    let dear = FpsCode {
        amount: Some("1002.00".parse().unwrap()),
        ..rent()
    };
    let free = FpsCode {
        is_dynamic: false,
        amount: None,
        bill_number: None,
        reference: None,
        ..rent()
    };
    assert_eq!(rent().to_string(), PUBLISHED[2]);
    assert_eq!(free.to_string(), PUBLISHED[3]);
    // The checksum begins with a zero: it has four digits.
    assert_eq!(dear.to_string(), PUBLISHED[4]);
}

#[test]
fn published_ones_are_read_and_say_the_same() {
    for text in PUBLISHED {
        let code = FpsCode::read(text).unwrap();
        let again = FpsCode::read(&code.to_string()).unwrap();
        assert_eq!(again, code, "{text}");
    }
    let odoo = FpsCode::read(PUBLISHED[1]).unwrap();
    assert_eq!(odoo.payee, Payee::Mobile("+852-67891234".to_owned(), None));
    assert_eq!(odoo.amount, Some("100.50".parse().unwrap()));
    assert_eq!(odoo.reference.as_deref(), Some("INV/TEST/0002"));
    assert_eq!(FpsCode::read(PUBLISHED[2]).unwrap(), rent());
}

#[test]
fn what_others_write_differently_is_read() {
    let code = PUBLISHED[4];
    let small = code
        .to_lowercase()
        .replace("hk59", "HK59")
        .replace("02hk6", "02HK6");
    let small = small.replace("02na", "02NA").replace("rent", "RENT");
    assert_eq!(FpsCode::read(&small).unwrap(), FpsCode::read(code).unwrap());
    let spaced = format!("  {code}\r\n");
    assert!(FpsCode::read(&spaced).is_ok());
    // Another order, and an id that we do not know.
    let moved = summed("000201010212520400005303344540623455058 02HK");
    assert!(FpsCode::read(&moved).is_err());
    let moved =
        summed("00020126270012hk.com.hkicl020712345675303344520400006002HK5902NA5802HK8003abc6304");
    assert!(FpsCode::read(&moved).is_ok(), "{:?}", FpsCode::read(&moved));
    let mut whole = rent();
    whole.payee = Payee::Email("rent@example.hk".to_owned(), Some("004".to_owned()));
    whole.expires_at = NaiveDateTime::parse_from_str("20261130235959", EXPIRY).ok();
    whole.amount_editable = true;
    assert_eq!(FpsCode::read(&whole.to_string()).unwrap(), whole);
    // A length counts characters.
    whole.merchant = "房委會".to_owned();
    assert_eq!(FpsCode::read(&whole.to_string()).unwrap(), whole);
}

#[test]
fn what_is_wrong_is_refused_where_it_is() {
    let good = PUBLISHED[2];
    for (from, to, at, expected) in [
        ("000201", "000202", 5, "01, the version"),
        ("010212", "010213", 11, "11 or 12"),
        ("010212", "01x212", 9, "two digits of a length"),
        ("hk.com.hkicl", "hk.com.other", 21, "hk.com.hkicl"),
        ("02071234567", "0207123456x", 37, "seven to ten digits"),
        ("02071234567", "0707123 567", 44, "one of FPS id"),
        ("5303344", "5303840", 56, "344"),
        ("54072345.00", "54082345.000", 63, "two places"),
        ("54072345.00", "5408-2345.00", 63, "above zero"),
        ("54072345.00", "54070000.00", 63, "above zero"),
        ("54072345.00", "54072,345.0", 63, "above zero"),
        ("5802HK", "5802CN", 74, "HK, the country"),
        ("5902NA", "5302NA", 76, "did not come before"),
        ("5902NA", "9902NA", 128, "merchant's name"),
        ("6228", "6299", 92, "as many characters"),
        ("6228", "62x8", 90, "two digits of a length"),
    ] {
        let spoiled = summed(&good.replacen(from, to, 1));
        let error = FpsCode::read(&spoiled).unwrap_err();
        assert_eq!(error.at, at, "{to}: {error}");
        assert!(error.expected.contains(expected), "{to}: {error}");
    }
    for length in 0..good.len() {
        assert!(FpsCode::read(&good[..length]).is_err(), "{length}");
    }
    let other = good.replace("RENT202601", "RENT202602");
    assert_eq!(FpsCode::read(&other).unwrap_err().at, 124);
    let unsummed = &good[..good.len() - 8];
    assert!(
        FpsCode::read(unsummed)
            .unwrap_err()
            .expected
            .contains("checksum")
    );
}

proptest::proptest! {
    /// Nothing that is scanned makes the reader fall over, and what it takes says the same again.
    #[test]
    fn anything_is_read_or_refused(text in "\\PC{0,80}", cut in 0_usize..130, put in "\\PC{0,3}") {
        let _ = FpsCode::read(&text);
        let spoiled: String = PUBLISHED[2].chars().take(cut).chain(put.chars())
            .chain(PUBLISHED[2].chars().skip(cut + 1)).collect();
        if let Ok(code) = FpsCode::read(&summed(&spoiled)) {
            proptest::prop_assert_eq!(FpsCode::read(&code.to_string()), Ok(code));
        }
    }
}

//! What does not add up, or is no payment that can be told.

use crate::payments::files::tests::{
    NOTIFICATION_8, REPORT_3, STATEMENT_2, STATEMENT_8, assert_refused, read_all,
};

/// An element by its place in the text, as an editor shows it: `Amt` of the second entry and so on.
const AMOUNT: &str = "<Amt Ccy=\"HKD\">2364.00</Amt>";

#[test]
fn a_message_that_is_none_of_those_read_is_refused() {
    for (from, to, line, column, what) in [
        (
            "camt.053.001.02",
            "camt.053.001.03",
            2,
            1,
            "camt.053 or camt.054",
        ),
        ("urn:iso:std", "urn:example", 2, 1, "camt.053 or camt.054"),
        (
            "<Document xmlns",
            "<Document xmlns:x",
            2,
            1,
            "camt.053 or camt.054",
        ),
        (
            "<GrpHdr>",
            "<GrpHdr><Document>",
            8,
            5,
            "</Document> was expected",
        ),
        ("encoding=\"UTF-8\"", "encoding=\"Big5\"", 1, 1, "UTF-8"),
        ("version=\"1.0\"", "version=\"1.1\"", 1, 1, "XML 1.0"),
        (
            "</Stmt>",
            "</Stmt><Stmt></Stmt>",
            93,
            12,
            "a second account",
        ),
        (
            "<PgNb>1</PgNb>",
            "<PgNb>2</PgNb>",
            7,
            23,
            "a page of several",
        ),
        (
            ">true</LastPgInd>",
            ">false</LastPgInd>",
            7,
            42,
            "a page of several",
        ),
    ] {
        assert_refused(STATEMENT_2, (from, to), (line, column), what);
    }
    let refusal = read_all(REPORT_3.as_bytes()).unwrap_err();
    assert!(refusal.what.contains("settles nothing"), "{refusal}");
    // A notification's content in a statement's name.
    let mixed = NOTIFICATION_8.replacen("camt.054", "camt.053", 1);
    let refusal = read_all(mixed.as_bytes()).unwrap_err();
    let place = "Document/BkToCstmrStmt/Stmt/Ntry is the place of this";
    assert!(refusal.what.contains(place), "{refusal}");
}

/// What would be passed over where it stands is refused there.
#[test]
fn entries_that_stand_elsewhere_are_refused() {
    let place = "Document/BkToCstmrStmt/Stmt/Ntry";
    for (from, to, line, column) in [
        ("</Stmt>", "</Stmt><Ntry></Ntry>", 93, 12),
        ("</GrpHdr>", "<Ntry></Ntry></GrpHdr>", 8, 5),
        ("<NtryDtls>", "<NtryDtls><Btch><TxDtls/></Btch>", 43, 25),
    ] {
        assert_refused(STATEMENT_2, (from, to), (line, column), place);
    }
    // Of another namespace, it is nobody's business.
    let other = "<x:Ntry xmlns:x=\"urn:x\"/></GrpHdr>";
    let text = STATEMENT_2.replacen("</GrpHdr>", other, 1);
    assert_eq!(read_all(text.as_bytes()), read_all(STATEMENT_2.as_bytes()));
    let renamed = STATEMENT_2.replace("Document", "Dokument");
    let refusal = read_all(renamed.as_bytes()).unwrap_err();
    assert!(
        refusal.what.contains("<Document> was expected"),
        "{refusal}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one plain row a case")]
fn what_does_not_add_up_is_refused_where_it_is_said() {
    for (from, to, line, column, what) in [
        (
            ">54234.50<",
            ">54234.51<",
            22,
            24,
            "entries come to HK$54234.50",
        ),
        (
            ">100000.00<",
            ">100000.01<",
            22,
            24,
            "entries come to HK$54234.51",
        ),
        (
            "<Cd>OPBD</Cd>",
            "<Cd>ITBD</Cd>",
            9,
            5,
            "an opening (OPBD or PRCD)",
        ),
        ("<Cd>CLBD</Cd>", "<Cd>OPBD</Cd>", 22, 24, "told before"),
        (
            "<Cd>CLBD</Cd>",
            "<Cd>CLAV</Cd>",
            36,
            7,
            "the closing balance (CLBD)",
        ),
        (
            ">4</NbOfNtries>",
            ">5</NbOfNtries>",
            28,
            23,
            "says 5 entries, the file has 4",
        ),
        (">54854.50<", ">54854.51<", 29, 16, "HK$54854.51 of entries"),
        (">45765.50<", ">45765.51<", 30, 26, "HK$45765.51 of net"),
        (
            "<NbOfNtries>2</",
            "<NbOfNtries>3</",
            33,
            35,
            "says 3 credits",
        ),
        (">4544.50<", ">4544.51<", 33, 54, "HK$4544.51 of credits"),
        (">50310.00<", ">50310.01<", 34, 54, "HK$50310.01 of debits"),
        (
            ">980.50<",
            ">980.51<",
            50,
            7,
            "come to HK$2180.51, the entry to HK$2180.50",
        ),
        (
            "<NbOfTxs>2<",
            "<NbOfTxs>3<",
            57,
            26,
            "the batch says 3, it has 2",
        ),
        (">1200.00<", ">-200.00<", 60, 44, "an amount such as"),
    ] {
        assert_refused(STATEMENT_2, (from, to), (line, column), what);
    }
    // An entry twice, an entry less.
    let start = STATEMENT_2.find("      <Ntry>").unwrap();
    let end = STATEMENT_2.find("</Ntry>\n").unwrap() + "</Ntry>\n".len();
    let entry = &STATEMENT_2[start..end];
    for text in [
        STATEMENT_2.replacen(entry, "", 1),
        STATEMENT_2.replacen(entry, &[entry, entry].concat(), 1),
    ] {
        let refusal = read_all(text.as_bytes()).unwrap_err();
        assert!(refusal.what.contains("the closing balance is"), "{refusal}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one plain row a case")]
fn what_is_no_payment_that_can_be_told_is_refused() {
    for (from, to, line, column, what) in [
        (
            AMOUNT,
            "<Amt Ccy=\"CNY\">2364.00</Amt>",
            37,
            24,
            "Ccy=\"HKD\"",
        ),
        (AMOUNT, "<Amt>2364.00</Amt>", 37, 14, "Ccy=\"HKD\""),
        (
            AMOUNT,
            "<Amt Ccy=\"HKD\">2364.000</Amt>",
            37,
            24,
            "an amount such as",
        ),
        (
            AMOUNT,
            "<Amt Ccy=\"HKD\">2,364.00</Amt>",
            37,
            24,
            "an amount such as",
        ),
        (
            AMOUNT,
            "<Amt Ccy=\"HKD\"></Amt>",
            37,
            24,
            "an amount such as",
        ),
        (AMOUNT, "", 36, 7, "Amt, CdtDbtInd and Sts"),
        (
            "<Ccy>HKD</Ccy>",
            "<Ccy>USD</Ccy>",
            13,
            67,
            "HKD was expected",
        ),
        ("<ElctrncSeqNb>37</ElctrncSeqNb>", "", 9, 5, "ElctrncSeqNb"),
        (
            "<ElctrncSeqNb>",
            "<ElctrncSeqNb xmlns=\"urn:x\">",
            9,
            5,
            "ElctrncSeqNb",
        ),
        (
            "<Dt>2026-11-20</Dt></BookgDt>\n        <AcctSvcrRef>E-0004",
            "<Dt>2026-11-21</Dt></BookgDt>\n        <AcctSvcrRef>E-0004",
            89,
            22,
            "the entry is later",
        ),
        (
            ">37</ElctrncSeqNb>",
            ">0</ElctrncSeqNb>",
            11,
            21,
            "from 1 to 999999999",
        ),
        (
            "<Id>004-000-111111-002</Id>",
            "<Id>004/000</Id>",
            13,
            27,
            "an account",
        ),
        (
            "<Sts>BOOK</Sts>",
            "<Sts>MAYBE</Sts>",
            39,
            14,
            "BOOK or PDNG",
        ),
        (
            "<Sts>BOOK</Sts>",
            "<Sts>BOOK</Sts><Sts>BOOK</Sts>",
            39,
            29,
            "told before",
        ),
        (
            ">2026-11-20T10:31:07+",
            ">2026-11-21T10:31:07+",
            40,
            24,
            "later than the day",
        ),
        (
            ">2026-11-20T10:31:07+",
            ">2025-11-18T10:31:07+",
            40,
            24,
            "more than a year older",
        ),
        (
            ">2026-11-20T10:31:07+",
            ">2026-11-20 10:31:07+",
            40,
            24,
            "a date and time",
        ),
        (
            ">2026-11-19T23:59:59<",
            ">2026-11-21T00:00:00<",
            61,
            35,
            "later than the day",
        ),
        (
            "<AcctSvcrRef>B-0001<",
            "<AcctSvcrRef><",
            45,
            32,
            "a reference",
        ),
        (
            "<TxId>T-0021</TxId>",
            "",
            58,
            11,
            "AcctSvcrRef, UETR or TxId",
        ),
        (
            "<Ref>1000000018</Ref>",
            "<Ref>x<y/></Ref>",
            46,
            45,
            "a text beside an element",
        ),
    ] {
        assert_refused(STATEMENT_2, (from, to), (line, column), what);
    }
    for (from, to, line, column, what) in [
        (
            "<s:Dt><s:Dt>2026-11-20",
            "<s:Dt><s:Dt>2026-11-22",
            19,
            26,
            "yet to come",
        ),
        (
            "<s:Dt><s:Dt>2026-11-20",
            "<s:Dt><s:Dt>2025-11-19",
            19,
            26,
            "more than a year ago",
        ),
        (
            "<s:UETR>8a562c67-ca16-48ba-b074-65581be6f001</s:UETR>",
            "",
            36,
            11,
            "UETR or TxId",
        ),
        (
            "<s:Amt Ccy=\"HKD\">3600.00</s:Amt>\n            <",
            "<s:Amt Ccy=\"HKD\">3600.00</s:Amt><s:Amt Ccy=\"HKD\">1</s:Amt>\n            <",
            41,
            62,
            "told before",
        ),
    ] {
        assert_refused(STATEMENT_8, (from, to), (line, column), what);
    }
}

/// A lump of many payments names nobody: it is not taken for one payment.
#[test]
fn a_batch_without_its_payments_is_refused() {
    let from = STATEMENT_2
        .find("          <TxDtls>\n            <Refs><AcctSvcrRef>E-0002")
        .unwrap();
    let until = from + STATEMENT_2[from..].find("        </NtryDtls>").unwrap();
    let text = format!("{}{}", &STATEMENT_2[..from], &STATEMENT_2[until..]);
    let refusal = read_all(text.as_bytes()).unwrap_err();
    assert_eq!(refusal.line, 57, "{refusal}");
    assert!(
        refusal.what.contains("the details of 2 payments"),
        "{refusal}"
    );
}

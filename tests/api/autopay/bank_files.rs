//! What a bank sends of the debits that we order.

use std::fmt::Write as _;

/// Where autopay's money is collected.
const ACCOUNT: &str = "004000111111001";

pub fn cents(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap()
}

/// A debit of HSBC's collection file: what we called it, how much, and its status.
pub type Said<'a> = (&'a str, &'a str, &'a str);

/// HSBC's collection file of `day`, such as `20261124`.
pub fn collection_file(day: &str, debits: &[Said<'_>]) -> String {
    let header = format!("UHL1{day}{ACCOUNT}A01{ACCOUNT}");
    let mut text = format!("{header:<400}\n");
    for (reference, amount, status) in debits {
        let debtor = "OF THE BANK'S OWN";
        let cents = cents(amount);
        let line = format!(
            "A01{day}{:<12}{debtor:<35}{:<181}{cents:0>17}{reference:<35}{status}",
            "RENT202611", "004BBAN111222333001"
        );
        writeln!(text, "{line:<400}").unwrap();
    }
    text
}

/// What a statement has: a credit of a debit, of many together, or one that is taken back.
pub enum Entry<'a> {
    Paid(&'a str, &'a str),
    Batch(&'a str),
    Returned(&'a str, &'a str),
}

fn entries(day: &str, entries: &[Entry<'_>]) -> (String, i64) {
    let (mut text, mut sum) = (String::new(), 0);
    for (number, entry) in entries.iter().enumerate() {
        let (direction, amount, details) = match entry {
            Entry::Paid(reference, amount) => (
                "CRDT",
                amount,
                format!("<Refs><EndToEndId>{reference}</EndToEndId></Refs>"),
            ),
            Entry::Batch(amount) => ("CRDT", amount, "<Refs></Refs>".to_owned()),
            Entry::Returned(reference, amount) => (
                "DBIT",
                amount,
                format!(
                    "<Refs><EndToEndId>{reference}</EndToEndId></Refs>\
                     <RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"
                ),
            ),
        };
        sum += if direction == "CRDT" { 1 } else { -1 } * cents(amount);
        writeln!(
            text,
            "<Ntry><Amt Ccy=\"HKD\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
             <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>\
             <AcctSvcrRef>BANK-{number}</AcctSvcrRef>\
             <NtryDtls><TxDtls>{details}</TxDtls></NtryDtls></Ntry>"
        )
        .unwrap();
    }
    (text, sum)
}

/// Statement 1 of the account.
pub fn statement(of: &[Entry<'_>]) -> String {
    numbered_statement((1, "2026-11-24"), of)
}

/// Statement `number` of the account, of `day`.
pub fn numbered_statement((number, day): (u32, &str), of: &[Entry<'_>]) -> String {
    let (entries, sum) = entries(day, of);
    let balance = |kind: &str, cents: i64| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>\
             <Amt Ccy=\"HKD\">{}.{:02}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>{day}</Dt></Dt></Bal>",
            cents / 100,
            cents % 100
        )
    };
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>M-{number}</MsgId><CreDtTm>{day}T19:00:00+08:00</CreDtTm></GrpHdr>\
         <Stmt><Id>{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>\
         <Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id></Acct>{}{}{entries}</Stmt>\
         </BkToCstmrStmt></Document>",
        balance("OPBD", 10_000_000),
        balance("CLBD", 10_000_000 + sum),
    )
}

/// Notification 1 of the account.
pub fn notification(of: &[Entry<'_>]) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">\
         <BkToCstmrDbtCdtNtfctn><GrpHdr><CreDtTm>2026-11-24T19:30:00+08:00</CreDtTm></GrpHdr>\
         <Ntfctn><ElctrncSeqNb>1</ElctrncSeqNb>\
         <Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id></Acct>{}</Ntfctn>\
         </BkToCstmrDbtCdtNtfctn></Document>",
        entries("2026-11-24", of).0
    )
}

/// A status report on `order`: what it says of it, and of debits, each a status and a reason.
pub fn status_report(order: &str, whole: &str, debits: &[Said<'_>]) -> String {
    let mut verdicts = String::new();
    for (reference, status, reason) in debits {
        let reason = match *reason {
            "" => String::new(),
            reason => format!("<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>"),
        };
        write!(
            verdicts,
            "<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId>\
             <TxSts>{status}</TxSts>{reason}</TxInfAndSts>"
        )
        .unwrap();
    }
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>\
         <GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-11-24T20:00:00+08:00</CreDtTm></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>{order}</OrgnlMsgId>\
         <OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{whole}</OrgnlGrpInfAndSts>\
         <OrgnlPmtInfAndSts><OrgnlPmtInfId>{order}</OrgnlPmtInfId>{verdicts}</OrgnlPmtInfAndSts>\
         </CstmrPmtStsRpt></Document>"
    )
}

pub const REFUSED: &str = "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>";

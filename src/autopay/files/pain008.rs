//! FPS electronic direct debit: ISO 20022 `pain.008.001.08`, one payment instruction with a
//! transaction a debit.
//!
//! Banks are named by their clearing codes, accounts by their numbers; the mandate is named as the
//! bank named it when it was verified. One transaction a line, nothing else between elements.

use std::io;

use chrono::FixedOffset;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Batch, Instruction, NoRoom};
use crate::kernel::money::Money;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08";
const HONG_KONG: i32 = 8 * 3600;
/// What stays open while the debits are written.
const AROUND: [&str; 3] = ["Document", "CstmrDrctDbtInitn", "PmtInf"];

/// An element and what is in it.
enum Element<'a> {
    Text(&'static str, &'a str),
    Amount(Money),
    Of(&'static str, Vec<Element<'a>>),
}

use Element::{Amount, Of, Text};

fn write(to: &mut Writer<Vec<u8>>, element: &Element<'_>) -> io::Result<()> {
    match element {
        Text(name, text) => {
            to.create_element(*name)
                .write_text_content(BytesText::new(text))?;
        }
        Amount(amount) => {
            to.create_element("InstdAmt")
                .with_attribute(("Ccy", "HKD"))
                .write_text_content(BytesText::new(&amount.to_string()))?;
        }
        Of(name, content) => {
            to.write_event(Event::Start(BytesStart::new(*name)))?;
            for element in content {
                write(to, element)?;
            }
            to.write_event(Event::End(BytesEnd::new(*name)))?;
        }
    }
    Ok(())
}

/// A bank by its clearing code.
fn agent<'a>(name: &'static str, bank: &'a str) -> Element<'a> {
    let member = Of("ClrSysMmbId", vec![Text("MmbId", bank)]);
    Of(name, vec![Of("FinInstnId", vec![member])])
}

/// An account by its number.
fn account<'a>(name: &'static str, number: &'a str) -> Element<'a> {
    let other = Of("Othr", vec![Text("Id", number)]);
    Of(name, vec![Of("Id", vec![other])])
}

fn whole(written: io::Result<()>, to: Writer<Vec<u8>>) -> Result<Vec<u8>, NoRoom> {
    // Writing to memory does not fail.
    written.map_err(|_| NoRoom("the file"))?;
    Ok(to.into_inner())
}

pub(super) fn opening(batch: &Batch) -> Result<Vec<u8>, NoRoom> {
    let mut to = Writer::new(Vec::new());
    let written = open(&mut to, batch);
    whole(written, to)
}

fn open(to: &mut Writer<Vec<u8>>, batch: &Batch) -> io::Result<()> {
    let zone = FixedOffset::east_opt(HONG_KONG);
    let made = zone.map(|zone| batch.requested_at.with_timezone(&zone));
    let made = made.map(|made| made.format("%Y-%m-%dT%H:%M:%S%:z").to_string());
    let made = made.unwrap_or_default();
    let (count, sum) = (batch.lines.to_string(), batch.amount.to_string());
    let (day, creditor) = (batch.collect_on.to_string(), &batch.creditor);
    let [document, initiation, payment] = AROUND;
    to.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    to.write_event(Event::Start(
        BytesStart::new(document).with_attributes([("xmlns", NAMESPACE)]),
    ))?;
    to.write_event(Event::Start(BytesStart::new(initiation)))?;
    let header = vec![
        Text("MsgId", &batch.reference),
        Text("CreDtTm", &made),
        Text("NbOfTxs", &count),
        Text("CtrlSum", &sum),
        Of("InitgPty", vec![Text("Nm", &creditor.name)]),
    ];
    write(to, &Of("GrpHdr", header))?;
    to.write_event(Event::Start(BytesStart::new(payment)))?;
    for element in [
        Text("PmtInfId", &batch.reference),
        Text("PmtMtd", "DD"),
        Text("NbOfTxs", &count),
        Text("CtrlSum", &sum),
        Text("ReqdColltnDt", &day),
        Of("Cdtr", vec![Text("Nm", &creditor.name)]),
        account("CdtrAcct", &creditor.account),
        agent("CdtrAgt", &creditor.bank),
    ] {
        write(to, &element)?;
    }
    to.get_mut().push(b'\n');
    Ok(())
}

pub(super) fn instruction(one: &Instruction<'_>) -> Result<Vec<u8>, NoRoom> {
    let code = one.code.to_string();
    let mandate = Of("MndtRltdInf", vec![Text("MndtId", one.mandate)]);
    let transaction = vec![
        Of("PmtId", vec![Text("EndToEndId", one.reference)]),
        Amount(one.amount),
        Of("DrctDbtTx", vec![mandate]),
        agent("DbtrAgt", one.bank),
        Of("Dbtr", vec![Text("Nm", one.holder)]),
        account("DbtrAcct", one.account),
        Of("RmtInf", vec![Text("Ustrd", &code)]),
    ];
    let mut to = Writer::new(Vec::new());
    let written = write(&mut to, &Of("DrctDbtTxInf", transaction));
    to.get_mut().push(b'\n');
    whole(written, to)
}

pub(super) fn closing() -> Result<Vec<u8>, NoRoom> {
    let mut to = Writer::new(Vec::new());
    let written = AROUND
        .iter()
        .rev()
        .try_for_each(|name| to.write_event(Event::End(BytesEnd::new(*name))));
    to.get_mut().push(b'\n');
    whole(written, to)
}

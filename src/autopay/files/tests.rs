//! Golden files: every byte of both layouts.

use super::*;
use crate::payments::files::DebitReference;

fn batch(rail: Rail) -> Batch {
    Batch {
        rail,
        reference: "AP20261201".to_owned(),
        collect_on: "2026-12-01".parse().unwrap(),
        requested_at: "2026-11-25T01:02:03.456Z".parse().unwrap(),
        lines: 2,
        amount: "9999999.99".parse().unwrap(),
        creditor: Creditor {
            payment_code: "R01".to_owned(),
            bank: "004".to_owned(),
            account: "808123456001".to_owned(),
            name: "HK Housing Authority".to_owned(),
        },
    }
}

fn instructions() -> [Instruction<'static>; 2] {
    let one = Instruction {
        bank: "004",
        account: "123456789001",
        holder: "CHAN TAI MAN",
        mandate: "DDA-1",
        code: "1000000018".parse().unwrap(),
        reference: "202612100000001801",
        amount: "0.01".parse().unwrap(),
    };
    let other = Instruction {
        bank: "012",
        account: "012345678901234",
        holder: "LEE & SONS <\"MEI\">",
        mandate: "陳/2",
        reference: "202612100000002601",
        amount: "9999999.98".parse().unwrap(),
        ..one
    };
    [one, other]
}

fn file(rail: Rail) -> String {
    let batch = batch(rail);
    let mut bytes = batch.opening().unwrap();
    for one in instructions() {
        bytes.extend(batch.instruction(&one).unwrap());
    }
    bytes.extend(batch.closing().unwrap());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_autopay_file_is_this_byte_for_byte() {
    let blank = |count: usize| " ".repeat(count);
    let detail = |account: &str, cents: &str, reference: &str, name: &str| {
        let start = format!("PD{account}{cents}1000000018{}{reference}", blank(25));
        format!("{start}{}{name}{}\r\n", blank(17), blank(270 - name.len()))
    };
    let expected = [
        format!(
            "PHFR01AP20261201  20261201808123456001SAHKD{}HKD0000002{}{}\r\n",
            blank(18),
            "00000000999999999",
            blank(312)
        ),
        detail(
            &format!("004BBAN123456789001{}", blank(22)),
            "00000000000000001",
            "202612100000001801",
            "CHAN TAI MAN",
        ),
        detail(
            &format!("012BBAN012345678901234{}", blank(19)),
            "00000000999999998",
            "202612100000002601",
            "LEE & SONS <\"MEI\">",
        ),
    ];
    let file = file(Rail::Autopay);
    assert_eq!(file, expected.concat());
    for line in file.split_terminator("\r\n") {
        assert_eq!(line.len(), 400);
    }
}

#[test]
fn the_fps_file_is_this_byte_for_byte() {
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
        <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.008.001.08\"><CstmrDrctDbtInitn>\
        <GrpHdr><MsgId>AP20261201</MsgId><CreDtTm>2026-11-25T09:02:03+08:00</CreDtTm>\
        <NbOfTxs>2</NbOfTxs><CtrlSum>9999999.99</CtrlSum>\
        <InitgPty><Nm>HK Housing Authority</Nm></InitgPty></GrpHdr>\
        <PmtInf><PmtInfId>AP20261201</PmtInfId><PmtMtd>DD</PmtMtd><NbOfTxs>2</NbOfTxs>\
        <CtrlSum>9999999.99</CtrlSum><ReqdColltnDt>2026-12-01</ReqdColltnDt>\
        <Cdtr><Nm>HK Housing Authority</Nm></Cdtr>\
        <CdtrAcct><Id><Othr><Id>808123456001</Id></Othr></Id></CdtrAcct>\
        <CdtrAgt><FinInstnId><ClrSysMmbId><MmbId>004</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>\n\
        <DrctDbtTxInf><PmtId><EndToEndId>202612100000001801</EndToEndId></PmtId>\
        <InstdAmt Ccy=\"HKD\">0.01</InstdAmt>\
        <DrctDbtTx><MndtRltdInf><MndtId>DDA-1</MndtId></MndtRltdInf></DrctDbtTx>\
        <DbtrAgt><FinInstnId><ClrSysMmbId><MmbId>004</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>\
        <Dbtr><Nm>CHAN TAI MAN</Nm></Dbtr>\
        <DbtrAcct><Id><Othr><Id>123456789001</Id></Othr></Id></DbtrAcct>\
        <RmtInf><Ustrd>1000000018</Ustrd></RmtInf></DrctDbtTxInf>\n\
        <DrctDbtTxInf><PmtId><EndToEndId>202612100000002601</EndToEndId></PmtId>\
        <InstdAmt Ccy=\"HKD\">9999999.98</InstdAmt>\
        <DrctDbtTx><MndtRltdInf><MndtId>陳/2</MndtId></MndtRltdInf></DrctDbtTx>\
        <DbtrAgt><FinInstnId><ClrSysMmbId><MmbId>012</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>\
        <Dbtr><Nm>LEE &amp; SONS &lt;&quot;MEI&quot;&gt;</Nm></Dbtr>\
        <DbtrAcct><Id><Othr><Id>012345678901234</Id></Othr></Id></DbtrAcct>\
        <RmtInf><Ustrd>1000000018</Ustrd></RmtInf></DrctDbtTxInf>\n\
        </PmtInf></CstmrDrctDbtInitn></Document>\n";
    assert_eq!(file(Rail::FpsDebit), expected);
}

#[test]
fn what_does_not_fit_is_refused_and_never_cut_off() {
    let batch = batch(Rail::Autopay);
    let [one, _] = instructions();
    for (wrong, field) in [
        (
            Instruction {
                bank: "0045",
                ..one
            },
            "the bank",
        ),
        (
            Instruction {
                holder: "陳大文",
                ..one
            },
            "the name",
        ),
        (
            Instruction {
                holder: "A\r\nPD",
                ..one
            },
            "the name",
        ),
    ] {
        assert_eq!(batch.instruction(&wrong), Err(NoRoom(field)));
    }
    let many = Batch {
        reference: "A".repeat(13),
        ..batch
    };
    assert_eq!(many.opening(), Err(NoRoom("the batch reference")));
}

#[test]
fn a_debit_is_called_by_month_household_and_attempt() {
    let code = "1000000018".parse().unwrap();
    let month = "2026-12".parse().unwrap();
    assert_eq!(
        DebitReference {
            month,
            code,
            attempt: 1
        }
        .to_string(),
        "202612100000001801"
    );
}

#[test]
fn an_order_is_known_by_what_we_called_it() {
    let month = "2026-12".parse().unwrap();
    for (word, expected) in [
        ("AP20261201", Some((Rail::Autopay, month, 1))),
        ("ED20261202", Some((Rail::FpsDebit, month, 2))),
        ("AP202612100", Some((Rail::Autopay, month, 100))),
        ("AP2026121", None),
        ("AP20261301", None),
        ("AP202612+1", None),
        ("AX20261201", None),
        ("AP", None),
        ("", None),
    ] {
        assert_eq!(ordered_as(word), expected, "{word}");
    }
}

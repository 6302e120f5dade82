//! The Faster Payment System: told as it happens, signed, over HTTP; settled by the statement.

use serde_json::{Value, json};

use super::Stage;
use super::bank::{Entry, statement};
use super::calls::word;
use super::households::misread;
use crate::cli::Failure;
use crate::kernel::role::Role;
use crate::payments::Channel;
use crate::platform::auth::signed_request::{Request, sign};
use crate::sign_in::Signer;

/// Where it is collected.
const ACCOUNT: &str = "004000111111003";
const PATH: &str = "/v1/payment-notices";
/// Of the ten payments, by their place.
const TOLD_TWICE: usize = 2;
const MISREAD: usize = 6;
const IN_NO_FILE: usize = 9;

/// Ten payments are told, one of them twice and one to a misread code; the statement lacks one.
pub fn play(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let Some(day) = stage.days.first().copied() else {
        return Ok(());
    };
    let signer = stage.api.program()?;
    let client = json!({ "client": signer.client });
    let appoint = "/v1/payment-channels/fps/clients";
    stage.api.post(Role::Administrator, appoint, &client)?;
    let date = day.format("%Y%m%d");
    let (mut outcomes, mut entries, mut sent) = (Vec::new(), Vec::new(), 0);
    for (place, (code, due)) in stage.households.some(72, 10).into_iter().enumerate() {
        let account = if place == MISREAD {
            misread(code)
        } else {
            code.to_string()
        };
        let reference = format!("FPS{date}{place:06}");
        let notice = json!({
            "channel": "fps", "event": format!("{reference}-paid"), "reference": reference,
            "state": "paid", "account": account, "amount": due,
            "instructed_at": Stage::at(day, place), "place": "iHousing",
        });
        let times = if place == TOLD_TWICE { 2 } else { 1 };
        for _ in 0..times {
            sent += 1;
            outcomes.push((reference.clone(), tell(stage, signer, &notice, sent)?));
        }
        if place != IN_NO_FILE {
            entries.push(Entry::new(reference, account, due));
        }
    }
    // The same news again is answered as before.
    outcomes.dedup();
    let outcomes = outcomes.iter().map(|(_, outcome)| outcome.as_str());
    let counted = counted(outcomes);
    stage.say(format_args!(
        "  told as they happen, in {sent} signed notices: {counted}"
    ));
    let number = stage.next_number(Channel::Fps, &format!("camt.053 {ACCOUNT}"))?;
    let text = statement((ACCOUNT, number, day), &entries, Stage::at(day, 30))?;
    stage.take(&format!("statement-fps-{date}.xml"), text.as_bytes())?;
    Ok(())
}

/// What the API makes of `notice`.
fn tell(
    stage: &Stage<'_>,
    signer: &Signer,
    notice: &Value,
    number: usize,
) -> Result<String, Failure> {
    let body = notice.to_string().into_bytes();
    let request = Request {
        method: "POST",
        path: PATH,
        body: &body,
    };
    let now = stage.now();
    let nonce = format!("demo-{}-{number:06}", now.timestamp_micros());
    let key = (signer.client.as_str(), nonce.as_str());
    let headers = sign(request, key, now, |base| signer.key.sign(base));
    let told = stage.api.tell(PATH, &headers, &body)?;
    Ok(word(&told, "outcome").to_owned())
}

/// How many there are of each outcome, in the order of their first.
fn counted<'a>(outcomes: impl Iterator<Item = &'a str>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for outcome in outcomes {
        match counts.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, count)) => *count += 1,
            None => counts.push((outcome, 1)),
        }
    }
    let counts = counts.into_iter();
    let counts: Vec<_> = counts
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    counts.join(", ")
}

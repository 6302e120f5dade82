//! Programs of payment channels that tell of payments: requests signed beforehand, sent over
//! connections that are kept, as fast as they are answered or at a given pace.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::payments::Channel;
use kaifong::platform::auth::signed_request::{Request, sign};
use kaifong::platform::crypto::SigningKey;
use serde_json::json;
use uuid::Uuid;

use super::payments::code;
use super::tools::Database;

const PATH: &str = "/v1/payment-notices";
/// None of them tells so often that it is held back.
const PROGRAMS: usize = 8;

/// Programs that may speak for every channel that is open.
pub struct Tellers {
    keys: Vec<(Uuid, SigningKey)>,
    pub channels: Vec<Channel>,
    /// The first and the last household.
    pub homes: (i64, i64),
    told: u64,
}

impl Tellers {
    pub fn appoint(database: &Database) -> Self {
        let keys = (0..PROGRAMS).map(|_| (Uuid::new_v4(), SigningKey::generate().unwrap()));
        let keys: Vec<_> = keys.collect();
        for (id, key) in &keys {
            let x = URL_SAFE_NO_PAD.encode(key.public());
            database.psql(&format!(
                "INSERT INTO client (id, kind, name, state, public_key, created_by, created_at, \
                     approved_by, approved_at) VALUES ('{id}', 'payment_channel', 'bench', \
                     'active', '{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}', 'one', \
                     now(), 'two', now()); \
                 INSERT INTO channel_client SELECT '{id}', channel, 'one', now() \
                 FROM payment_channel WHERE {OPEN}"
            ));
        }
        let open = format!("SELECT channel FROM payment_channel WHERE {OPEN} ORDER BY channel");
        let open = database.psql(&open);
        let homes = database.psql("SELECT min(number) || ' ' || max(number) FROM household");
        let (first, last) = homes.trim().split_once(' ').unwrap();
        Self {
            keys,
            channels: open.lines().map(|word| word.parse().unwrap()).collect(),
            homes: (first.parse().unwrap(), last.parse().unwrap()),
            told: 0,
        }
    }

    /// One of the programs.
    pub fn one(&self) -> Uuid {
        self.keys[0].0
    }

    /// So many new payments by `channels` in turn, each of a household here or there, signed now.
    pub fn write(&mut self, many: usize, channels: &[Channel]) -> Vec<Vec<u8>> {
        let (first, last) = self.homes;
        let letters = (0..many).map(|at| {
            self.told += 1;
            let number = self.told;
            // A step without a divisor in common with most numbers of households.
            let home = i64::try_from(number).unwrap() * 7_919 % (last - first + 1);
            let body = json!({
                "channel": channels[at % channels.len()], "event": format!("E-{number}"),
                "reference": format!("T-{number}"), "state": "paid",
                "account": code(&(first + home).to_string()).to_string(), "amount": "10.00",
                "instructed_at": SystemClock.now(), "place": "7-Eleven",
            });
            let (id, key) = &self.keys[at % self.keys.len()];
            letter(&body.to_string(), (&id.to_string(), key), number)
        });
        letters.collect()
    }
}

/// Of the terms of channels: those of today.
const OPEN: &str = "replaced_at IS NULL AND valid_from <= current_date \
     AND coalesce(valid_to, 'infinity') >= current_date";

/// A request as it goes over the wire.
fn letter(body: &str, (id, key): (&str, &SigningKey), number: u64) -> Vec<u8> {
    let request = Request {
        method: "POST",
        path: PATH,
        body: body.as_bytes(),
    };
    let nonce = format!("nonce-{number:016}");
    let signed = sign(request, (id, &nonce), SystemClock.now(), |base| {
        key.sign(base)
    });
    let letter = format!(
        "POST {PATH} HTTP/1.1\r\nHost: kaifong\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nContent-Digest: {}\r\nSignature-Input: {}\r\nSignature: {}\r\n\r\n{body}",
        body.len(),
        signed.content_digest,
        signed.signature_input,
        signed.signature,
    );
    letter.into_bytes()
}

/// What came of requests.
pub struct Heard {
    pub took: Duration,
    /// From when each was meant to be sent until it was answered, the shortest first; those only
    /// that were taken.
    pub latencies: Vec<Duration>,
    /// Refused, or never answered.
    pub dropped: usize,
}

impl Heard {
    /// Taken a second.
    pub fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.latencies.len()).unwrap()) / self.took.as_secs_f64()
    }

    /// In milliseconds, what so many of a thousand stayed below.
    pub fn below(&self, of_a_thousand: usize) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (self.latencies.len() * of_a_thousand / 1_000).min(last);
        let latency = self.latencies.get(at).copied().unwrap_or_default();
        latency.as_secs_f64() * 1_000.0
    }
}

/// Sends `letters` over so many connections: each when it is its turn, `pace` apart, whether
/// others are answered or not; without a pace, when the one before on its connection is answered.
pub fn send(
    address: &str,
    connections: usize,
    letters: &[Vec<u8>],
    pace: Option<Duration>,
) -> Heard {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let each = thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|_| {
                let sender = thread::Builder::new().stack_size(128 << 10);
                let send = || send_in_turn(address, letters, &next, (began, pace));
                sender.spawn_scoped(scope, send).unwrap()
            })
            .collect();
        let each = senders.into_iter().map(|sender| sender.join().unwrap());
        each.collect::<Vec<_>>()
    });
    let took = began.elapsed();
    let mut latencies: Vec<Duration> = each.into_iter().flatten().collect();
    latencies.sort_unstable();
    Heard {
        took,
        dropped: letters.len() - latencies.len(),
        latencies,
    }
}

/// One connection's share; the latencies of those that were taken.
fn send_in_turn(
    address: &str,
    letters: &[Vec<u8>],
    next: &AtomicUsize,
    (began, pace): (Instant, Option<Duration>),
) -> Vec<Duration> {
    let mut taken = Vec::new();
    let mut line = None;
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(letter) = letters.get(at) else {
            return taken;
        };
        let meant = match pace {
            Some(pace) => began + pace * u32::try_from(at).unwrap(),
            None => Instant::now(),
        };
        thread::sleep(meant.saturating_duration_since(Instant::now()));
        let mut open = match line.take() {
            Some(open) => open,
            None => BufReader::new(TcpStream::connect(address).unwrap()),
        };
        if let Ok(status) = ask(&mut open, letter) {
            if status == 200 {
                taken.push(meant.elapsed());
            }
            line = Some(open);
        }
    }
}

/// The status of the answer.
fn ask(line: &mut BufReader<TcpStream>, letter: &[u8]) -> std::io::Result<u16> {
    line.get_mut().write_all(letter)?;
    let (mut status, mut length) = (0, 0);
    let mut header = String::new();
    loop {
        header.clear();
        if line.read_line(&mut header)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(rest) = header.strip_prefix("http/1.1 ") {
            status = rest.split(' ').next().unwrap().parse().unwrap();
        }
        if let Some(rest) = header.strip_prefix("content-length: ") {
            length = rest.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    line.read_exact(&mut body)?;
    Ok(status)
}

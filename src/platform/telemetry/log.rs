//! Structured logs: readable on a terminal, JSON otherwise, one line an event.
//!
//! * Only the fields in [`FIELDS`] are written with their values; of any other, a dependency's
//!   say, its name.
//! * A line that has a valid identity card number all the same is an alarm: the number is masked
//!   and the line counted. That is not what keeps people out of the log; the rule above is.

use std::fmt::{self, Write as _};
use std::io::{IsTerminal, Write};
use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use chrono::{SecondsFormat, Utc};
use prometheus::IntCounter;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Span, Subscriber};
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Scope};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use super::scrub::scrub;
use crate::platform::config::LogFormat;

/// What it says of an authenticator's answer that does not read has bytes of the answer in it.
const SILENT: &str = "webauthn_rs_core=off";

/// The fields that are written. None is ever given what a caller typed.
const FIELDS: &[&str] = &[
    "message",
    "attempts",
    "cluster",
    "destroyed",
    "error",
    "error.cause",
    "id",
    "job",
    "kind",
    "listen",
    "method",
    "route",
    "setting",
    "status",
    "url",
    "what",
];

/// Written for the value of any other.
const UNLISTED: &str = "(not listed)";

/// The field that carries the target of what came by the `log` crate.
const LOG_TARGET: &str = "log.target";

/// How many lines had an identity card number in them.
pub(super) static SCRUBBED: LazyLock<Option<IntCounter>> = LazyLock::new(|| {
    let name = "kaifong_log_scrubbed_total";
    IntCounter::new(name, "Log lines that had an identity card number in them").ok()
});

/// Starts logging to standard error. A second start in one process changes nothing.
pub fn start(filter: &str, format: LogFormat) {
    let json = match format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = Lines {
        json,
        write: |line: &str| {
            // Where else could it be told?
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        },
    };
    let _ = Registry::default()
        .with(EnvFilter::new(format!("{SILENT},{filter}")))
        .with(lines)
        .try_init();
}

/// Writes a line an event.
pub(super) struct Lines<W> {
    pub json: bool,
    pub write: W,
}

/// The fields of an event or a span, as they may be written.
#[derive(Default)]
struct Listed {
    fields: Map<String, Value>,
    /// Of what came by the `log` crate.
    target: Option<String>,
}

impl Listed {
    fn add(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match name {
            LOG_TARGET => self.target = value.as_str().map(str::to_owned),
            _ if name.starts_with("log.") => {}
            _ if FIELDS.contains(&name) => _ = self.fields.insert(name.to_owned(), value),
            _ => _ = self.fields.insert(name.to_owned(), json!(UNLISTED)),
        }
    }
}

impl Visit for Listed {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, json!(value));
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut listed = Listed::default();
        attributes.record(&mut listed);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(listed);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(listed) = span.extensions_mut().get_mut::<Listed>()
        {
            values.record(listed);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut listed = Listed::default();
        event.record(&mut listed);
        let mut spans = Vec::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            let fields = span
                .extensions()
                .get::<Listed>()
                .map(|listed| listed.fields.clone());
            spans.push((span.name(), fields.unwrap_or_default()));
        }
        let metadata = event.metadata();
        let target = listed.target.as_deref().unwrap_or(metadata.target());
        // When it is written, not when what it tells of happened: no rule goes by it.
        #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let head = (now.as_str(), metadata.level().as_str(), target);
        let line = if self.json {
            json_line(head, listed.fields.clone(), spans)
        } else {
            text_line(head, listed.fields.clone(), spans)
        };
        let (line, found) = scrub(&line);
        if found && let Some(scrubbed) = &*SCRUBBED {
            scrubbed.inc();
        }
        (self.write)(&line);
    }
}

type Spans = Vec<(&'static str, Map<String, Value>)>;

fn json_line(head: (&str, &str, &str), mut fields: Map<String, Value>, spans: Spans) -> String {
    let (now, level, target) = head;
    let spans = spans.into_iter().map(|(name, mut fields)| {
        fields.insert("name".to_owned(), json!(name));
        Value::Object(fields)
    });
    fields.insert("spans".to_owned(), spans.collect());
    for (name, value) in [("timestamp", now), ("level", level), ("target", target)] {
        fields.insert(name.to_owned(), json!(value));
    }
    Value::Object(fields).to_string() + "\n"
}

fn text_line(head: (&str, &str, &str), mut fields: Map<String, Value>, spans: Spans) -> String {
    let (now, level, _) = head;
    let mut line = format!("{now} {level:>5} ");
    // Writing to a string cannot fail.
    for (name, fields) in spans {
        let _ = write!(line, "{name}{{{}}}: ", told(&fields));
    }
    if let Some(message) = fields.remove("message") {
        let _ = write!(line, "{} ", plain(&message));
    }
    let _ = writeln!(line, "{}", told(&fields));
    line
}

fn told(fields: &Map<String, Value>) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", plain(value)));
    fields.collect::<Vec<_>>().join(" ")
}

/// One line, whatever is in it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text
            .escape_debug()
            .to_string()
            .replace("\\'", "'")
            .replace("\\\"", "\""),
        other => other.to_string(),
    }
}

/// One span a request: id, method and the route's pattern, nothing the caller typed.
pub struct RequestLog;

impl RootSpanBuilder for RequestLog {
    fn on_request_start(request: &ServiceRequest) -> Span {
        use actix_web::HttpMessage;
        let id = request
            .extensions()
            .get::<RequestId>()
            .map(ToString::to_string);
        let route = request.match_pattern();
        tracing::info_span!(
            "request",
            id = id.unwrap_or_default(),
            method = %request.method(),
            route = route.unwrap_or_else(|| "unmatched".to_owned()),
            status = tracing::field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(
        span: Span,
        outcome: &Result<ServiceResponse<B>, actix_web::Error>,
    ) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", status.as_u16());
        tracing::debug!(parent: &span, "answered");
    }
}

//! Requests and answers.

use actix_http::Request;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use serde_json::Value;

/// A request to send.
pub struct Call {
    request: TestRequest,
    scope: Option<String>,
    by: String,
}

impl Call {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            request: TestRequest::default()
                .method(method.parse().unwrap())
                .uri(path),
            scope: None,
            by: "officer-7".to_owned(),
        }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// Adds a token that holds `scope`.
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    /// The operator's token is of `name`.
    pub fn by(mut self, name: &str) -> Self {
        name.clone_into(&mut self.by);
        self
    }

    /// Adds `token` as it is.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.request = self.request.set_form(fields);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.insert_header((name, value));
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub fn json(mut self, body: Value) -> Self {
        self.request = self.request.set_json(body);
        self
    }

    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.set_payload(body.into());
        self
    }

    pub(super) fn into_request(self, token: impl FnOnce(&str, &str) -> String) -> Request {
        let by = self.by;
        let bearer = self
            .scope
            .map(|scope| format!("Bearer {}", token(&by, &scope)));
        let request = match bearer {
            Some(bearer) => self.request.insert_header(("Authorization", bearer)),
            None => self.request,
        };
        request.to_request()
    }
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as JSON, or null when it is something else.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A header's text; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The slug of the problem.
    pub fn problem(&self) -> &str {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        self.body["type"]
            .as_str()
            .unwrap()
            .trim_start_matches("/problems/")
    }

    /// The body, once the status is as expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        assert_eq!(self.status, StatusCode::from_u16(status).unwrap(), "{text}");
        self.body
    }
}

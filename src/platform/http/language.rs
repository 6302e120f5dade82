//! `Accept-Language` in a handler's arguments.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::kernel::language::Language;

/// The language the caller reads best.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(names("Accept-Language"), parameter_in = Header)]
pub struct Reads(#[param(required = false, value_type = Option<String>)] pub Language);

impl FromRequest for Reads {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(ACCEPT_LANGUAGE);
        let header = header
            .and_then(|header| header.to_str().ok())
            .unwrap_or_default();
        ready(Ok(Self(Language::negotiate(header))))
    }
}

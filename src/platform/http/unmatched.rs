//! Requests that no route takes: 405 with `Allow` when the path is known, else 404.

use std::collections::BTreeMap;

use actix_router::ResourceDef;
use actix_web::HttpRequest;
use utoipa::openapi::OpenApi;

use super::problem::Problem;

/// Every path of the API with its methods, read off the API's own document.
pub struct KnownPaths(Vec<(ResourceDef, String)>);

impl KnownPaths {
    /// The paths of `document`.
    #[must_use]
    pub fn of(document: &OpenApi) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        let paths = document.get("paths").cloned().unwrap_or_default();
        let paths: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
            serde_json::from_value(paths).unwrap_or_default();
        let known = paths.into_iter().map(|(path, methods)| {
            let allow: Vec<_> = methods.keys().map(|method| method.to_uppercase()).collect();
            (ResourceDef::new(path), allow.join(", "))
        });
        Self(known.collect())
    }

    /// Why `request` was not taken.
    #[must_use]
    pub fn refusal(&self, request: &HttpRequest) -> Problem {
        let known = self
            .0
            .iter()
            .find(|(path, _)| path.is_match(request.path()));
        known.map_or_else(Problem::not_found, |(_, allow)| {
            Problem::wrong_method(allow.clone())
        })
    }
}

//! The table laid out operation by operation, as people check it.

use serde::Serialize;
use utoipa::openapi::OpenApi;

use super::{Relation, TABLE};
use crate::kernel::role::Role;

/// What one role may do with one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub method: String,
    pub path: String,
    pub operation: String,
    /// Absent: the operation is public.
    pub scope: Option<String>,
    pub role: Role,
    /// `public`, `everywhere`, `posted` or `no`.
    pub may: &'static str,
}

/// Every operation of `document` and every role.
#[must_use]
pub fn matrix(document: &OpenApi) -> Vec<Cell> {
    let document = serde_json::to_value(document).unwrap_or_default();
    let paths = document.get("paths").and_then(|paths| paths.as_object());
    let mut cells = Vec::new();
    for (path, methods) in paths.into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let text = |place| {
                operation
                    .pointer(place)
                    .and_then(|value| value.as_str())
                    .map(str::to_owned)
            };
            let scope = text("/security/0/bearer/0");
            for role in Role::ALL {
                cells.push(Cell {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    operation: text("/operationId").unwrap_or_default(),
                    scope: scope.clone(),
                    role: *role,
                    may: may(scope.as_deref(), *role),
                });
            }
        }
    }
    cells
}

fn may(scope: Option<&str>, role: Role) -> &'static str {
    let Some(scope) = scope else {
        return "public";
    };
    let right = TABLE.iter().find(|right| right.scope == scope);
    let held = right.and_then(|right| right.holders.iter().find(|(holder, _)| *holder == role));
    match held {
        Some((_, Relation::Everywhere)) => "everywhere",
        Some((_, Relation::Posted)) => "posted",
        None => "no",
    }
}

//! What the API description must say and the annotations cannot.
//!
//! * Every problem is `application/problem+json`.
//! * A query or a header has no null: what is optional is left out.
//! * Every response has a description, as OpenAPI demands.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// `document`, set right.
pub fn set_right(document: &OpenApi) -> Result<OpenApi, serde_json::Error> {
    let mut document = serde_json::to_value(document)?;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        parameters.into_iter().flatten().for_each(without_null);
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for (status, response) in responses.into_iter().flatten() {
            answer(status, response);
        }
    }
    serde_json::from_value(document)
}

fn without_null(parameter: &mut Value) {
    let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
        if let [only] = choices.as_slice() {
            let only = only.clone();
            parameter
                .as_object_mut()
                .map(|parameter| parameter.insert("schema".to_owned(), only));
            return;
        }
    }
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
}

fn answer(status: &str, response: &mut Value) {
    let Some(response) = response.as_object_mut() else {
        return;
    };
    let refusal = status.starts_with(['4', '5']);
    let described = response.get("description").and_then(Value::as_str);
    if described.is_none_or(str::is_empty) {
        let description = if refusal { "A problem" } else { "Done" };
        response.insert("description".to_owned(), json!(description));
    }
    let content = response.get_mut("content").and_then(Value::as_object_mut);
    if let Some(content) = content
        && refusal
        && let Some(problem) = content.remove("application/json")
    {
        content.insert("application/problem+json".to_owned(), problem);
    }
}

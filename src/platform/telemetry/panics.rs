//! What is told of a panic: where it was and what kind of value it carried, never its words. They
//! may repeat what somebody typed.

use std::any::Any;
use std::panic::{self, Location};

/// From now on panics are told so.
pub fn quiet_panics() {
    panic::set_hook(Box::new(|info| {
        let told = told(info.payload(), info.location());
        // Logging may be what panicked.
        eprintln!("{told}");
    }));
}

fn told(payload: &(dyn Any + Send), location: Option<&Location<'_>>) -> String {
    let kind = if payload.is::<&'static str>() {
        "a fixed text"
    } else if payload.is::<String>() {
        "a text"
    } else {
        "another value"
    };
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    match location {
        Some(place) => format!("kaifong: thread {thread} panicked with {kind} at {place}"),
        None => format!("kaifong: thread {thread} panicked with {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_kind_and_not_its_words() {
        let name = "CHAN Tai Man";
        let panicked = panic::catch_unwind(|| panic::resume_unwind(Box::new(format!("no {name}"))));
        let payload = panicked.unwrap_err();
        let told = told(&*payload, Some(Location::caller()));
        assert!(
            told.contains("a text at src/platform/telemetry/panics.rs:"),
            "{told}"
        );
        assert!(!told.contains("CHAN"), "{told}");
    }
}

//! The tables as Diesel sees them; a test compares them with the migrated database.

diesel::table! {
    audit_entry (id) {
        id -> Uuid,
        actor -> Text,
        action -> Text,
        subject -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    idempotency_key (actor, operation, key) {
        actor -> Text,
        operation -> Text,
        key -> Text,
        fingerprint -> Bytea,
        answer -> Nullable<Jsonb>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    job (id) {
        id -> Uuid,
        kind -> Text,
        payload -> Jsonb,
        unique_name -> Nullable<Text>,
        state -> Text,
        run_at -> Timestamptz,
        attempts -> Integer,
        max_attempts -> Integer,
        lease_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        enqueued_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

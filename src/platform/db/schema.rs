//! The tables as Diesel sees them; a test compares them with the migrated database.

diesel::table! {
    audit_catalogue (digest) {
        digest -> Bytea,
        items -> Array<Text>,
    }
}

diesel::table! {
    audit_checkpoint (size) {
        size -> BigInt,
        note -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Array, Bytea, Nullable, Text, Timestamptz, Uuid};
    use crate::platform::db::Xid8;

    audit_entry (id) {
        id -> Uuid,
        actor -> Text,
        action -> Text,
        subject -> Text,
        at -> Timestamptz,
        person -> Nullable<Uuid>,
        household -> Nullable<Text>,
        fields -> Nullable<Array<Text>>,
        purpose -> Nullable<Text>,
        on_behalf_of -> Nullable<Text>,
        request -> Nullable<Uuid>,
        detail -> Nullable<Bytea>,
        written_by -> Xid8,
    }
}

diesel::table! {
    audit_leaf (seq) {
        seq -> BigInt,
        entry -> Uuid,
        hash -> Bytea,
    }
}

diesel::table! {
    audit_node (level, place) {
        level -> SmallInt,
        place -> BigInt,
        hash -> Bytea,
    }
}

diesel::table! {
    break_glass (id) {
        id -> Uuid,
        staff -> Text,
        person -> Nullable<Uuid>,
        household -> Nullable<BigInt>,
        reason -> Text,
        ticket -> Text,
        fields -> Array<Text>,
        minutes -> SmallInt,
        requested_at -> Timestamptz,
    }
}

diesel::table! {
    break_glass_approval (request) {
        request -> Uuid,
        staff -> Text,
        approver -> Text,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        review_by -> Date,
    }
}

diesel::table! {
    break_glass_review (request) {
        request -> Uuid,
        staff -> Text,
        reviewer -> Text,
        outcome -> Text,
        note -> Text,
        reviewed_at -> Timestamptz,
        approver -> Text,
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

diesel::table! {
    key_encryption_key (class, version) {
        class -> Text,
        version -> SmallInt,
        wrapped -> Bytea,
        commitment -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    index_key (class) {
        class -> Text,
        wrapped -> Bytea,
        commitment -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    data_key (class, subject, version) {
        class -> Text,
        subject -> Uuid,
        version -> SmallInt,
        kek -> SmallInt,
        rotation -> Integer,
        wrapped -> Bytea,
        commitment -> Bytea,
        state -> Text,
        created_at -> Timestamptz,
        destroyed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    key_rotation (class, number) {
        class -> Text,
        number -> Integer,
        state -> Text,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        swept_table -> Nullable<Text>,
        swept_to -> Nullable<Uuid>,
    }
}

diesel::table! {
    key_tombstone (class, subject) {
        class -> Text,
        subject -> Uuid,
        reason -> Text,
        approved_by -> Array<Text>,
        at -> Timestamptz,
    }
}

diesel::table! {
    key_escrow (id) {
        id -> Uuid,
        sealed -> Bytea,
        commitment -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    estate (id) {
        id -> Uuid,
        name -> Jsonb,
        district -> Jsonb,
        region -> Jsonb,
        application_district -> Nullable<Text>,
        estate_types -> Array<Text>,
        intake_years -> Array<Integer>,
        stated_blocks -> Nullable<Integer>,
        rental_flats -> Nullable<Integer>,
        flats_as_at -> Nullable<Date>,
        flat_size -> Text,
        ifa_min -> Nullable<Numeric>,
        ifa_max -> Nullable<Numeric>,
        latitude -> Nullable<Numeric>,
        longitude -> Nullable<Numeric>,
        details -> Jsonb,
        dataset_digest -> Bytea,
        imported_at -> Timestamptz,
        version -> Integer,
    }
}

diesel::table! {
    block (id) {
        id -> Uuid,
        estate_id -> Uuid,
        position -> SmallInt,
        name -> Jsonb,
        withdrawn_on -> Nullable<Date>,
    }
}

diesel::table! {
    flat (id) {
        id -> Uuid,
        block_id -> Uuid,
        estate_id -> Uuid,
        floor -> SmallInt,
        unit -> Text,
        ifa -> Numeric,
    }
}

diesel::table! {
    household (number) {
        number -> BigInt,
        opened_at -> Timestamptz,
    }
}

diesel::table! {
    tenancy (id) {
        id -> Uuid,
        household -> BigInt,
        flat_id -> Uuid,
        kind -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        end_reason -> Nullable<Text>,
        household_size -> SmallInt,
        recorded_at -> Timestamptz,
        end_recorded_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    rent_account (household) {
        household -> BigInt,
        balance -> Numeric,
    }
}

diesel::table! {
    ledger_transfer (id, effective_on) {
        id -> Uuid,
        effective_on -> Date,
        debit -> BigInt,
        credit -> BigInt,
        amount -> Numeric,
        kind -> Text,
        source -> Uuid,
        reverses -> Nullable<Uuid>,
        booked_at -> Timestamptz,
    }
}

diesel::table! {
    ledger_reversal (reversed) {
        reversed -> Uuid,
        reversal -> Uuid,
        household -> BigInt,
        reason -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    ledger_checkpoint (number) {
        number -> Integer,
        through -> Timestamptz,
        transfers -> BigInt,
        amount -> Numeric,
        leaves -> Bytea,
        digest -> Bytea,
        previous -> Bytea,
        hash -> Bytea,
        key_id -> Text,
        signature -> Bytea,
        sealed_at -> Timestamptz,
    }
}

diesel::table! {
    rent_rate (id) {
        id -> Integer,
        estate_id -> Uuid,
        rent_per_m2 -> Numeric,
        rates_per_m2 -> Numeric,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    district_rent_rate (application_district) {
        application_district -> Text,
        rent_per_m2 -> Numeric,
        rates_per_m2 -> Numeric,
        valid_from -> Date,
        source -> Text,
    }
}

diesel::table! {
    rent_review (id) {
        id -> Integer,
        index_change -> Nullable<Numeric>,
        rent_change -> Numeric,
        increase_waived_until -> Nullable<Date>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    rent_scheme (id) {
        id -> Integer,
        scheme -> Text,
        effect -> Text,
        figure -> Numeric,
        longest -> Nullable<SmallInt>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    rent_waiver (id) {
        id -> Integer,
        share -> Numeric,
        excludes_additional -> Bool,
        valid_from -> Date,
        valid_to -> Date,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    rent_rule_book (version) {
        version -> BigInt,
    }
}

diesel::table! {
    rent_award (id, revision) {
        id -> Uuid,
        revision -> Integer,
        household -> BigInt,
        scheme -> Text,
        first_month -> Date,
        last_month -> Nullable<Date>,
        reason -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    rent_charge (household, month, tenancy_id, revision) {
        household -> BigInt,
        month -> Date,
        tenancy_id -> Uuid,
        revision -> SmallInt,
        effective_on -> Date,
        amount -> Numeric,
        rules -> Array<Integer>,
        booked_at -> Timestamptz,
    }
}

diesel::table! {
    rent_run (month) {
        month -> Date,
        state -> Text,
        total -> BigInt,
        done -> BigInt,
        charged -> Numeric,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    rent_adjustment (id) {
        id -> Uuid,
        household -> BigInt,
        kind -> Text,
        amount -> Numeric,
        effective_on -> Date,
        reason -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamptz,
    }
}

// A view: what the rent of a tenancy is calculated from.
diesel::table! {
    rent_tenure (tenancy_id) {
        household -> BigInt,
        tenancy_id -> Uuid,
        kind -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        recorded_at -> Timestamptz,
        end_recorded_at -> Nullable<Timestamptz>,
        estate_id -> Uuid,
        ifa -> Numeric,
    }
}

diesel::allow_tables_to_appear_in_same_query!(data_key, key_rotation);
diesel::table! {
    hashing_cost (purpose, valid_from) {
        purpose -> Text,
        valid_from -> Timestamptz,
        memory_kib -> Integer,
        passes -> Integer,
        lanes -> Integer,
        source -> Text,
    }
}

diesel::table! {
    staff_account (id) {
        id -> Uuid,
        login -> Text,
        password_hash -> Nullable<Text>,
        must_change -> Bool,
        totp_seed -> Nullable<Bytea>,
        totp_step -> BigInt,
        password_wrong -> Integer,
        password_until -> Nullable<Timestamptz>,
        totp_wrong -> Integer,
        totp_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        created_by -> Text,
        ended_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    staff_role (id) {
        id -> Uuid,
        staff_id -> Uuid,
        role -> Text,
        estates -> Nullable<Array<Uuid>>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        granted_by -> Text,
        granted_at -> Timestamptz,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    tenant_pin (id) {
        id -> Uuid,
        household -> BigInt,
        pin_hash -> Text,
        wrong -> Integer,
        until -> Nullable<Timestamptz>,
        set_at -> Timestamptz,
        set_by -> Text,
    }
}

diesel::table! {
    delegate (id) {
        id -> Uuid,
        household -> BigInt,
        kind -> Text,
        scopes -> Array<Text>,
        expires_on -> Date,
        code_hash -> Nullable<Bytea>,
        code_until -> Nullable<Timestamptz>,
        granted_by -> Text,
        granted_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    identity_link (id) {
        id -> Uuid,
        identity_hash -> Bytea,
        household -> BigInt,
        delegate_id -> Nullable<Uuid>,
        linked_by -> Text,
        linked_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    outside_sign_in (state_hash) {
        state_hash -> Bytea,
        nonce_hash -> Bytea,
        begun_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    device (id) {
        id -> Uuid,
        kind -> Text,
        estate_id -> Uuid,
        state -> Text,
        public_key -> Nullable<Jsonb>,
        code_hash -> Nullable<Bytea>,
        code_until -> Nullable<Timestamptz>,
        created_by -> Text,
        created_at -> Timestamptz,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    client (id) {
        id -> Uuid,
        kind -> Text,
        name -> Text,
        estates -> Nullable<Array<Uuid>>,
        state -> Text,
        public_key -> Jsonb,
        created_by -> Text,
        created_at -> Timestamptz,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    used_assertion (holder, jti) {
        holder -> Uuid,
        jti -> Text,
        expires -> Timestamptz,
    }
}

diesel::table! {
    session (id) {
        id -> Uuid,
        kind -> Text,
        principal -> Uuid,
        household -> Nullable<BigInt>,
        device_id -> Nullable<Uuid>,
        amr -> Array<Text>,
        signed_in_at -> Timestamptz,
        stepped_up_at -> Nullable<Timestamptz>,
        ends_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        end_reason -> Nullable<Text>,
        passkey_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    refresh_family (id) {
        id -> Uuid,
        session_id -> Uuid,
        created_at -> Timestamptz,
        ends_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_token (hash) {
        hash -> Bytea,
        family_id -> Uuid,
        parent -> Nullable<Bytea>,
        issued_at -> Timestamptz,
        consumed_at -> Nullable<Timestamptz>,
        retried_at -> Nullable<Timestamptz>,
        child -> Nullable<Bytea>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    revocation (number) {
        number -> BigInt,
        session_id -> Nullable<Uuid>,
        principal -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

// A view: whose estate office looks after a household.
diesel::table! {
    tenancy_place (tenancy_id) {
        tenancy_id -> Uuid,
        household -> BigInt,
        estate_id -> Uuid,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    break_glass,
    break_glass_approval,
    break_glass_review
);
diesel::allow_tables_to_appear_in_same_query!(audit_catalogue, audit_entry, audit_leaf);
diesel::allow_tables_to_appear_in_same_query!(rent_charge, rent_tenure);

diesel::table! {
    membership (id) {
        id -> Uuid,
        person -> Uuid,
        household -> BigInt,
        role -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        end_reason -> Nullable<Text>,
        recorded_at -> Timestamptz,
        end_recorded_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    person (id) {
        id -> Uuid,
        name_zh -> Nullable<Bytea>,
        name_en -> Nullable<Bytea>,
        document -> Nullable<Bytea>,
        symbols -> Nullable<Bytea>,
        birth_date -> Nullable<Bytea>,
        sex -> Nullable<Bytea>,
        phone -> Nullable<Bytea>,
        email -> Nullable<Bytea>,
        document_index -> Nullable<Bytea>,
        phone_index -> Nullable<Bytea>,
        name_key_zh -> Nullable<SmallInt>,
        name_key_en -> Nullable<SmallInt>,
        revision -> Integer,
        recorded_at -> Timestamptz,
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(membership, person, tenancy_place);

diesel::table! {
    correction_request (id) {
        id -> Uuid,
        person -> Uuid,
        received_on -> Date,
        due_on -> Date,
        received_by -> Text,
        state -> Text,
        refusal -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
        version -> Integer,
        claim -> Nullable<Bytea>,
    }
}

diesel::table! {
    data_access_request (id) {
        id -> Uuid,
        person -> Uuid,
        received_on -> Date,
        due_on -> Date,
        received_by -> Text,
        state -> Text,
        refusal -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    erasure_order (person) {
        person -> Uuid,
        reason -> Text,
        approved_by -> Array<Text>,
        ordered_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    erasure_request (id) {
        id -> Uuid,
        person -> Uuid,
        reason -> Text,
        requested_by -> Text,
        requested_at -> Timestamptz,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    legal_hold (id) {
        id -> Uuid,
        person -> Uuid,
        reason -> Text,
        case_ref -> Text,
        set_by -> Text,
        set_at -> Timestamptz,
        lifted_by -> Nullable<Text>,
        lifted_at -> Nullable<Timestamptz>,
        version -> Integer,
    }
}

diesel::table! {
    matching_approval (id) {
        id -> Uuid,
        purpose -> Text,
        basis -> Text,
        source -> Text,
        valid_from -> Date,
        valid_to -> Date,
        approved_by -> Text,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    retention_rule (data_class, valid_from) {
        data_class -> Text,
        valid_from -> Date,
        keep_months -> Integer,
        after_what -> Text,
        source -> Text,
        approved_by -> Text,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    retention_tally (ran_on, data_class) {
        ran_on -> Date,
        data_class -> Text,
        erased -> BigInt,
    }
}

diesel::table! {
    retention_run (ran_on) {
        ran_on -> Date,
        erased -> Integer,
        held -> Integer,
        failed -> Integer,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    passkey (id) {
        id -> Uuid,
        holder_kind -> Text,
        holder -> Uuid,
        household -> Nullable<BigInt>,
        name -> Text,
        credential_id -> Bytea,
        credential -> Jsonb,
        enrolled_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    passkey_ceremony (handle_hash) {
        handle_hash -> Bytea,
        purpose -> Text,
        session_id -> Nullable<Uuid>,
        state -> Jsonb,
        begun_at -> Timestamptz,
    }
}

diesel::table! {
    form_filling (id) {
        id -> Uuid,
        state_hash -> Bytea,
        holder -> Uuid,
        link_id -> Uuid,
        fields -> Array<Text>,
        asked_at -> Timestamptz,
        filled_at -> Nullable<Timestamptz>,
        content -> Nullable<Bytea>,
        collected_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    general_holiday (date) {
        date -> Date,
        name -> Text,
        source -> Text,
    }
}

diesel::table! {
    collection_account (id) {
        id -> Integer,
        account -> Text,
        channel -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    payment_channel (id) {
        id -> Integer,
        channel -> Text,
        cut_off -> Nullable<Time>,
        working_days_only -> Bool,
        lead_days -> SmallInt,
        at_most -> Nullable<Numeric>,
        payee -> Nullable<Text>,
        payee_name -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
        signs -> Bool,
    }
}

diesel::table! {
    payment_file_key (id) {
        id -> Uuid,
        secret -> Bytea,
    }
}

diesel::table! {
    payment_file_signature (file) {
        file -> Uuid,
        client -> Uuid,
        key -> Text,
        signed_at -> Timestamptz,
        signature_input -> Text,
        signature -> Text,
    }
}

diesel::table! {
    payment_file (id) {
        id -> Uuid,
        channel -> Text,
        business_date -> Date,
        series -> Text,
        sequence -> Integer,
        name -> Text,
        sha256 -> Bytea,
        lines -> Integer,
        amount -> Numeric,
        state -> Text,
        settled -> Integer,
        reason -> Nullable<Text>,
        received_by -> Text,
        received_at -> Timestamptz,
        posted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    payment_line (file, number) {
        file -> Uuid,
        number -> Integer,
        reference -> Text,
        account -> Text,
        amount -> Numeric,
        instructed_at -> Timestamptz,
        place -> Text,
        payment -> Nullable<Uuid>,
    }
}

diesel::table! {
    payment_line_fate (file, number) {
        file -> Uuid,
        number -> Integer,
        reference -> Text,
        account -> Text,
        amount -> Numeric,
        instructed_at -> Timestamptz,
        place -> Text,
        household -> Nullable<BigInt>,
        fate -> Nullable<Text>,
    }
}

diesel::table! {
    payment_of_line (file, line) {
        file -> Uuid,
        line -> Integer,
        id -> Uuid,
        channel -> Text,
        reference -> Text,
        account -> Text,
        amount -> Numeric,
        instructed_at -> Timestamptz,
        value_on -> Date,
        household -> Nullable<BigInt>,
        recorded_at -> Timestamptz,
        told_by -> Nullable<Text>,
        place -> Nullable<Text>,
    }
}

diesel::table! {
    payment_file_unpaid (file, number) {
        file -> Uuid,
        number -> Integer,
        reference -> Text,
        amount -> Numeric,
        day -> Nullable<Date>,
        result -> Text,
        code -> Text,
        was_paid -> Bool,
    }
}

diesel::table! {
    payment (id) {
        id -> Uuid,
        channel -> Text,
        reference -> Text,
        account -> Text,
        amount -> Numeric,
        instructed_at -> Timestamptz,
        value_on -> Date,
        household -> Nullable<BigInt>,
        file -> Nullable<Uuid>,
        line -> Nullable<Integer>,
        recorded_at -> Timestamptz,
        told_by -> Nullable<Text>,
        place -> Nullable<Text>,
    }
}

diesel::table! {
    payment_settlement (payment) {
        payment -> Uuid,
        file -> Uuid,
        line -> Integer,
    }
}

diesel::table! {
    payment_file_tally (file, fate) {
        file -> Uuid,
        fate -> Text,
        lines -> BigInt,
        amount -> Numeric,
    }
}

diesel::table! {
    payment_file_decision (file, decision) {
        file -> Uuid,
        decision -> Text,
        reason -> Text,
        decided_by -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    channel_client (client, channel) {
        client -> Uuid,
        channel -> Text,
        added_by -> Text,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    payment_notice (channel, event) {
        channel -> Text,
        event -> Text,
        client -> Uuid,
        reference -> Text,
        state -> Text,
        account -> Text,
        amount -> Numeric,
        instructed_at -> Timestamptz,
        place -> Text,
        outcome -> Text,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    request_nonce (key, nonce) {
        key -> Text,
        nonce -> Text,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    suspense_proposal (id) {
        id -> Uuid,
        payment -> Uuid,
        reason -> Text,
        proposed_by -> Text,
        proposed_at -> Timestamptz,
    }
}

diesel::table! {
    suspense_part (proposal, number) {
        proposal -> Uuid,
        number -> SmallInt,
        household -> Nullable<BigInt>,
        amount -> Numeric,
    }
}

diesel::table! {
    outbox_event (kind, subject) {
        kind -> Text,
        subject -> Uuid,
        household -> Nullable<BigInt>,
        detail -> Jsonb,
        said_at -> Timestamptz,
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    suspense_decision (proposal) {
        proposal -> Uuid,
        payment -> Uuid,
        proposed_by -> Text,
        approved -> Bool,
        reason -> Nullable<Text>,
        decided_by -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    paying_in (id) {
        id -> Integer,
        account -> Text,
        begins -> Text,
        channel -> Nullable<Text>,
        days_after -> Nullable<SmallInt>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    payment_channel_group (id) {
        id -> Integer,
        channel -> Text,
        category -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    payment_undone (payment) {
        payment -> Uuid,
        effective_on -> Date,
    }
}

diesel::table! {
    bank_movement (id) {
        id -> Uuid,
        file -> Uuid,
        number -> Integer,
        account -> Text,
        reference -> Text,
        wording -> Text,
        amount -> Numeric,
        booked_on -> Date,
        returned -> Bool,
        rule -> Nullable<Integer>,
        channel -> Nullable<Text>,
        settled_on -> Nullable<Date>,
        known -> Bool,
    }
}

diesel::table! {
    bank_movement_proposal (id) {
        id -> Uuid,
        movement -> Uuid,
        channel -> Nullable<Text>,
        settled_on -> Nullable<Date>,
        reason -> Text,
        proposed_by -> Text,
        proposed_at -> Timestamptz,
    }
}

diesel::table! {
    bank_movement_decision (proposal) {
        proposal -> Uuid,
        movement -> Uuid,
        proposed_by -> Text,
        approved -> Bool,
        reason -> Nullable<Text>,
        decided_by -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    bank_movement_now (id) {
        id -> Uuid,
        file -> Uuid,
        number -> Integer,
        account -> Text,
        reference -> Text,
        wording -> Text,
        amount -> Numeric,
        booked_on -> Date,
        returned -> Bool,
        channel -> Nullable<Text>,
        settled_on -> Nullable<Date>,
        known -> Bool,
    }
}

diesel::table! {
    channel_posting (id) {
        id -> Uuid,
        payment -> Uuid,
        debit -> BigInt,
        credit -> BigInt,
        amount -> Numeric,
        effective_on -> Date,
        booked_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(bank_movement_proposal, bank_movement_decision);

diesel::allow_tables_to_appear_in_same_query!(
    payment,
    payment_file,
    payment_line,
    payment_settlement,
    suspense_proposal,
    suspense_part,
    suspense_decision
);

diesel::table! {
    message_terms (id) {
        id -> Integer,
        quiet_from -> Time,
        quiet_to -> Time,
        daily_cap -> SmallInt,
        attempts -> SmallInt,
        first_wait -> Integer,
        reminder_lead -> SmallInt,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    message_policy (id) {
        id -> Integer,
        kind -> Text,
        medium -> Text,
        good_for -> SmallInt,
        refusable -> Bool,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    message_choice (household) {
        household -> BigInt,
        language -> Nullable<Text>,
        refused -> Array<Text>,
        version -> Integer,
        chosen_by -> Text,
        chosen_at -> Timestamptz,
    }
}

diesel::table! {
    message (id) {
        id -> Uuid,
        kind -> Text,
        subject -> Uuid,
        medium -> Text,
        household -> BigInt,
        facts -> Jsonb,
        policy -> Integer,
        state -> Text,
        reason -> Nullable<Text>,
        drafted_at -> Timestamptz,
        due_at -> Timestamptz,
        stale_at -> Timestamptz,
        attempts -> SmallInt,
        tried_at -> Nullable<Timestamptz>,
        person -> Nullable<Uuid>,
        parts -> Nullable<SmallInt>,
        receipt -> Nullable<Text>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    rent_reminder (month) {
        month -> Date,
        said -> BigInt,
        ended_at -> Timestamptz,
    }
}

diesel::table! {
    autopay_policy (id) {
        id -> Integer,
        channel -> Text,
        collection_day -> SmallInt,
        lead_days -> SmallInt,
        retries -> SmallInt,
        retry_after -> SmallInt,
        refusals -> SmallInt,
        return_fee -> Numeric,
        payment_code -> Text,
        creditor_bank -> Text,
        creditor_account -> Text,
        creditor_name -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    autopay_mandate (id) {
        id -> Uuid,
        household -> BigInt,
        channel -> Text,
        bank -> Text,
        ending -> Text,
        account -> Bytea,
        holder -> Bytea,
        at_most -> Nullable<Numeric>,
        state -> Text,
        bank_reference -> Nullable<Text>,
        active_since -> Nullable<Timestamptz>,
        proposed_at -> Timestamptz,
        version -> Integer,
    }
}

diesel::table! {
    autopay_event (mandate, number) {
        mandate -> Uuid,
        number -> Integer,
        event -> Text,
        reason -> Nullable<Text>,
        actor -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    autopay_collection (id) {
        id -> Uuid,
        month -> Date,
        channel -> Text,
        run -> SmallInt,
        collect_on -> Date,
        policy -> Integer,
        state -> Text,
        total -> BigInt,
        looked_at -> BigInt,
        through -> BigInt,
        lines -> Integer,
        amount -> Numeric,
        bytes -> Nullable<BigInt>,
        sha256 -> Nullable<Bytea>,
        requested_by -> Text,
        requested_at -> Timestamptz,
        prepared_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    autopay_line (collection, household) {
        collection -> Uuid,
        household -> BigInt,
        month -> Date,
        attempt -> SmallInt,
        mandate -> Uuid,
        reference -> Text,
        amount -> Numeric,
    }
}

diesel::table! {
    autopay_left_out (collection, household) {
        collection -> Uuid,
        household -> BigInt,
        reason -> Text,
        due -> Nullable<Numeric>,
    }
}

diesel::table! {
    autopay_file_part (id) {
        id -> Uuid,
        collection -> Uuid,
        number -> Integer,
        content -> Bytea,
    }
}

diesel::table! {
    autopay_result (reference, number) {
        reference -> Text,
        number -> SmallInt,
        code -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    autopay_stray (id) {
        id -> Uuid,
        collection -> Nullable<Uuid>,
        place -> Integer,
        reference -> Text,
        code -> Text,
        problem -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamptz,
        file -> Nullable<Uuid>,
    }
}

diesel::table! {
    autopay_report (id) {
        id -> Uuid,
        sha256 -> Bytea,
        message -> Text,
        collection -> Uuid,
        whole -> Nullable<Text>,
        verdicts -> Integer,
        received_by -> Text,
        received_at -> Timestamptz,
        taken_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    autopay_verdict (report, number) {
        report -> Uuid,
        number -> Integer,
        reference -> Text,
        code -> Nullable<Text>,
        amount -> Nullable<Numeric>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(autopay_line, autopay_mandate);
diesel::allow_tables_to_appear_in_same_query!(autopay_collection, autopay_left_out);

diesel::table! {
    allowance_file (file) {
        file -> Uuid,
        month -> Date,
        lines -> Integer,
    }
}

diesel::table! {
    allowance_line (file, number) {
        file -> Uuid,
        number -> Integer,
        event -> Text,
        account -> Text,
        coverage -> Nullable<Text>,
        amount -> Nullable<Numeric>,
        month -> Date,
    }
}

diesel::allow_tables_to_appear_in_same_query!(allowance_file, payment_file);

diesel::table! {
    cssa_allowance (id) {
        id -> BigInt,
        household -> BigInt,
        month -> Date,
        coverage -> Nullable<Text>,
        amount -> Nullable<Numeric>,
        file -> Uuid,
        number -> Integer,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    cssa_taken (file) {
        file -> Uuid,
        taken -> Integer,
        strays -> Integer,
        taken_at -> Timestamptz,
    }
}

diesel::table! {
    cssa_stray (file, number) {
        file -> Uuid,
        number -> Integer,
        problem -> Text,
    }
}

diesel::table! {
    cssa_reconciliation (id) {
        id -> Uuid,
        month -> Date,
        requested_by -> Text,
        requested_at -> Timestamptz,
        made_at -> Nullable<Timestamptz>,
        files -> Integer,
        lines -> Integer,
        amount -> Numeric,
        paid_amount -> Numeric,
        suspense_amount -> Numeric,
        returned_amount -> Numeric,
        duplicate_amount -> Numeric,
        expected -> Integer,
        expected_amount -> Numeric,
        paid -> Integer,
        agreed -> Integer,
        agreed_amount -> Numeric,
        exceptions -> Integer,
    }
}

diesel::table! {
    cssa_exception (reconciliation, number) {
        reconciliation -> Uuid,
        number -> Integer,
        kind -> Text,
        household -> Nullable<BigInt>,
        account -> Text,
        estate_id -> Nullable<Uuid>,
        allowance -> Nullable<Numeric>,
        paid -> Nullable<Numeric>,
        rent -> Nullable<Numeric>,
        file -> Nullable<Uuid>,
        line -> Nullable<Integer>,
    }
}

diesel::table! {
    cssa_rent_file (id) {
        id -> Uuid,
        month -> Date,
        sequence -> Integer,
        requested_by -> Text,
        requested_at -> Timestamptz,
        made_at -> Nullable<Timestamptz>,
        lines -> Integer,
        amount -> Numeric,
        left_out -> Integer,
        sha256 -> Nullable<Bytea>,
    }
}

diesel::table! {
    cssa_rent_line (file, household) {
        file -> Uuid,
        household -> BigInt,
        change -> Text,
        before -> Numeric,
        rent -> Numeric,
    }
}

diesel::allow_tables_to_appear_in_same_query!(cssa_rent_file, cssa_rent_line);
diesel::allow_tables_to_appear_in_same_query!(cssa_reconciliation, cssa_exception);

diesel::table! {
    counter_terms (id) {
        id -> Integer,
        tender -> Text,
        at_most -> Nullable<Numeric>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    cash_piece (id) {
        id -> Integer,
        kind -> Text,
        value -> Numeric,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        source -> Text,
        assumed -> Bool,
    }
}

diesel::table! {
    counter_office (estate_id) {
        estate_id -> Uuid,
        number -> Integer,
    }
}

diesel::table! {
    receipt_book (estate_id, year) {
        estate_id -> Uuid,
        year -> SmallInt,
        last -> Integer,
    }
}

diesel::table! {
    counter_day (id) {
        id -> Uuid,
        estate_id -> Uuid,
        shroff -> Text,
        opened_on -> Date,
        opened_at -> Timestamptz,
        state -> Text,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    counter_receipt (payment) {
        payment -> Uuid,
        day -> Uuid,
        estate_id -> Uuid,
        year -> SmallInt,
        number -> Integer,
        tender -> Text,
        instrument -> Nullable<Text>,
    }
}

diesel::table! {
    counter_void (id) {
        id -> Uuid,
        payment -> Uuid,
        reason -> Text,
        proposed_by -> Text,
        proposed_at -> Timestamptz,
    }
}

diesel::table! {
    counter_void_decision (void) {
        void -> Uuid,
        payment -> Uuid,
        proposed_by -> Text,
        approved -> Bool,
        reason -> Nullable<Text>,
        decided_by -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    counter_count (id) {
        id -> Uuid,
        day -> Uuid,
        number -> SmallInt,
        reason -> Nullable<Text>,
        counted_by -> Text,
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    counter_count_line (count, tender) {
        count -> Uuid,
        tender -> Text,
        receipts -> Integer,
        held -> Numeric,
        pieces -> Integer,
        counted -> Numeric,
    }
}

diesel::table! {
    counter_count_cash (count, piece) {
        count -> Uuid,
        piece -> Integer,
        pieces -> Integer,
    }
}

diesel::table! {
    counter_count_decision (count) {
        count -> Uuid,
        counted_by -> Text,
        approved -> Bool,
        reason -> Nullable<Text>,
        decided_by -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    counter_receipt,
    counter_office,
    counter_void,
    counter_void_decision,
    payment
);
diesel::allow_tables_to_appear_in_same_query!(counter_count, counter_count_decision);
diesel::allow_tables_to_appear_in_same_query!(counter_count_cash, cash_piece);

diesel::table! {
    due_list (id) {
        id -> Uuid,
        channel -> Text,
        number -> Integer,
        business_date -> Date,
        as_at -> Timestamptz,
        lines -> Integer,
        amount -> Numeric,
        left_out -> Integer,
        bytes -> BigInt,
        sha256 -> Bytea,
        made_by -> Text,
        made_at -> Timestamptz,
    }
}

diesel::table! {
    due_list_part (list, number) {
        list -> Uuid,
        number -> Integer,
        content -> Bytea,
    }
}

diesel::allow_tables_to_appear_in_same_query!(due_list, due_list_part);

-- In which estate a household lives is the tenancy's own view to say: one view, not two.
DROP POLICY membership_in_reach ON membership;
CREATE POLICY membership_in_reach ON membership TO kaifong_app USING (
    (SELECT reach_is_everywhere())
    OR household = (SELECT reach_household())
    OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = membership.household
               AND p.estate_id = ANY ((SELECT reach_estates())::uuid[]))
);
DROP VIEW household_estate;

-- The second line on every other table that names a person, or lets somebody act for a
-- household: with no reach set, or out of it, there is no row. Not forced on the owner.
DO $$
DECLARE
    guarded text;
BEGIN
    -- About a person: through the memberships that are in reach themselves.
    FOREACH guarded IN ARRAY ARRAY['data_access_request', 'correction_request'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY %I ON %I TO kaifong_app USING ((SELECT reach_is_everywhere()) '
            'OR EXISTS (SELECT FROM membership m WHERE m.person = %I.person))',
            guarded || '_in_reach', guarded, guarded);
    END LOOP;
    -- Work of the whole Authority alone: a household must not learn that it is held or looked into.
    FOREACH guarded IN ARRAY ARRAY['legal_hold', 'erasure_request', 'break_glass'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY %I ON %I TO kaifong_app USING ((SELECT reach_is_everywhere()))',
            guarded || '_in_reach', guarded);
    END LOOP;
    -- Of a household: its own, and its estate office's.
    FOREACH guarded IN ARRAY ARRAY['tenant_pin', 'delegate', 'identity_link'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY %I ON %I TO kaifong_app USING ((SELECT reach_is_everywhere()) '
            'OR household = (SELECT reach_household()) '
            'OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = %I.household '
            'AND p.estate_id = ANY ((SELECT reach_estates())::uuid[])))',
            guarded || '_in_reach', guarded, guarded);
    END LOOP;
END
$$;

-- Whom to erase, on whose word: written and kept before the keys are destroyed. Destroying them
-- cannot be taken back, so whatever stops it half way, the order stands and is carried out again.
CREATE TABLE erasure_order (
    person      uuid PRIMARY KEY,
    reason      text NOT NULL,
    approved_by text[] NOT NULL,
    ordered_at  timestamptz NOT NULL,
    done_at     timestamptz,
    CONSTRAINT erasure_order_two_people CHECK
        (cardinality(approved_by) = 2 AND approved_by[1] <> approved_by[2])
);
CREATE INDEX erasure_order_open ON erasure_order (ordered_at) WHERE done_at IS NULL;
GRANT SELECT, INSERT, UPDATE (done_at) ON erasure_order TO kaifong_app;
ALTER TABLE erasure_order ENABLE ROW LEVEL SECURITY;
CREATE POLICY erasure_order_in_reach ON erasure_order TO kaifong_app
    USING ((SELECT reach_is_everywhere()));

-- What the daily run erased of each class of data.
CREATE TABLE retention_tally (
    ran_on     date NOT NULL REFERENCES retention_run (ran_on),
    data_class text NOT NULL,
    erased     bigint NOT NULL,
    PRIMARY KEY (ran_on, data_class)
);
GRANT SELECT, INSERT ON retention_tally TO kaifong_app;

-- Deletes what ended before an instant, and says how many rows that were. The application may
-- delete nothing itself, and through this nothing that is younger than a year.
CREATE FUNCTION forget_older(data_class text, before timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
    more bigint := 0;
BEGIN
    IF before > now() - interval '12 months' THEN
        RAISE EXCEPTION 'it is kept for a year at least'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'forget_older_a_year';
    END IF;
    CASE data_class
    WHEN 'sign_in' THEN
        DELETE FROM refresh_token t USING refresh_family f, session s
            WHERE t.family_id = f.id AND f.session_id = s.id AND least(s.ended_at, s.ends_at) < before;
        DELETE FROM refresh_family f USING session s
            WHERE f.session_id = s.id AND least(s.ended_at, s.ends_at) < before;
        DELETE FROM session s WHERE least(s.ended_at, s.ends_at) < before;
        GET DIAGNOSTICS gone = ROW_COUNT;
    WHEN 'delegation' THEN
        DELETE FROM identity_link WHERE ended_at < before;
        GET DIAGNOSTICS gone = ROW_COUNT;
        DELETE FROM delegate d WHERE d.ended_at < before
            AND NOT EXISTS (SELECT FROM identity_link l WHERE l.delegate_id = d.id);
        GET DIAGNOSTICS more = ROW_COUNT;
    WHEN 'request' THEN
        DELETE FROM data_access_request WHERE decided_at < before;
        GET DIAGNOSTICS gone = ROW_COUNT;
        -- What was said against a correction refused stays with the data (section 25 of the Ordinance).
        DELETE FROM correction_request WHERE decided_at < before AND state = 'made';
        GET DIAGNOSTICS more = ROW_COUNT;
    END CASE;
    RETURN gone + more;
END
$$;
REVOKE ALL ON FUNCTION forget_older FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_older TO kaifong_app;
INSERT INTO retention_rule VALUES
    ('sign_in', '2026-12-01', 24, 'session_ended',
        'assumed: PDPO section 26 and DPP2(2) name no period; two years to look into a misuse', 'assumed', '2026-11-21T00:00:00Z'),
    ('delegation', '2026-12-01', 84, 'ended',
        'assumed: Limitation Ordinance, Cap. 347, section 4, and a year', 'assumed', '2026-11-21T00:00:00Z'),
    ('request', '2026-12-01', 48, 'decided',
        'PDPO section 27(3): the log book of refusals is kept for four years', 'assumed', '2026-11-21T00:00:00Z');

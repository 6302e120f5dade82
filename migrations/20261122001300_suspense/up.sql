-- Where money in suspense shall go: proposed by one person, decided by another. The parts of a
-- proposal come to the whole payment; one without a household goes back to the payer.
CREATE TABLE suspense_proposal (
    id          uuid PRIMARY KEY,
    payment     uuid NOT NULL REFERENCES payment (id),
    reason      text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    UNIQUE (id, payment, proposed_by)
);
CREATE INDEX suspense_proposal_by_payment ON suspense_proposal (payment, proposed_at);
CREATE TABLE suspense_part (
    proposal  uuid NOT NULL REFERENCES suspense_proposal (id),
    number    smallint NOT NULL,
    household bigint REFERENCES household (number),
    amount    numeric(12, 2) NOT NULL,
    PRIMARY KEY (proposal, number),
    CONSTRAINT suspense_part_amount CHECK (amount > 0)
);
CREATE INDEX suspense_part_by_household ON suspense_part (household) WHERE household IS NOT NULL;
CREATE TABLE suspense_decision (
    proposal    uuid PRIMARY KEY,
    payment     uuid NOT NULL,
    proposed_by text NOT NULL,
    approved    boolean NOT NULL,
    reason      text,
    decided_by  text NOT NULL,
    decided_at  timestamptz NOT NULL,
    FOREIGN KEY (proposal, payment, proposed_by)
        REFERENCES suspense_proposal (id, payment, proposed_by),
    -- Whoever proposes may take it back, never approve it.
    CONSTRAINT suspense_decision_by_another CHECK (NOT approved OR decided_by <> proposed_by)
);
-- A payment leaves suspense once.
CREATE UNIQUE INDEX suspense_cleared_once ON suspense_decision (payment) WHERE approved;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['suspense_proposal', 'suspense_part', 'suspense_decision'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name || '_is_not_emptied', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', name);
    END LOOP;
END
$$;

-- Adds to households' balances, opening accounts that there are not yet; how many households that
-- was. `households` are in order, each once.
--
-- Most have an account. `INSERT .. ON CONFLICT` would look each up, lock it, and only then change
-- it: two records in the log for one. The settings see to it that rows are changed in the order of
-- household whatever the statistics say, so that two postings never wait for each other in a
-- circle.
CREATE FUNCTION ledger_move_balances(households bigint[], amounts numeric[]) RETURNS integer
    LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
    moved bigint[];
    opened integer := 0;
BEGIN
    WITH moved AS (
        UPDATE rent_account a SET balance = a.balance + change.amount
        FROM (SELECT * FROM unnest(households, amounts) AS change (household, amount)
              ORDER BY household) AS change
        WHERE a.household = change.household
        RETURNING a.household)
    SELECT coalesce(array_agg(household), '{}') INTO moved FROM moved;
    IF cardinality(moved) < cardinality(households) THEN
        -- Another may open the same account at the same time.
        INSERT INTO rent_account (household, balance)
        SELECT * FROM unnest(households, amounts) AS change (household, amount)
        WHERE household NOT IN (SELECT unnest(moved)) ORDER BY household
        ON CONFLICT (household) DO UPDATE SET balance = rent_account.balance + excluded.balance;
        GET DIAGNOSTICS opened = ROW_COUNT;
    END IF;
    RETURN cardinality(moved) + opened;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger_move_balances FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_move_balances TO kaifong_app;

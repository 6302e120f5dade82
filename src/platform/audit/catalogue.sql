-- What guards the tables, a line each. It is run with `search_path = pg_catalog`, so that every
-- name is written in full, whoever asks.
WITH schema AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
    SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name
    FROM pg_class c JOIN schema s ON s.oid = c.relnamespace
), item (line) AS (
    SELECT format('schema %s owner=%s privileges=%s', nspname, pg_get_userbyid(nspowner),
        ARRAY(SELECT unnest(nspacl)::text ORDER BY 1))
    FROM schema
    UNION ALL
    SELECT format('table %s kind=%s owner=%s row_security=%s forced=%s privileges=%s', name, relkind,
        pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity,
        ARRAY(SELECT unnest(relacl)::text ORDER BY 1))
    FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT format('column %s.%I privileges=%s', name, attname, ARRAY(SELECT unnest(attacl)::text ORDER BY 1))
    FROM relation JOIN pg_attribute a ON a.attrelid = relation.oid WHERE attacl IS NOT NULL
    UNION ALL
    SELECT format('view %s definition=%s', name, sha256(convert_to(pg_get_viewdef(oid), 'UTF8')))
    FROM relation WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT format('trigger %I on %s enabled=%s definition=%s', tgname, name, tgenabled, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL
    -- Those of foreign keys, which are named by number: only when they are switched off.
    SELECT format('trigger of constraint %I on %s enabled=%s', conname, name, tgenabled)
    FROM pg_trigger t JOIN relation ON relation.oid = tgrelid JOIN pg_constraint n ON n.oid = tgconstraint
    WHERE tgisinternal AND tgenabled <> 'O'
    UNION ALL
    SELECT format('constraint %I on %s valid=%s definition=%s', conname, name, convalidated, pg_get_constraintdef(n.oid))
    FROM pg_constraint n JOIN relation ON relation.oid = conrelid
    UNION ALL
    SELECT format('rule %I on %s enabled=%s definition=%s', rulename, name, ev_enabled, pg_get_ruledef(r.oid))
    FROM pg_rewrite r JOIN relation ON relation.oid = ev_class WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT format('policy %I on %s for=%s permissive=%s to=%s using=%s check=%s', polname, name, polcmd, polpermissive,
        ARRAY(SELECT CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END FROM unnest(polroles) AS role ORDER BY 1),
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy JOIN relation ON relation.oid = polrelid
    UNION ALL
    SELECT format('function %I.%I(%s) owner=%s definer=%s settings=%s privileges=%s source=%s', nspname, proname,
        pg_get_function_identity_arguments(p.oid), pg_get_userbyid(proowner), prosecdef, proconfig,
        ARRAY(SELECT unnest(proacl)::text ORDER BY 1), sha256(convert_to(prosrc, 'UTF8')))
    FROM pg_proc p JOIN schema ON schema.oid = pronamespace
    UNION ALL
    SELECT format('event trigger %I on %s enabled=%s function=%s', evtname, evtevent, evtenabled, evtfoid::regproc)
    FROM pg_event_trigger
    UNION ALL
    SELECT format('role %I superuser=%s inherit=%s create_role=%s create_db=%s login=%s replication=%s bypass_row_security=%s',
        rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls)
    FROM pg_roles WHERE rolname !~ '^pg_'
    UNION ALL
    SELECT DISTINCT format('member %I of %I admin=%s', pg_get_userbyid(member), pg_get_userbyid(roleid), admin_option)
    FROM pg_auth_members WHERE pg_get_userbyid(member) !~ '^pg_'
    UNION ALL
    SELECT format('setting of role %s everywhere=%s is %s',
        CASE setrole WHEN 0 THEN 'any' ELSE pg_get_userbyid(setrole)::text END, setdatabase = 0, setconfig)
    FROM pg_db_role_setting
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
)
SELECT line FROM item ORDER BY line COLLATE "C"

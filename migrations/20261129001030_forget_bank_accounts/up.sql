-- Bank accounts of direct debits, and the files that named them, are kept as books are.
INSERT INTO retention_rule VALUES
    ('direct_debit', '2026-12-01', 84, 'ended',
        'assumed: as the Inland Revenue Ordinance, Cap. 112, section 51C, has business records kept: seven years', 'assumed', '2026-11-29T00:00:00Z');

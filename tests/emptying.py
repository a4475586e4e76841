"""Empties the tables after a test that committed, in a tenth of the time that Django's flush takes.

Flush truncates every table and its indexes, and then makes the content types and permissions anew. Most tests fill a
few rows of a few tables, so those are deleted, account by account as the policies demand. Rows that are deleted, or
rolled back, stay in the file until PostgreSQL vacuums: a table that has grown is truncated, or each check of a foreign
key that was planned when it was empty reads all of them.
"""

from django.db import connection

from tenants.scope import ACCOUNT_SETTING

KEPT = ["django_migrations", "django_content_type", "auth_permission", "django_site"]
_EMPTY = f"""
DO $$
DECLARE
    filled text[] := ARRAY(
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL(ARRAY{KEPT})
        AND pg_relation_size(oid) > 0);
    isolated text[] := ARRAY(SELECT relname FROM pg_class WHERE relrowsecurity AND relname = ANY(filled));
    account bigint;
    name text;
BEGIN
    FOREACH name IN ARRAY filled LOOP
        IF pg_relation_size(format('%I', name)::regclass) > 200000 THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        END IF;
    END LOOP;
    FOR account IN SELECT id FROM tenants_account LOOP
        PERFORM set_config('{ACCOUNT_SETTING}', account::text, true);
        FOREACH name IN ARRAY isolated LOOP
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
    END LOOP;
    FOREACH name IN ARRAY filled LOOP
        IF name <> ALL(isolated) THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
END $$
"""  # noqa: S608  (names of our own)


def empty_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)

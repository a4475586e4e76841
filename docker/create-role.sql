-- The application's role, made once with the database. It owns its database, and row-level security binds it.
\getenv password DATABASE_PASSWORD
CREATE ROLE cloud_depot LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
-- No transaction of ours waits for anybody: one that stands still is a process that hangs, and would hold up others.
ALTER ROLE cloud_depot SET idle_in_transaction_session_timeout = '60s';
CREATE DATABASE cloud_depot OWNER cloud_depot;

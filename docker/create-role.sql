-- The application's role, made once with the database. It owns its database, and row-level security binds it.
\getenv password DATABASE_PASSWORD
CREATE ROLE cloud_depot LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE cloud_depot OWNER cloud_depot;

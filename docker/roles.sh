#!/bin/sh
# Runs once in an empty PostgreSQL: the two roles (ARCHITECTURE §3), the extensions, the empty database.
# The same statements as config/embedded.py; tests/config/test_compose.py compares them.
set -eu
owner_password=$(cat /run/secrets/owner_password)
app_password=$(cat /run/secrets/app_password)

psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -v owner_password="$owner_password" -v app_password="$app_password" <<'SQL'
CREATE ROLE guanjia_owner LOGIN CREATEDB PASSWORD :'owner_password';
CREATE ROLE guanjia_app LOGIN PASSWORD :'app_password';
GRANT guanjia_app TO guanjia_owner;
SQL

psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d template1 <<'SQL'
ALTER DEFAULT PRIVILEGES FOR ROLE guanjia_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO guanjia_app;
ALTER DEFAULT PRIVILEGES FOR ROLE guanjia_owner GRANT USAGE, SELECT ON SEQUENCES TO guanjia_app;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
SQL

psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -c 'CREATE DATABASE guanjia OWNER guanjia_owner'
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d guanjia -c "
    DO \$\$ BEGIN
        IF cardinality(show_trgm('香港大')) = 0 THEN RAISE 'pg_trgm does not read Chinese: wrong initdb arguments'; END IF;
    END \$\$"

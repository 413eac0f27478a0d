#!/bin/sh
# Creates the roles of docker-compose.yml. bulk_actions_owner migrates and owns the tables. API and workers use
# bulk_actions_service, with the rights that the service `grants` grants after each migration. The image runs this script
# when it fills an empty volume. To change passwords, or on an older volume, run it again:
#   docker compose exec postgres /docker-entrypoint-initdb.d/postgres-roles.sh
set -e

# Exported, because other users can read the arguments of a process.
password_in() { sed -E 's|^[a-z]+://[^:]+:([^@]+)@.*$|\1|' "${SECRETS:-/run/secrets}/$1"; }
OWNER_PASSWORD=$(password_in owner-database-url)
SERVICE_PASSWORD=$(password_in service-database-url)
export OWNER_PASSWORD SERVICE_PASSWORD

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD
BEGIN;
SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['bulk_actions_owner', 'bulk_actions_service']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE bulk_actions_owner PASSWORD :'owner_password';
ALTER ROLE bulk_actions_service PASSWORD :'service_password';
ALTER DATABASE :"DBNAME" OWNER TO bulk_actions_owner;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO bulk_actions_service;
-- Workers slow down while others are active. Whose activity they may not see counts as active.
GRANT pg_read_all_stats TO bulk_actions_service;
COMMIT;
SQL

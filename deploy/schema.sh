#!/bin/sh
# Lays out Temporal's two databases, or brings them up to this version; runs in the admin tools image and may run again.
# Where and as whom comes from SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD and SQL_PLUGIN, which the tool reads itself.
set -eu

versions=${TEMPORAL_SCHEMA_DIR:-/etc/temporal/schema}/postgresql/v12

lay_out() {
    export SQL_DATABASE="$1"
    # Both steps keep what is there: a database that exists is left, version tables are only made where missing.
    temporal-sql-tool create-database
    temporal-sql-tool setup-schema --version 0.0
    temporal-sql-tool update-schema --schema-dir "$versions/$2/versioned"
}

lay_out temporal temporal
lay_out temporal_visibility visibility

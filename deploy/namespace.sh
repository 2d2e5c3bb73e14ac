#!/bin/sh
# Makes the namespace with its retention and search attributes, or mends them; runs in the admin tools image, also again.
# The server's own default is three days, and what retention deletes is the audit trail: so it is set every time.
set -eu

: "${TEMPORAL_NAMESPACE:?set the namespace to create}"
: "${RETENTION:?set how long closed requests are kept, such as 90d}"

# The port answers before the server can write; bounded, so that a server that never comes fails the job.
tries=0
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { echo "namespace: no healthy server at ${TEMPORAL_ADDRESS:-localhost:7233} after 60 tries" >&2; exit 1; }
    sleep 1
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

# A namespace made a moment ago is not known everywhere yet; an attribute that exists is no error to the program.
tries=0
until temporal operator search-attribute create \
    --name Desk --type Keyword \
    --name RequestState --type Keyword \
    --name NextOwner --type Keyword \
    --name ReviewPoint --type Datetime \
    --name RequestPriority --type Int; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || { echo "namespace: the search attributes could not be created" >&2; exit 1; }
    sleep 1
done

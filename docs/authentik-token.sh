#!/bin/sh
# Makes what the sync needs in authentik, through its API: a role that may view OAuth sources and nothing else, a group with
# that role, a service account in it, and the account's API token, which is printed.
#
#   AUTHENTIK_ADMIN_TOKEN=… sh docs/authentik-token.sh https://authentik.example
#
# AUTHENTIK_ADMIN_TOKEN is an API token of an administrator (Directory, Tokens and App passwords, intent "API Token"); it is
# not needed again. Made for authentik 2024.6 and newer.
set -eu
base="${1:?where is authentik, such as https://authentik.example?}/api/v3"
: "${AUTHENTIK_ADMIN_TOKEN:?is not set}"

# The token goes to curl by its standard input: a command line can be read by every user of the machine.
api() {
  printf 'header = "Authorization: Bearer %s"\n' "$AUTHENTIK_ADMIN_TOKEN" |
    curl -fsS -K - -X "$1" -H "Content-Type: application/json" ${3:+--data "$3"} "$base/$2"
}
field() { node -p "JSON.parse(require('node:fs').readFileSync(0, 'utf8')).$1"; }

role=$(api POST rbac/roles/ '{"name": "sources-edge"}' | field pk)
api POST "rbac/permissions/assigned_by_roles/$role/assign/" \
  '{"permissions": ["authentik_sources_oauth.view_oauthsource"]}' >&2
group=$(api POST core/groups/ "{\"name\": \"sources-edge\", \"roles\": [\"$role\"]}" | field pk)
user=$(api POST core/users/service_account/ '{"name": "sources-edge", "create_group": false, "expiring": false}' | field user_pk)
api POST "core/groups/$group/add_user/" "{\"pk\": $user}" >&2
api POST core/tokens/ "{\"identifier\": \"sources-edge-sync\", \"intent\": \"api\", \"user\": $user, \"expiring\": false}" >&2
printf '\nAUTHENTIK_TOKEN, which may view OAuth sources and do nothing else:\n' >&2
api GET core/tokens/sources-edge-sync/view_key/ | field key

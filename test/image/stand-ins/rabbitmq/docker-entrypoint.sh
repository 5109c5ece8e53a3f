#!/bin/sh
# As the image of RabbitMQ does: programs of RabbitMQ run as its own user, who owns its data.
set -eu
case "${1-}" in
  rabbitmq*)
    if [ "$(id -u)" = 0 ]; then
      find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
      exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups env HOME=/var/lib/rabbitmq "$0" "$@"
    fi
    ;;
esac
if [ -n "${RABBITMQ_ERLANG_COOKIE:-}" ]; then
  cookie=/var/lib/rabbitmq/.erlang.cookie
  [ -e "$cookie" ] || echo "$RABBITMQ_ERLANG_COOKIE" >"$cookie"
  chmod 0600 "$cookie"
fi
exec "$@"

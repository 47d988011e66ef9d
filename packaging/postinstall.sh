#!/bin/sh
# The service is not started: it has no settings yet.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
echo "callvault: put your settings into /etc/callvault/callvault.env, then: systemctl enable --now callvault"

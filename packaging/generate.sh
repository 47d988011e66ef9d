#!/bin/sh
# Makes what a release takes from the program itself, in packaging/generated:
# manual pages, completion, Debian's changelog.
#
#   packaging/generate.sh VERSION
set -eu
version=$1
date=$(git log -1 --format=%cD)
out=packaging/generated
rm -rf "$out"
mkdir -p "$out/man" "$out/man.gz" "$out/completion"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
go build -ldflags "-X main.version=$version" -o "$out/callvault" ./cmd/callvault
"$out/callvault" man "$out/man"
for page in "$out"/man/*.1; do
  gzip -9nc "$page" > "$out/man.gz/$(basename "$page").gz"
done
for shell in bash zsh fish; do
  "$out/callvault" completion "$shell" > "$out/completion/callvault.$shell"
done
rm "$out/callvault"
gzip -9nc > "$out/changelog.Debian.gz" <<END
callvault ($version) unstable; urgency=medium

  * What has changed is in /usr/share/doc/callvault/changelog.gz

 -- callvault maintainers <callvault@users.noreply.github.com>  $date
END
gzip -9nc CHANGELOG.md > "$out/changelog.gz"

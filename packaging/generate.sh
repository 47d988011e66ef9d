#!/bin/sh
# Makes what a release takes from the program itself, in packaging/generated:
# manual pages, completion, Debian's changelog, the licences of what is in it.
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
{
  printf 'The Go distribution: LICENSE\n\n'
  cat "$(go env GOROOT)/LICENSE"
  printf '\n\n'
} > "$out/third-party-licences.txt"
go version -m "$out/callvault" | awk '$1 == "dep" {print $2 "@" $3}' | sort | while read -r module; do
  dir=$(go list -m -f '{{.Dir}}' "${module%@*}")
  for file in "$dir"/LICEN* "$dir"/UNLICEN* "$dir"/COPYING* "$dir"/NOTICE*; do
    if [ -f "$file" ]; then
      printf '%s: %s\n\n' "$module" "$(basename "$file")"
      cat "$file"
      printf '\n\n'
    fi
  done
done >> "$out/third-party-licences.txt"
gzip -9nc "$out/third-party-licences.txt" > "$out/third-party-licences.txt.gz"
rm "$out/callvault"
gzip -9nc > "$out/changelog.Debian.gz" <<END
callvault ($version) unstable; urgency=medium

  * What has changed is in /usr/share/doc/callvault/changelog.gz

 -- callvault maintainers <callvault@users.noreply.github.com>  $date
END
gzip -9nc CHANGELOG.md > "$out/changelog.gz"

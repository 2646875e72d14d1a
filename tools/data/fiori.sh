#!/usr/bin/env bash
# Makes the first-run data set: 778 MiniLM sentence vectors of 384 floats with their texts, as JSON lines.
#   tools/data/fiori.sh OUT.jsonl
# Source: npm package @sap-ux/fiori-docs-embeddings 1.2.6 (Apache-2.0). Kept outside git.
set -euo pipefail
out=$(realpath -m "$1")
folder=$(dirname "$out")
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetching the data set (2.4 MB)"
(cd "$work" && npm pack --silent @sap-ux/fiori-docs-embeddings@1.2.6 >/dev/null && tar xzf ./*.tgz)
node "$(dirname "$0")/fiori.mjs" "$work/package/data/embeddings" "$out.part"
mv "$out.part" "$out"
(cd "$folder" && sha256sum "$(basename "$out")" >"$(basename "$out").sha256")

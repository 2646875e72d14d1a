#!/usr/bin/env bash
# Fetches the source of Debian's faiss below .cache/, so that the build makes faiss_ivf_avx2: the same library with its hot files
# compiled with upstream's AVX2 flags. Debian's own build computes distances one float at a time, which is no rival.
#   tools/bench/faiss_avx2.sh && cmake --preset release && cmake --build --preset release --target faiss_ivf_avx2
# The system's list of package sources is not touched.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=.cache/faiss
[ -f "$target/faiss/utils/distances_simd.cpp" ] && exit 0
[ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || { echo "this needs Debian" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/source"
echo 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main' >"$work/sources.list"
options=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root -q)
apt-get "${options[@]}" update >/dev/null
(cd "$work/source" && apt-get "${options[@]}" source --download-only faiss=1.7.3-2 >/dev/null)
mkdir -p "$target"
tar xf "$work"/source/faiss_*.orig.tar.* -C "$target" --strip-components=1
ls "$target/faiss/utils/distances_simd.cpp"

#!/usr/bin/env bash
# Installs what building, running and testing need, and says what it does. Idempotent: silent when nothing is missing.
#   tools/install.sh            what ./run needs: compilers and libraries
#   tools/install.sh --tests    also what ./test and ./test --all need
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates curl
  libboost1.81-dev libboost-json1.81-dev libssl-dev librocksdb-dev libfaiss-dev libopenblas-dev libhnswlib-dev libsimdjson-dev
  libexpected-dev libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev libsodium-dev zlib1g-dev libzstd-dev libhdf5-dev liburing-dev
  python3 python3-numpy nodejs
)
test_packages=(
  libgtest-dev libgmock-dev clang clang-tidy clang-format libclang-rt-14-dev openssl
  python3-pytest python3-pytest-xdist python3-websockets python3-wsproto python3-jsonschema python3-yaml mypy chromium procps zstd
  dpkg-dev mmdebstrap lintian
)

wanted=("${build_packages[@]}")
[ "${1:-}" = "--tests" ] && wanted+=("${test_packages[@]}")

missing=()
for package in "${wanted[@]}"; do
  # A Node.js that is not Debian's serves as well, from 18 on: the dashboard is built with it.
  if [ "$package" = nodejs ] && command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; then continue; fi
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
command -v npm >/dev/null || [[ " ${missing[*]:-} " == *" npm "* ]] || missing+=(npm)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing Debian packages: ${missing[*]}"
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -q >/dev/null
"${sudo[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null

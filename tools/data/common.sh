# shellcheck shell=bash
# What the scripts of this folder share; sourced.
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")

# packages NAME…: installs what is missing.
packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing Debian packages: ${missing[*]}"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

# unpacked FOLDER PACKAGE…: what the packages hold, without installing them.
unpacked() {
  local folder=$1 deb
  shift
  [ -d "$folder" ] && return
  echo "fetching ${*}"
  rm -rf "$folder.part"
  mkdir -p "$folder.part"
  (cd "$folder.part" && apt-get download -q "$@" >/dev/null)
  for deb in "$folder.part"/*.deb; do dpkg -x "$deb" "$folder.part"; done
  rm "$folder.part"/*.deb
  mv "$folder.part" "$folder"
}

# made FOLDER SET: whether the set is there and as it was made; a damaged one ends the script.
made() {
  [ -f "$1/$2.sha256" ] || return 1
  (cd "$1" && sha256sum --check --quiet "$2.sha256") || { echo "$1: remove what is damaged and $2.sha256 to make it anew" >&2; exit 1; }
}

# seal FOLDER SET FILE…: writes the checksums; the set counts as made from here on.
seal() {
  local folder=$1 set=$2
  shift 2
  (cd "$folder" && sha256sum "$@" >"$set.part" && mv "$set.part" "$set.sha256" && cat "$set.sha256")
}

# truth BASE.npy QUERIES.npy OUT.ivecs [OUT-OF KEPT]: the exact 100 nearest, see truth.cc.
truth() {
  local program
  program=$(mktemp)
  g++ -O3 -march=native -std=c++20 -pthread "$here/truth.cc" -o "$program"
  "$program" "$1" "$2" "$3.part" 100 "${@:4}"
  rm "$program"
  mv "$3.part" "$3"
}

# sift_program FOLDER: builds FOLDER/sift when its source is newer.
sift_program() {
  [ "$1/sift" -nt "$here/sift.cc" ] && return
  g++ -O2 -std=c++20 -isystem /usr/include/opencv4 "$here/sift.cc" -o "$1/sift" -lopencv_features2d -lopencv_imgcodecs -lopencv_core
}

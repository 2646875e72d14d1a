#!/usr/bin/env bash
# Makes a SIFT-128 set from the photographs of two Debian wallpaper packages: real descriptors, L2, integers 0..255.
#   tools/data/sift.sh OUT.npy ROWS       (up to about 1.1 million rows with at most 60,000 an image)
# scale.sh makes the large sets, with queries and truth, from more packages. The images' licences are in each package's copyright
# file: the set is made here and never committed.
set -euo pipefail
. "$(dirname "$0")/common.sh"
out=$(realpath -m "$1")
rows=$2
folder=$(dirname "$out")
images=$folder/images
mkdir -p "$folder"
packages g++ libopencv-features2d-dev libopencv-imgcodecs-dev
unpacked "$images" mate-backgrounds plasma-workspace-wallpapers
sift_program "$folder"
# The same picture comes at many sizes: the largest of each folder only.
find "$images" -type f \( -name '*.jpg' -o -name '*.png' \) -printf '%s %h %p\n' | sort -k2,2 -k1,1nr |
  awk '$2 ~ /images$/ { if (seen[$2]++) next } { print $3 }' | sort >"$folder/images.txt"
xargs -a "$folder/images.txt" "$folder/sift" "$out.part" "$rows" 60000
mv "$out.part" "$out"
(cd "$folder" && sha256sum "$(basename "$out")" >"$(basename "$out").sha256")

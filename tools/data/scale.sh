#!/usr/bin/env bash
# Makes the large sets: SIFT descriptors (L2, 128 whole numbers 0..255, no two alike) of the photographs in Debian's wallpaper
# packages, 1,000 held-out queries, and the exact truth. Every descriptor is a real one: none is jittered, no image is turned.
#   tools/data/scale.sh 1m [FOLDER]   sift-1m: 10^6 rows, also as JSON lines with {"bucket": row % 100}; truths with and without filter
#   tools/data/scale.sh 5m [FOLDER]   sift-5m: 5 * 10^6 rows, from fainter keypoints too (contrast threshold 0.001 instead of 0.01)
# An image gives at most 60,000 (1m) or 150,000 (5m) rows; if those are too few, the least cap that is enough, which is printed.
# The images' licences are in each package's copyright file: the sets are made here and never committed.
set -euo pipefail
. "$(dirname "$0")/common.sh"
folder=$(realpath -m "${2:-.cache/data}")
case ${1:-} in
  1m) rows=1000000 cap=60000 contrast=0.01 ;;
  5m) rows=5000000 cap=150000 contrast=0.001 ;;
  *) sed -n '2,8s/^# //p' "$0" >&2; exit 2 ;;
esac
set=sift-$1
base=$folder/$set.npy queries=$folder/$set-queries.npy
made "$folder" "$set" && exit 0

if [ ! -f "$base" ] || [ ! -f "$queries" ]; then  # else a run was broken off behind the extraction
  packages g++ libopencv-features2d-dev libopencv-imgcodecs-dev python3-numpy
  photographs=$folder/photographs
  unpacked "$photographs" mate-backgrounds plasma-workspace-wallpapers gnome-backgrounds lomiri-wallpapers-16.04 \
    lomiri-wallpapers-20.04 ukui-wallpapers
  # The same picture comes at many sizes: of each, the largest only.
  list=$(mktemp)
  find "$photographs" -type f \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' \) ! -name 'screenshot.*' ! -name Elephants.jpg \
    ! -name Elephants_3840x2160.jpg -printf '%s %h %f\n' | LC_ALL=C sort -k2,2 -k1,1nr -k3,3 |
    awk '$2 ~ /contents\/images(_dark)?$/ && seen[$2]++ { next } { print $2 "/" $3 }' >"$list"
  echo "extracting descriptors of $(wc -l <"$list") images"
  sift_program "$folder"
  xargs -a "$list" "$folder/sift" --contrast "$contrast" --queries "$queries.part" 1000 "$base.part" "$rows" "$cap"
  rm "$list"
  mv "$base.part" "$base"
  mv "$queries.part" "$queries"
fi

echo "computing exact neighbours"
truth "$base" "$queries" "$folder/$set-truth.ivecs"
files=("$set.npy" "$set-queries.npy" "$set-truth.ivecs")
if [ "$1" = 1m ]; then
  for percent in 1 10 50; do
    truth "$base" "$queries" "$folder/$set-truth-$percent.ivecs" 100 "$percent"
    files+=("$set-truth-$percent.ivecs")
  done
  /usr/bin/python3 "$here/lines.py" "$base" "$folder/$set.jsonl.part"
  mv "$folder/$set.jsonl.part" "$folder/$set.jsonl"
  files+=("$set.jsonl")
fi
seal "$folder" "$set" "${files[@]}"

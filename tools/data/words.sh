#!/usr/bin/env bash
# Makes the set of definition vectors: 126,236 entries of the GNU Collaborative International Dictionary of English, each a unit
# vector of 100 floats (cosine), with headword, text and number of words as metadata; and 1,000 queries of six words each.
#   tools/data/words.sh [FOLDER]      words.jsonl, words.npy, words-queries.npy, words-truth.ivecs, words.sha256
# The vectors are fasttext's, trained here on the dictionary itself: one thread, because with more no two trainings are alike
# (ten minutes; later runs verify the checksums). The dictionary is free under the GPL: Debian's package dict-gcide.
set -euo pipefail
. "$(dirname "$0")/common.sh"
folder=$(realpath -m "${1:-.cache/data}")
work=$folder/words.work
made "$folder" words && exit 0
packages fasttext dict-gcide dictzip g++ python3-numpy
mkdir -p "$work"
dictzip -dc /usr/share/dictd/gcide.dict.dz >"$work/gcide.dict"
/usr/bin/python3 "$here/words.py" entries "$folder" "$work"
echo "training word vectors (about ten minutes)"
# 200,000 buckets of letter groups instead of two million: the model is 100 MB instead of 800 and stays near the caches.
if [ ! -f "$work/model.bin" ]; then
  fasttext skipgram -input "$work/corpus.txt" -output "$work/model.part" -dim 100 -minCount 5 -epoch 5 -bucket 200000 -thread 1
  mv "$work/model.part.bin" "$work/model.bin"
fi
fasttext print-sentence-vectors "$work/model.bin" <"$work/corpus.txt" >"$work/vectors.txt"
fasttext print-sentence-vectors "$work/model.bin" <"$work/queries.txt" >"$work/query-vectors.txt"
/usr/bin/python3 "$here/words.py" vectors "$folder" "$work"
truth "$folder/words.npy" "$folder/words-queries.npy" "$folder/words-truth.ivecs"
seal "$folder" words words.jsonl words.npy words-queries.npy words-truth.ivecs
rm -rf "$work"

#!/usr/bin/env python3
"""The steps of words.sh that are no program's: entries of the dictionary, then vectors and texts as NPY and JSON lines.

  words.py entries FOLDER WORK       corpus.txt, queries.txt (one text a line) and entries.jsonl in WORK
  words.py vectors FOLDER WORK       words.npy, words.jsonl, words-queries.npy in FOLDER, from fasttext's vectors in WORK

An entry is what one (offset, length) of the dictionary's index names; several words may name one. A query is what someone might
type: six words in a row from within a definition, so none of them is a row of the set.
"""
import json
import pathlib
import random
import re
import string
import sys

import numpy

DICTIONARY = pathlib.Path("/usr/share/dictd")
DIM, QUERIES, QUERY_WORDS = 100, 1_000, 6
DIGITS = {letter: value for value, letter in enumerate(string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/")}
SOURCE = re.compile(r"\[(?:1913 Webster|Webster|WordNet|PJC)[^]]*\]")  # who wrote an entry is no part of what it says
WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")


def number(digits):
    value = 0
    for digit in digits:
        value = value * 64 + DIGITS[digit]
    return value


def tokens(text):
    return WORD.findall(text.lower())


def entries(_, work):
    text = (work / "gcide.dict").read_bytes()
    places = {}
    for line in (DICTIONARY / "gcide.index").read_text("utf-8", "replace").splitlines():
        word, offset, length = line.split("\t")[:3]
        if not word.startswith("00-"):  # the dictionary's own title and licence
            places.setdefault((number(offset), number(length)), []).append(word)
    taken, bodies = {}, []
    with open(work / "corpus.txt", "w") as corpus, open(work / "entries.jsonl", "w") as out:
        for (offset, length), words in sorted(places.items()):
            body = " ".join(SOURCE.sub("", text[offset:offset + length].decode("utf-8", "replace")).split())
            if not tokens(body):
                continue
            # The word as the entry itself writes it, else the first that names it.
            head = max((w for w in words if body.lower().startswith(w.lower())), key=len, default=words[0])
            taken[head] = taken.get(head, 0) + 1
            name = head if taken[head] == 1 else f"{head}#{taken[head]}"
            bodies.append(tokens(body))
            corpus.write(" ".join(bodies[-1]) + "\n")
            fields = {"headword": head, "text": body[:400], "words": len(bodies[-1])}
            out.write(json.dumps({"id": name, "metadata": fields}, ensure_ascii=False) + "\n")
    choice = random.Random(42)
    long = [body for body in bodies if len(body) >= 4 * QUERY_WORDS]
    with open(work / "queries.txt", "w") as out:
        for body in choice.sample(long, QUERIES):
            begin = choice.randrange(QUERY_WORDS, len(body) - QUERY_WORDS)
            out.write(" ".join(body[begin:begin + QUERY_WORDS]) + "\n")
    print(f"{len(bodies)} entries")


def read_vectors(path, count):
    rows = numpy.fromstring(path.read_text(), dtype=numpy.float32, sep=" ").reshape(count, DIM)
    return (rows / numpy.linalg.norm(rows, axis=1, keepdims=True)).astype(numpy.float32)


def vectors(folder, work):
    with open(work / "entries.jsonl") as lines:
        named = [json.loads(line) for line in lines]
    rows = read_vectors(work / "vectors.txt", len(named))
    assert numpy.isfinite(rows).all(), "an entry without a vector"
    numpy.save(folder / "words.npy", rows)
    numpy.save(folder / "words-queries.npy", read_vectors(work / "query-vectors.txt", QUERIES))
    with open(folder / "words.jsonl", "w") as out:
        for entry, row in zip(named, rows):
            values = ",".join(f"{value:.9g}" for value in row.tolist())
            fields = json.dumps(entry["metadata"], ensure_ascii=False)
            out.write(f'{{"id":{json.dumps(entry["id"], ensure_ascii=False)},"values":[{values}],"metadata":{fields}}}\n')


if __name__ == "__main__":
    {"entries": entries, "vectors": vectors}[sys.argv[1]](*map(pathlib.Path, sys.argv[2:4]))

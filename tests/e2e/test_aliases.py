"""Aliases: switched under searches, asked for by tokens of every scope, and kept over a kill."""
import itertools

from harness import Crew, fill

V1, V2 = "docs-v1", "docs-v2"


def make(rest, *names):
    for name in names:
        assert rest.post("/indices", {"index_id": name, "dimension": 2}).status == 201
        fill(rest, name, [{"id": f"{name}-{i}", "values": [i, 1], "metadata": {"of": name}} for i in range(20)])


def switch(rest, alias, index):
    answer = rest.put("/aliases", {"alias": alias, "index": index})
    assert answer.status == 200, answer
    return answer.json["aliases"]


def owners(answer):
    """The indices that the hits of an answer come from."""
    assert answer.status == 200, answer
    return {hit["metadata"]["of"] for hits in answer.json["results"] for hit in hits}


def test_every_answer_is_wholly_of_one_index_while_aliases_are_switched(make_server):
    """Searches of ten queries run while the alias goes to and fro; what is sent after a switch was answered sees it."""
    server = make_server()
    rest = server.rest()
    make(rest, V1, V2)
    switch(rest, "docs", V1)
    seen = set()

    def search(stop):
        mine = server.rest()
        while not stop.is_set():
            found = owners(mine.post("/indices/docs/search", {"vectors": [[i, 1] for i in range(10)], "k": 20}))
            assert len(found) == 1, found
            seen.update(found)

    with Crew(search, search, search):
        for target in itertools.islice(itertools.cycle([V2, V1]), 60):
            switch(rest, "docs", target)
            assert owners(rest.post("/indices/docs/search", {"vector": [1, 1], "k": 5})) == {target}
    assert seen == {V1, V2}


def test_a_batch_is_seen_whole(make_server):
    """Two aliases that always change places: who lists them never sees one switched without the other."""
    server = make_server()
    rest = server.rest()
    make(rest, V1, V2)
    places = [{"live": V1, "old": V2}, {"live": V2, "old": V1}]

    def put(place):
        return rest.put("/aliases", {"aliases": [{"alias": alias, "index": index} for alias, index in place.items()]})

    assert put(places[0]).status == 200

    def look(stop):
        mine = server.rest()
        while not stop.is_set():
            assert {a["alias"]: a["index"] for a in mine.get("/aliases").json["aliases"]} in places

    with Crew(look, look):
        for n in range(1, 60):
            assert put(places[n % 2]).status == 200
        refused = rest.put("/aliases", {"aliases": [{"alias": "live", "index": None}, {"alias": "old", "index": "nobody"}]})
        assert (refused.status, refused.json["member"]) == (404, "aliases[1].index"), refused


def test_scopes_are_those_of_the_index(make_server):
    server = make_server()
    rest = server.rest()
    make(rest, V1, V2)
    switch(rest, "docs", V1)

    def who(*scopes, name):
        return server.rest(rest.post("/tokens", {"name": name, "scopes": list(scopes)}).json["token"])

    searcher, writer, outsider = who(f"search:{V1}", name="s"), who(f"write:{V1}", name="w"), who("write:docs", "search:docs", name="o")
    search = {"vector": [1, 1], "k": 1}
    assert owners(searcher.post("/indices/docs/search", search)) == {V1}
    assert searcher.get("/indices/docs").json["index_id"] == V1
    assert searcher.get("/aliases").json == {"aliases": [{"alias": "docs", "index": V1}]}
    assert searcher.post("/indices/docs/vectors", {"vectors": [{"id": "x", "values": [1, 2]}]}).status == 403
    assert writer.post("/indices/docs/vectors", {"vectors": [{"id": "x", "values": [1, 2]}]}).json == {"upserted": 1}
    imported = writer.upload("docs", b'{"id":"y","values":[1,2]}\n')
    assert (imported.status, imported.json["index"]) == (202, V1), imported
    assert writer.put("/aliases", {"alias": "docs", "index": V2}).status == 403
    assert writer.delete("/aliases/docs").status == 403
    for answer in (outsider.post("/indices/docs/search", search), outsider.get("/indices/docs/vectors"), outsider.delete("/indices/docs")):
        assert answer.status == 403 and V1.encode() not in answer.body, answer
    assert outsider.get("/aliases").json == {"aliases": []}
    switch(rest, "docs", V2)
    assert searcher.post("/indices/docs/search", search).status == 403
    assert rest.get("/indices/docs/vectors/x").status == 404 and rest.get(f"/indices/{V1}/vectors/x").status == 200


def test_events_speak_of_indices_only(make_server):
    server = make_server()
    rest = server.rest()
    make(rest, V1)
    with_alias = server.socket()
    begin = with_alias.subscribe("*")["id"]
    switch(rest, "docs", V1)
    job = rest.upload("docs", b'{"id":"y","values":[1,2]}\n').json
    rest.patch("/indices/docs", {"tiering": {"merge": 30_000_000}})
    told = with_alias.expect("index.updated", lambda m: "tiering" in m["data"]["changed"])
    assert told["data"]["index"] == V1
    with_alias.close()
    again = server.socket()
    again.subscribe("*", since=begin)
    events = [m for m in again.drain() if "id" in m]
    again.close()
    assert {m["data"]["index"] for m in events} == {V1} and any(m["data"].get("jobId") == job["jobId"] for m in events)
    assert rest.get(f"/jobs?index={V1}").json["jobs"] and not rest.get("/jobs?index=docs").json["jobs"]


def test_what_was_answered_survives_kill_9(make_server):
    server = make_server()
    rest = server.rest()
    make(rest, V1, V2)
    expected = {}
    for n, target in enumerate([V1, V2, V1, V2]):
        expected = {**expected, f"a{n}": target, "docs": target}
        switch(rest, f"a{n}", target)
        switch(rest, "docs", target)
        server.kill()
        server.start()
        rest = server.rest()
        assert {a["alias"]: a["index"] for a in rest.get("/aliases").json["aliases"]} == expected
    assert rest.delete("/aliases/a0").status == 204
    server.kill()
    server.start()
    rest = server.rest()
    assert rest.get("/indices/a0").status == 404 and rest.get("/indices/docs").json["index_id"] == V2
    assert rest.post("/indices", {"index_id": "docs", "dimension": 2}).status == 409
    refused = rest.delete(f"/indices/{V2}")
    assert refused.status == 409 and "'a1', 'a3', 'docs'" in refused.json["message"], refused

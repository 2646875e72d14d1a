"""The documents and the server say the same."""
import pathlib
import re

import pytest
from harness import schemas
from harness.server import ROOT

PROTOCOL = ROOT / "docs" / "protocol.md"
OPERATING = ROOT / "docs" / "operating.md"


def table_rows(text, heading):
    """The cells of the first table after a heading."""
    lines = text[text.index(heading):].splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[begin + 1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return rows


def configuration_table():
    """(key, default as TOML) of docs/operating.md."""
    return [(row[0], row[1]) for row in table_rows(OPERATING.read_text(), "## Settings")]


def error_rows():
    """(code, status and code over REST, close code, whether a retry helps) of the program's table."""
    source = (ROOT / "src/protocol/error_table.cc").read_text()
    close_codes = dict(re.findall(r"(k\w+) = (\d{4})", (ROOT / "src/protocol/error_table.h").read_text()))
    found = re.findall(r'ErrorRow\{ErrorCode::(\w+), "(\w+)", (\d+), (\w+), (true|false)\}', source)
    in_rest = {code: code for code, *_ in found}
    for group in re.findall(r"((?:case ErrorCode::\w+:\s+)+)return row_of\(ErrorCode::(\w+)\);", source):
        in_rest.update({code: group[1] for code in re.findall(r"k\w+", group[0])})
    by_code = {code: (name, status) for code, name, status, *_ in found}
    return {(name, int(by_code[in_rest[code]][1]), by_code[in_rest[code]][0], int(close_codes.get(close, 0)), retry == "true")
            for code, name, _, close, retry in found}


def test_error_table_is_the_programs():
    documented = set()
    for code, rest, close, retry, *_ in table_rows(PROTOCOL.read_text(), "### Error codes"):
        status, name = rest.split()
        documented.add((code, int(status), name, int(close) if close != "–" else 0, retry == "yes"))
    assert documented == error_rows()


def test_close_codes_are_the_programs():
    header = (ROOT / "src/protocol/error_table.h").read_text()
    coded = {int(code) for code in re.findall(r"= (\d{4})", header)}
    documented = {int(row[0]) for row in table_rows(PROTOCOL.read_text(), "### Close codes")}
    assert documented == coded


def schema(name, document):
    return set(schemas.document(document)["components"]["schemas"][name]["enum"])


def test_error_codes_of_the_schemas_are_the_programs():
    rows = error_rows()
    assert schema("ErrorCode", "openapi.yaml") == {row[2] for row in rows}
    assert schema("ErrorCode", "asyncapi.yaml") == {row[0] for row in rows}
    names = set(re.findall(r'return "(\w+)";', (ROOT / "src/jobs/progress.cc").read_text()))
    assert schema("JobErrorCode", "openapi.yaml") == names


def test_settings_are_the_programs():
    source = (ROOT / "src/app/config.cc").read_text()
    coded = re.findall(r'"((?:server|limits|log|memory|engine|sign_in)\.\w+)"', source[source.index("make_settings()"):source.index("all_keys()")])
    assert [key for key, _ in configuration_table()] == coded


def test_messages_are_documented_with_their_types():
    """Every message of asyncapi.yaml stands in docs/protocol.md."""
    text = PROTOCOL.read_text()
    for name in schemas.document("asyncapi.yaml")["components"]["messages"]:
        assert name in text, name


def test_every_documented_route_is_served(server):
    """A documented path answers something else than "no such path"; another method on it says 405."""
    rest = server.rest()
    for method, template, _, operation in schemas.operations():
        if template == "/api/v1/events":
            continue
        path = re.sub(r"\{\w+\}", "nobody", template)
        answer = rest.raw(method, path, body=b"{}" if method in ("POST", "PUT", "PATCH") else None,
                          headers={"Content-Type": "application/json"} if method in ("POST", "PUT", "PATCH") else {})
        assert answer.status != 405, (method, template, answer)
        if answer.status == 404:
            assert "nobody" in answer.json["message"], (method, template, answer)


def test_methods_that_are_not_documented_are_not_served(server):
    rest = server.rest()
    documented = {}
    for method, template, _, _ in schemas.operations():
        documented.setdefault(template, set()).add(method)
    for template, methods in documented.items():
        path = re.sub(r"\{\w+\}", "nobody", template)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            answer = rest.raw(method, path)
            # Another documented template may match the same path (vectors/delete and vectors/{vid}).
            if schemas.operation_of(method, path)[0]:
                continue
            assert answer.status == 405, (method, template, answer)
            assert set(answer.headers["allow"].replace(" ", "").split(",")) - {"HEAD", "OPTIONS"} >= methods, template


def test_bounds_of_the_description_are_the_programs(server):
    """What stands in openapi.yaml as the most is taken, one more is refused by name."""
    rest = server.rest()
    rest.post("/indices", {"index_id": "bounds", "dimension": 1})
    api = schemas.document("openapi.yaml")
    search = api["components"]["schemas"]["SearchRequest"]["properties"]
    query = {p["name"]: p["schema"] for path in api["paths"].values() for operation in path.values()
             if isinstance(operation, dict) for p in operation.get("parameters", []) if "name" in p}

    def is_bound(most, call, member):
        assert call(most).status in (200, 202), member
        refused = call(most + 1)
        assert (refused.status, refused.json["member"]) == (422, member), refused

    is_bound(query["limit"]["maximum"], lambda n: rest.get(f"/indices/bounds/vectors?limit={n}"), "limit")
    is_bound(search["vectors"]["maxItems"], lambda n: rest.post("/indices/bounds/search", {"vectors": [[1]] * n}), "vectors")
    for name in ("k", "nprobe"):
        is_bound(search[name]["maximum"], lambda n, name=name: rest.post("/indices/bounds/search", {"vector": [1], name: n}), name)
    is_bound(query["id_prefix"]["maxLength"], lambda n: rest.upload("bounds", b"", content_type="application/x-fvecs", query="?id_prefix=" + "p" * n),
             "id_prefix")
    key = api["components"]["schemas"]["FilterTerm"]["properties"]["key"]["maxLength"]
    is_bound(key, lambda n: rest.post("/indices/bounds/search", {"vector": [1], "filter": {"must": [{"key": "k" * n, "match": 1}]}}),
             "filter.must[0].key")
    finished = rest.upload("bounds", b"").json["jobId"]
    assert rest.get(f"/jobs/{finished}?wait_for=completed&timeout_s={query['timeout_s']['maximum']}").status == 200
    assert rest.delete("/indices/bounds").status == 204


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_served_documents_are_the_repositorys(server, name):
    answer = server.rest(None).raw("GET", "/" + name)
    assert answer.status == 200
    assert answer.body == (pathlib.Path(schemas.API_DOCS) / name).read_bytes()


def test_health_and_metrics(server):
    anybody = server.rest(None)
    assert anybody.raw("GET", "/health/live").status == 200
    assert anybody.raw("GET", "/health/ready").status == 200
    assert anybody.raw("GET", "/metrics").status == 401
    text = server.rest().raw("GET", "/metrics").body.decode()
    assert re.search(r"^# TYPE mlgraph_\w+ (counter|gauge|histogram|summary)$", text, re.M), text[:500]
    names = re.findall(r"^(\w+)(?:\{[^}]*\})? [-+0-9.eEinfNa]+(?: \d+)?$", text, re.M)
    assert len(names) == len([line for line in text.splitlines() if line and not line.startswith("#")])


def test_no_user_text_in_metric_labels(server):
    """H51: an index name may be a label (its grammar is ours), free text may not."""
    rest = server.rest()
    rest.get("/indices/%22evil%0Alabel%22")
    rest.raw("GET", "/evil-path-in-metrics")
    text = rest.raw("GET", "/metrics").body.decode()
    assert "evil" not in text


def test_metrics_can_be_made_public(make_server):
    server = make_server(settings={"server.metrics_public": True})
    assert server.rest(None).raw("GET", "/metrics").status == 200


def test_tests_named_in_conformance_exist():
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", (ROOT / "docs" / "conformance.md").read_text())
    assert len(named) > 80
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests" / "e2e" / file).read_text(), f"{file}::{test}"

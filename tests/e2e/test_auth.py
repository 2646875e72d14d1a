"""Who may connect, how they say so, and what happens when that changes under a live session."""
import http.client
import time

import pytest
from harness import ADMIN_TOKEN, RawConnection, Rest
from harness.socket import Rejected

WRONG = "mlg_this_token_is_not_known_here"


@pytest.mark.parametrize("how", ["subprotocol", "header", "message"])
def test_each_way_to_authenticate(connect, how):
    socket = connect(token=ADMIN_TOKEN, how=how)
    assert socket.subprotocol == ("Bearer" if how == "subprotocol" else None)
    socket.subscribe("*")
    assert socket.request({"type": "hello"})["data"]["authenticated"] is True


def test_api_key_header_authenticates_the_socket(connect):
    socket = connect(token=None, headers=[("x-api-key", ADMIN_TOKEN)])
    assert socket.request({"type": "hello"})["data"]["authenticated"] is True


def test_token_is_never_echoed(connect):
    socket = connect(token=ADMIN_TOKEN)
    assert ADMIN_TOKEN not in repr(socket.upgrade_headers)
    answer = socket.auth(ADMIN_TOKEN)
    assert answer["type"] == "authenticated" and ADMIN_TOKEN not in repr(answer)
    assert answer["data"]["scopes"] == ["admin"] and answer["data"]["expires_at"] is None


@pytest.mark.parametrize("how", ["subprotocol", "header"])
def test_wrong_token_is_told_after_the_upgrade(connect, how):
    """So that browser code can see it: an error message, then 4001."""
    socket = connect(token=WRONG, how=how)
    socket.expect_error("unauthorized")
    assert socket.expect_close().code == 4001


def test_wrong_token_by_message(connect):
    socket = connect(token=None)
    socket.send({"type": "auth", "token": WRONG, "ref": 7})
    error = socket.expect_error("unauthorized")
    assert error["ref"] == 7
    assert socket.expect_close().code == 4001


def test_before_auth_only_auth_ping_and_hello_are_served(connect):
    socket = connect(token=None)
    assert socket.request({"type": "ping"})["type"] == "pong"
    assert socket.request({"type": "hello"})["data"]["authenticated"] is False
    for message in ({"type": "subscribe", "channels": ["*"]}, {"type": "sync"}, {"type": "unsubscribe", "channels": ["*"]}):
        assert socket.request(message)["data"]["code"] == "unauthorized"
    assert socket.auth(ADMIN_TOKEN)["type"] == "authenticated"
    socket.subscribe("*")


def test_before_auth_messages_are_small(connect):
    socket = connect(token=None)
    socket.send({"type": "ping", "padding": "x" * 5000})
    assert socket.expect_close().code == 1009


def test_nothing_sent_after_connect_closes_4104(make_server):
    server = make_server(settings={"limits.auth_timeout_seconds": 1})
    socket = server.socket(token=None)
    assert socket.expect_close().code == 4104


def test_ping_does_not_put_the_auth_deadline_off(make_server):
    server = make_server(settings={"limits.auth_timeout_seconds": 1})
    socket = server.socket(token=None)
    began = time.monotonic()
    socket.send({"type": "ping"})
    socket.expect("pong")
    assert socket.expect_close().code == 4104
    assert time.monotonic() - began < 10


def test_auth_again_narrows_the_patterns_and_says_so(connect, make_token, rest):
    name = "narrowing"
    wide = make_token("events:*", "read:*", name=name)
    socket = connect(token=wide)
    socket.subscribe("job.*", "metrics.system")
    changed = rest.patch(f"/tokens/{name}", {"scopes": ["events:metrics.*"]})
    assert changed.status == 200, changed
    notice = socket.expect("unsubscribed")
    assert notice["data"]["channels"] == ["metrics.system"] and notice["data"]["reason"]
    assert "ref" not in notice
    socket.expect("metrics.system")


def test_auth_as_another_subject_is_refused(connect, make_token):
    first, second = make_token("events:*", "read:*"), make_token("events:*", "read:*")
    socket = connect(token=first)
    assert socket.auth(second)["data"]["code"] in ("forbidden", "unauthorized")


def test_admin_may_take_a_session_over(connect, make_token):
    socket = connect(token=make_token("events:metrics.*"))
    socket.subscribe("metrics.*")
    assert socket.auth(ADMIN_TOKEN)["data"]["scopes"] == ["admin"]
    socket.subscribe("job.*")


def test_revoked_token_closes_its_sessions(connect, rest, make_token):
    """H11: no event after it; 4001."""
    token = make_token("events:*", "read:*", name="revoked-live")
    socket = connect(token=token)
    socket.subscribe("*")
    assert rest.delete("/tokens/revoked-live").status == 204
    assert socket.expect_close(timeout=5).code == 4001


def test_token_expires_on_a_live_session(connect, rest):
    made = rest.post("/tokens", {"name": "short-lived", "scopes": ["events:*"], "expires_in_seconds": 2})
    assert made.status == 201 and made.json["expires_at"], made
    socket = connect(token=made.json["token"])
    socket.request({"type": "hello"})
    # Less than 60 s are left: a session that said hello is told at once.
    expiring = socket.expect("auth_expiring")
    assert expiring["data"]["expires_at"] == made.json["expires_at"]
    socket.expect_error("token_expired")
    assert socket.expect_close().code == 4201
    late = connect(token=made.json["token"])
    assert late.expect("error")["data"]["code"] in ("unauthorized", "token_expired")
    assert late.expect_close().code in (4001, 4201)
    refused = Rest(rest.host, rest.port, made.json["token"]).get("/indices")
    assert (refused.status, refused.error) == (401, "unauthorized") and "expired" in refused.json["message"], refused
    assert refused.headers["www-authenticate"] == "Bearer"


def test_sessions_that_never_said_hello_are_not_told_of_expiry(connect, rest):
    made = rest.post("/tokens", {"name": "short-quiet", "scopes": ["events:*"], "expires_in_seconds": 2})
    socket = connect(token=made.json["token"])
    assert socket.expect_close().code == 4201
    assert [m["type"] for m in socket.messages] == ["error"]


def test_renewed_token_keeps_the_session(connect, make_token):
    """auth again, before the first token expires, replaces it: the session outlives it."""
    socket = connect(token=make_token("events:*", expires_in_seconds=2))
    socket.subscribe("metrics.system")
    assert socket.auth(ADMIN_TOKEN)["type"] == "authenticated"
    for _ in range(4):
        socket.expect("metrics.system")
    assert socket.closed is None


def test_malformed_tokens_get_the_same_answer_as_unknown_ones(make_server):
    """H05: nothing tells a guesser that the shape was wrong. (Few enough guesses not to be slowed down.)"""
    rest = make_server().rest(WRONG)
    unknown = rest.get("/indices")
    assert (unknown.status, unknown.error) == (401, "unauthorized")
    for bad in ("mlg_", "mlg_short", "wrong_prefix_token", "mlg_" + "x" * 253, "mlg_bad alphabet", "mlg_émigré__"):
        answer = rest.raw("GET", "/api/v1/indices", headers={"Authorization": f"Bearer {bad}".encode()})
        assert (answer.status, answer.body) == (401, unknown.body), bad
    for header in ("Bearer", "Bearer ", "Basic bWxnOm1sZw==", ADMIN_TOKEN):
        answer = rest.raw("GET", "/api/v1/indices", headers={"Authorization": header})
        assert (answer.status, answer.error) == (401, "unauthorized"), header


@pytest.mark.parametrize("headers", [
    [("Authorization", "")], [("Authorization", "Bearer")], [("Authorization", "Bearer ")], [("Authorization", ADMIN_TOKEN)],
    [("Authorization", "Basic bWxnOm1sZw==")], [("x-api-key", "")], [("Sec-WebSocket-Protocol", "Bearer")],
    [("Sec-WebSocket-Protocol", ADMIN_TOKEN)], [("Sec-WebSocket-Protocol", "Bearer, nonsense")]], ids=repr)
def test_an_empty_or_malformed_credential_is_a_bad_token(server, headers):
    """H05: who tries to say who he is and fails is told so, and is not a stranger who may still say it."""
    with RawConnection(server.host, server.port) as raw:
        status, answer_headers, _ = raw.upgrade(extra="".join(f"{name}: {value}\r\n" for name, value in headers))
        assert status == 101 and ADMIN_TOKEN not in repr(answer_headers)
        assert raw.close_code() == 4001
        assert b'"code":"unauthorized"' in raw.buffer
    if not headers[0][0].startswith("Sec-"):
        answer = server.rest(None).raw("GET", "/api/v1/indices", headers=dict(headers))
        assert (answer.status, answer.error, answer.json["message"]) == (401, "unauthorized", "invalid token")


def test_a_proxys_own_credential_beside_the_key(server):
    answer = server.rest(None).raw("GET", "/api/v1/indices", headers={"Authorization": "Basic bWxnOm1sZw==", "x-api-key": ADMIN_TOKEN})
    assert answer.status == 200


@pytest.mark.parametrize("query", ["index=mlg_docs_of_mine", "index=mlg_docs_of_mine&state=running"])
def test_names_may_begin_as_tokens_do(rest, query):
    assert rest.get(f"/jobs?{query}").status == 200


def test_two_different_tokens_are_refused(rest, make_token):
    other = make_token("read:*")
    answer = rest.raw("GET", "/api/v1/indices", headers={"Authorization": f"Bearer {ADMIN_TOKEN}", "x-api-key": other})
    assert answer.status in (400, 401), answer


@pytest.mark.parametrize("member", ["token", "access_token", "Api_Key", "apikey", "AUTHORIZATION", "auth", "t", "since"])
def test_token_in_the_url_is_refused_with_an_explanation(rest, server, member):
    answer = server.rest(None).raw("GET", f"/api/v1/indices?{member}={ADMIN_TOKEN}")
    assert answer.status in (400, 401) and ADMIN_TOKEN not in answer.body.decode()
    assert "Authorization" in answer.json["message"] or "header" in answer.json["message"], answer
    with pytest.raises(Rejected) as refused:
        server.socket(token=None, path=f"/ws?{member}={ADMIN_TOKEN}")
    assert refused.value.status in (400, 401)


def test_cookies_authenticate_nobody(rest, server):
    answer = server.rest(None).raw("GET", "/api/v1/indices", headers={"Cookie": f"token={ADMIN_TOKEN}; authorization=Bearer {ADMIN_TOKEN}"})
    assert answer.status == 401
    with RawConnection(server.host, server.port) as raw:
        raw.upgrade(extra=f"Cookie: token={ADMIN_TOKEN}\r\n")
        raw.send(b"")
    socket = server.socket(token=None, headers=[("Cookie", f"token={ADMIN_TOKEN}")])
    assert socket.request({"type": "hello"})["data"]["authenticated"] is False
    socket.close()


@pytest.mark.parametrize("origin,allowed", [
    ("http://localhost:8080", True), ("http://127.0.0.1:1", True), ("http://[::1]:9", True), ("https://localhost", True),
    ("http://evil.example", False), ("null", False), ("http://localhost.evil.example", False),
    ("http://127.0.0.1.evil.example", False), ("file://", False), ("http://evil.example:80/localhost", False),
    ("http://localhost@evil.example", False), ("http://localhost:99999", False), ("http://127.0.0.1:0", False), ("http://localhost:", False),
])
def test_origins(server, connect, origin, allowed):
    """H01: loopback is allowed by default, everything foreign or look-alike is 403 before the upgrade."""
    if allowed:
        connect(headers=[("Origin", origin)]).subscribe("*")
        return
    with pytest.raises(Rejected) as refused:
        server.socket(headers=[("Origin", origin)])
    assert refused.value.status == 403


def test_same_origin_is_allowed(server, connect):
    connect(headers=[("Origin", f"http://{server.host}:{server.port}")]).subscribe("*")


def test_configured_origins_match_exactly(make_server):
    server = make_server(settings={"server.allowed_origins": "https://app.example,https://app.example:8443"})
    for origin in ("https://app.example", "https://app.example:8443"):
        server.socket(headers=[("Origin", origin)]).close()
    for origin in ("http://app.example", "https://app.example:444", "https://app.example.evil", "https://sub.app.example"):
        with pytest.raises(Rejected) as refused:
            server.socket(headers=[("Origin", origin)])
        assert refused.value.status == 403, origin


def test_unknown_host_is_refused_when_a_list_is_set(make_server):
    """H02: DNS rebinding."""
    server = make_server(settings={"server.allowed_hosts": "127.0.0.1,mlgraph.example"})
    for host, accepted in (("127.0.0.1", True), ("mlgraph.example", True), ("rebound.example", False)):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        connection.request("GET", "/api/v1/indices", headers={"Host": host, "Authorization": f"Bearer {ADMIN_TOKEN}"})
        status = connection.getresponse().status
        connection.close()
        assert (status == 200) == accepted, (host, status)


def test_admin_token_is_made_and_kept(make_server):
    server = make_server(admin_token=None)
    file = server.data_dir / "admin.token"
    token = file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert server.rest(token).get("/tokens").status == 200
    assert token not in server.log()
    server.restart()
    assert server.rest(token).get("/tokens").status == 200


def test_a_new_admin_token_replaces_the_old(make_server):
    server = make_server()
    assert server.stop() == 0
    server.admin_token = "mlg_another_admin_token_0123456789"
    server.start()
    assert server.rest(ADMIN_TOKEN).get("/tokens").status == 401
    assert server.rest(server.admin_token).get("/tokens").status == 200


def test_a_replaced_admin_token_does_not_come_back(make_server):
    """Made, then given, then neither: the one that was given last stays; it is written nowhere."""
    server = make_server(admin_token=None)
    file = server.data_dir / "admin.token"
    made, given = file.read_text().strip(), "mlg_given_later_0123456789"
    assert server.stop() == 0
    server.admin_token = given
    server.start()
    assert server.stop() == 0
    server.admin_token = None
    server.start()
    assert server.rest(made).get("/tokens").status == 401
    assert server.rest(given).get("/tokens").status == 200
    assert not file.exists()
    assert not any(given.encode() in path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file())


def test_a_token_that_expires_at_a_time(rest, server):
    made = rest.post("/tokens", {"name": "dated", "scopes": ["read:*"], "expires_at": "2099-12-31T23:00:00-01:00"})
    assert made.status == 201 and made.json["expires_at"] == "2100-01-01T00:00:00.000Z", made
    for bad in ("2001-01-01T00:00:00Z", "tomorrow", 4102444800, ""):
        answer = rest.patch("/tokens/dated", {"expires_at": bad})
        assert answer.status == 422 and "expires_at" in answer.json["message"], answer
        assert rest.post("/tokens", {"name": "never-made", "scopes": ["read:*"], "expires_at": bad}).status == 422
    both = rest.patch("/tokens/dated", {"expires_at": "2099-12-31T23:00:00Z", "expires_in_seconds": 60})
    assert both.status == 422
    assert rest.patch("/tokens/dated", {"expires_at": None}).json["expires_at"] is None
    rest.delete("/tokens/dated")

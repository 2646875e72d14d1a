"""H06: a token is in no answer, log, metric, error text, process title or file; shown once, in the answer that makes it."""
import pathlib

from harness import ADMIN_TOKEN, RawConnection, ws_frame

CANARY = "mlg_canary_in_the_wrong_place_42"


def test_tokens_leak_nowhere(make_server):
    server = make_server(settings={"log.level": "debug"})
    rest = server.rest()
    made = rest.post("/tokens", {"name": "secretive", "scopes": ["events:*", "read:*"], "rate_limit_per_minute": 2})
    secret = made.json["token"]
    assert made.body.count(secret.encode()) == 1
    outputs = []

    def keep(answer):
        outputs.append(answer.body.decode(errors="replace") + repr(answer.headers))
        return answer

    mine = server.rest(secret)
    for _ in range(4):
        keep(mine.get("/indices"))
    for path in ("/tokens", "/sessions", "/cluster", "/state", "/alerts", "/jobs"):
        keep(rest.get(path))
    keep(rest.get("/tokens/" + secret))
    keep(rest.delete("/tokens/" + CANARY))
    keep(rest.raw("GET", "/metrics"))
    keep(server.rest(None).raw("GET", f"/api/v1/indices?token={secret}"))
    keep(server.rest(CANARY).get("/indices"))
    sessions = []
    for how in ("subprotocol", "header", "message"):
        session = server.socket(token=secret, how=how)
        session.subscribe("*")
        outputs.append(repr(session.upgrade_headers))
        sessions.append(session)
    rejected = server.socket(token=CANARY)
    rejected.expect_close()
    outputs.append(repr(rejected.messages))
    # In places where it does not belong: the error must not repeat it.
    confused = server.socket()
    confused.request({"type": "subscribe", "channels": ["job." + secret]})
    confused.send({"type": secret, "ref": 1})
    confused.expect("error")
    confused.send_text('{"type":"auth","token":"' + secret + '"')
    confused.expect("error")
    with RawConnection(server.host, server.port) as raw:
        raw.upgrade(secret, extra="Sec-WebSocket-Protocol: Bearer, " + secret + "\r\n", after=ws_frame(1, b"{bad"))
    rest.delete("/tokens/secretive")
    for session in sessions:
        session.expect_close()
        outputs.append(repr([m for m in session.messages]))
    command_line = pathlib.Path(f"/proc/{server.process.pid}/cmdline").read_bytes().decode()
    title = pathlib.Path(f"/proc/{server.process.pid}/comm").read_text()
    assert server.stop() == 0
    everything = {"log": server.log(), "stdout": server.stdout(), "command line": command_line, "title": title,
                  "answers": "\n".join(outputs)}
    for name, text in everything.items():
        for token in (ADMIN_TOKEN, secret):
            assert token not in text, f"{name} holds a token: …{text[max(0, text.index(token) - 200):text.index(token)]}"
    assert CANARY not in everything["log"] + everything["stdout"]


def test_tokens_are_not_in_the_data_directory(make_server):
    server = make_server()
    secret = server.rest().post("/tokens", {"name": "stored", "scopes": ["read:*"]}).json["token"]
    server.stop()
    for file in server.data_dir.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert secret.encode() not in data, file
            assert ADMIN_TOKEN.encode() not in data, file
    server.start()
    assert server.rest(secret).get("/indices").status == 200


def test_data_directory_is_private(make_server):
    server = make_server()
    assert server.data_dir.stat().st_mode & 0o777 == 0o700

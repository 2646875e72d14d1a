"""The one-time code that signs a browser in, and the files of the dashboard, over the wire."""
import gzip
import re
import subprocess

from harness import ADMIN_TOKEN
from harness.cli import environment
from harness.server import binary


def mint(server):
    answer = server.rest().post("/sign-in-codes")
    assert answer.status == 201, answer
    return answer.json["code"]


def trade(server, code):
    return server.rest(None).post("/sign-in", {"code": code})


def test_a_code_becomes_a_token_that_expires(server):
    code = mint(server)
    answer = trade(server, code)
    assert answer.status == 201, answer
    made = answer.json
    assert made["name"].startswith("browser-") and made["scopes"] == ["admin"]
    assert server.rest(made["token"]).get("/cluster").status == 200
    listed = next(t for t in server.rest().get("/tokens").json["tokens"] if t["name"] == made["name"])
    assert listed["expires_at"] == made["expires_at"]
    socket = server.socket(token=made["token"])
    socket.subscribe("*")
    assert server.rest(made["token"]).delete("/tokens/" + made["name"]).status == 204  # as signing out does
    socket.expect_close()


def test_a_code_works_once(server):
    code = mint(server)
    assert trade(server, code).status == 201
    again = trade(server, code)
    assert (again.status, again.error) == (401, "unauthorized")
    assert "was used" in again.json["message"] and "mlgraph dashboard" in again.json["message"]
    assert trade(server, "never-was-one").json["message"] == again.json["message"], "nothing is learned from the refusal"


def test_codes_and_what_they_become_expire(make_server):
    server = make_server(settings={"sign_in.code_seconds": 1, "sign_in.token_seconds": 2})
    code = mint(server)
    socket = server.socket(token=trade(server, mint(server)).json["token"])
    socket.expect_close()  # two seconds on its token has ended, and the code before it
    late = trade(server, code)
    assert (late.status, late.error) == (401, "unauthorized")


def test_a_restart_forgets_codes_and_keeps_tokens(make_server):
    server = make_server()
    code, token = mint(server), trade(server, mint(server)).json["token"]
    server.restart()
    assert trade(server, code).status == 401
    assert server.rest(token).get("/cluster").status == 200


def test_only_admins_make_codes(server, make_token):
    assert server.rest(None).post("/sign-in-codes").status == 401
    assert server.rest(make_token("read:*", "write:*", "search:*", "events:*")).post("/sign-in-codes").status == 403


def test_codes_and_tokens_stand_in_no_log_and_no_list(make_server):
    server = make_server(settings={"log.level": "debug"})
    code, unused = mint(server), mint(server)
    token = trade(server, code).json["token"]
    trade(server, code)
    lists = b"".join(server.rest().get(path).body for path in ("/tokens", "/sessions", "/state"))
    files = subprocess.run(["grep", "-rlaF", "-e", code, "-e", unused, "-e", token, str(server.data_dir)], capture_output=True, text=True, check=False).stdout
    assert server.stop() == 0
    assert not files, files
    for text in (server.log(), server.stdout(), lists.decode()):
        for secret in (code, unused, token):
            assert secret not in text


def test_the_command_prints_a_link_that_works_once(server):
    done = subprocess.run([binary("mlgraph"), "dashboard"], env=environment(server), capture_output=True, text=True, check=True)
    address, code = re.fullmatch(r"(http://127\.0\.0\.1:\d+/)#code=([\w-]{43})\n", done.stdout).groups()
    assert address == f"http://{server.host}:{server.port}/" and not done.stderr
    assert trade(server, code).status == 201
    refused = subprocess.run([binary("mlgraph"), "dashboard"], env=environment(server, token=ADMIN_TOKEN + "x"), capture_output=True, text=True, check=False)
    assert refused.returncode == 4 and "token" in refused.stderr


def test_the_page_and_its_files_are_for_anybody(server):
    anybody = server.rest(None)
    page = anybody.raw("GET", "/")
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache" and page.headers["x-content-type-options"] == "nosniff"
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert anybody.raw("GET", "/", headers={"If-None-Match": page.headers["etag"]}).status == 304
    names = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.body.decode())
    assert len(names) >= 2, "built without the dashboard?"
    for name in names:
        plain = anybody.raw("GET", name)
        assert plain.status == 200 and "immutable" in plain.headers["cache-control"]
        packed = anybody.raw("GET", name, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == plain.body
        head = anybody.raw("HEAD", name)
        assert head.body == b"" and head.headers["content-length"] == str(len(plain.body))
    assert anybody.raw("GET", "/assets/nobody.js").status == 404
    assert anybody.raw("POST", "/").status in (401, 405)
    assert anybody.raw("GET", "/index.html").status == 401


def test_the_scripts_are_small(server):
    """80 KiB in gzip, all of them together."""
    anybody = server.rest(None)
    scripts = re.findall(r'src="(/assets/[^"]+\.js)"', anybody.raw("GET", "/").body.decode())
    sizes = [len(anybody.raw("GET", script, headers={"Accept-Encoding": "gzip"}).body) for script in scripts]
    assert scripts and sum(sizes) <= 80 * 1024, sizes

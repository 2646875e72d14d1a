"""Who may see what on the dashboard: signing in and out, tokens that may little, servers that do not say."""
import pytest
from test_sign_in import mint

pytestmark = pytest.mark.slow


def test_a_link_signs_in_once_and_leaves_no_trace(make_server, open_page):
    server = make_server()
    link = "#code=" + mint(server)
    page = open_page(server, path=link)
    page.see(".badge[data-status=live]")
    assert "code" not in page.address()
    assert page.run("history.length") == 2 and "browser-" in page.run("sessionStorage.getItem('mlgraph.session')")
    assert page.run("localStorage.getItem('mlgraph.session')") is None
    second = open_page(server, path=link)
    second.see("#token")
    assert "was used" in second.text("[role=alert]") and "code" not in second.address()
    # Another link in the same tab.
    second.open(f"http://127.0.0.1:{server.port}/#code=" + mint(server))
    second.see(".badge[data-status=live]")
    assert "code" not in second.address()
    second.click("text=Sign out")
    # A token by hand, a wrong one first.
    second.fill("#token", "mlg_not_a_token_of_this_server")
    second.click("button[type=submit]")
    second.see("text=invalid token")
    second.fill("#token", server.admin_token)
    second.click("button[type=submit]")
    second.see(".badge[data-status=live]")
    name = next(t["name"] for t in server.rest().get("/tokens").json["tokens"])
    page.click("text=Sign out")
    page.see("#token")
    second.go("access")
    second.see("text=Only the admin’s own")  # signing out has ended the token that the link made
    assert name.startswith("browser-") and page.run("sessionStorage.length") == 0


def test_a_revoked_token_is_told(make_server, open_page):
    server = make_server()
    page = open_page(server)
    for token in server.rest().get("/tokens").json["tokens"]:
        server.rest().delete("/tokens/" + token["name"])
    page.see("#token")
    assert "Signed out" in page.text("[role=alert]")


def test_a_token_that_may_only_read_sees_what_it_may(make_server, open_page):
    server = make_server()
    server.rest().post("/indices", {"index_id": "mine", "dimension": 4})
    server.rest().post("/indices", {"index_id": "other", "dimension": 4})
    token = server.rest().post("/tokens", {"name": "viewer", "scopes": ["events:index.*", "read:mine"]}).json["token"]
    page = open_page(server, path="")
    page.fill("#token", token)
    page.click("button[type=submit]")
    page.see(".badge[data-status=live]")
    page.go("indices")
    page.see("[data-index=mine]")
    assert page.count("[data-index]") == 1
    page.go("access")
    page.see("text=For admins")
    silent = server.rest().post("/tokens", {"name": "silent", "scopes": ["read:*"]}).json["token"]
    page.click("text=Sign out")
    page.fill("#token", silent)
    page.click("button[type=submit]")
    page.see("text=/No events: .*events: scope/")


def test_a_token_that_loses_its_events_is_told(make_server, open_page):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    token = rest.post("/tokens", {"name": "viewer", "scopes": ["events:*", "read:*"]}).json["token"]
    page = open_page(server, path="")
    page.fill("#token", token)
    page.click("button[type=submit]")
    page.see(".badge[data-status=live]")
    page.go("indices")
    page.see("[data-index=docs]")
    assert page.count("[role=alert]") == 0
    assert rest.patch("/tokens/viewer", {"scopes": ["read:*"]}).status == 200
    page.see("text=/No events any more, what is shown is out of date: .*events: scope/")
    page.see(".badge[data-status=live]")


def test_a_server_that_is_busy_takes_no_admins_rights(make_server, open_page):
    """What it answered instead says nothing about the token; it is asked again on the next line."""
    server = make_server()
    page = open_page(server, path="", before=lambda page: page.hold("/api/v1/cluster"))
    page.fill("#token", server.admin_token)
    page.click("button[type=submit]")
    page.see(".badge[data-status=live]")
    page.go("access")
    assert page.release("/api/v1/cluster", 503) >= 1
    assert "Asking the server" in page.text("main") and "For admins" not in page.text("main")
    server.restart(server.port)
    page.see("[data-session]")


def test_what_is_not_known_yet_is_not_told_as_none(make_server, open_page):
    server = make_server()
    page = open_page(server, before=lambda page: page.hold("/metrics"))
    page.go("access")
    page.see("text=Ended sessions")
    page.see("[data-session]")
    assert page.held("/metrics") == 1 and "None has ended" not in page.text("main")
    page.release("/metrics")
    page.see("text=None has ended")

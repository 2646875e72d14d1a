"""The dashboard in Chromium, against a real server."""
import os
import pathlib
import time

import pytest
from harness import OpenImport, fill, rows
from harness.server import ROOT

pytestmark = pytest.mark.slow
VIEWS = ("overview", "indices", "jobs", "alerts", "events", "search", "access")


def turn_alert(rest, on):
    """The memory rule: always in warning, or never."""
    level = {"warn": 1e-6, "clear": 5e-7, "error": 0.9999} if on else {"warn": 0.999, "clear": 0.998, "error": 0.9999}
    answer = rest.put("/alert-rules/memory", {"metric": "memory_fraction", "for_seconds": 0, **level})
    assert answer.status == 200, answer


def log_since(server, start):
    """Ids of the log's events behind `start`."""
    with_all = server.socket()
    with_all.subscribe("*", since=start)
    ids = [message["id"] for message in with_all.drain() if "id" in message and not message["type"].startswith("metrics.")]
    with_all.close()
    return ids


def here(server):
    """Where the log stands."""
    return server.rest().get("/state?channels=alert.rate_limit").json["id"]


def test_from_the_link_to_a_live_chart_without_a_foreign_request(make_server, open_page):
    server = make_server()
    server.rest().post("/indices", {"index_id": "docs", "dimension": 4})
    fill(server.rest(), "docs", rows(100, 4))
    page = open_page(server)
    assert page.text("h1") == "Overview"
    page.until("[...document.querySelectorAll('.chart-plot')].every((plot) => Number(plot.dataset.points) >= 2)")
    assert page.count(".chart-plot canvas") == 4
    page.until("document.querySelector('.tile b').textContent === '100'")
    page.until("/ms/.test(document.querySelector('.badge').textContent)")
    assert page.attributes('.choice button[aria-pressed="true"]', "class") == [None]
    origin = f"127.0.0.1:{server.port}"
    assert all(url.split("//")[1].startswith(origin) for url in page.asked()), page.asked()
    assert page.complaints() == []


def points(page):
    """How many each of the four charts shows."""
    return [int(count) for count in page.attributes(".chart-plot", "data-points")]


def test_a_paused_chart_stands_still_while_measuring_goes_on(make_server, open_page):
    server = make_server()
    page = open_page(server)
    page.click('.choice button:has-text("10 min")')  # in which what has come stays
    page.until("[...document.querySelectorAll('.chart-plot')].every((plot) => Number(plot.dataset.points) >= 2)")
    page.click("text=Pause")
    page.see("text=Paused; measuring goes on.")
    frozen = points(page)
    for _ in range(2):
        up = page.text(".tile:last-child b")  # of the newest sample
        page.until(f"document.querySelector('.tile:last-child b').textContent !== '{up}'")
    assert points(page) == frozen and len(frozen) == 4, "two samples have come, and none is drawn"
    page.click("text=Go on")
    page.until(f"[...document.querySelectorAll('.chart-plot')].every((plot, at) => Number(plot.dataset.points) >= {frozen}[at] + 2)")


@pytest.mark.parametrize("hours", [-1, 1])
def test_charts_do_not_ask_what_time_the_browser_has(make_server, open_page, hours):
    server = make_server()
    page = open_page(server, before=lambda page: page.skew(hours * 3_600_000))
    page.until("[...document.querySelectorAll('.chart-plot')].every((plot) => Number(plot.dataset.points) >= 3)")
    assert abs(page.run("Date.now()") / 1000 - time.time() - hours * 3600) < 60


def test_a_jobs_bar_moves_until_it_is_done(make_server, open_page):
    server = make_server()
    server.rest().post("/indices", {"index_id": "docs", "dimension": 4})
    page = open_page(server)
    page.go("jobs")
    assert "No jobs yet" in page.text("main")
    body = b"".join(b'{"id":"r%d","values":[1,2,3,4]}\n' % i for i in range(8000))
    bar = "document.querySelector('[data-job=import-a] [role=progressbar]')"
    with OpenImport(server, "import-a", length=len(body)) as upload:
        page.see("[data-job=import-a][data-state=running]")
        seen = 0
        for part in range(4):
            upload.send(body[part * len(body) // 4:(part + 1) * len(body) // 4])
            if part < 3:
                page.until(f"{bar} && Number({bar}.getAttribute('aria-valuenow')) > {seen}")
                seen = int(page.attributes("[data-job=import-a] [role=progressbar]", "aria-valuenow")[0])
        upload.answer()
    page.see("[data-job=import-a][data-state=completed]")
    assert "8,000" in page.text("[data-job=import-a]")
    with OpenImport(server, "import-b", length=len(body)) as upload:
        upload.send(body[:1000])
        page.click("[data-job=import-b] >> text=Cancel")
        page.press("Escape")
        page.click("[data-job=import-b] >> text=Cancel")
        page.click("[data-job=import-b] >> text=Cancel the job")
        page.see("[data-job=import-b][data-state=failed]")
        assert "cancelled" in page.text("[data-job=import-b]")


def test_an_alert_appears_is_acknowledged_and_resolves(make_server, open_page):
    server = make_server()
    page = open_page(server)
    page.go("alerts")
    assert "All quiet" in page.text("main")
    turn_alert(server.rest(), True)
    page.see("[data-alert][data-severity=warning]")
    assert page.text("nav .tally-bad") == "1"
    page.click("text=Acknowledge")
    page.see("text=/acknowledged \\d\\d:/")
    turn_alert(server.rest(), False)
    page.see("text=All quiet")
    page.see("text=resolved")
    assert page.complaints() == []


def test_shards_and_their_transitions_are_shown(make_server, open_page):
    server = make_server()
    rest = server.rest()
    page = open_page(server)
    page.go("indices")
    assert "No indices yet" in page.text("main")
    rest.post("/indices", {"index_id": "docs", "dimension": 8, "num_shards": 2, "tiering": {"idmap_to_ivf": 300}})
    page.until("document.querySelectorAll('[data-index=docs] .tier-idmap').length === 2")
    fill(rest, "docs", rows(1000, 8))
    page.until("document.querySelectorAll('[data-index=docs] .tier-ivf .state-good').length === 2")
    text = page.text("table")
    assert "idmap/active" in text and "ivf/active" in text and "threshold reached" in text
    rest.delete("/indices/docs")
    page.see("text=No indices yet")


def test_a_kill_leaves_no_hole(make_server, open_page):
    server = make_server()
    rest = server.rest()
    page = open_page(server)
    start = here(server)
    page.go("events")
    for i in range(5):
        rest.post("/indices", {"index_id": f"before-{i}", "dimension": 4})
    page.until("document.querySelectorAll('.event').length >= 5")
    fill(rest, "before-0", rows(50, 4))
    server.kill()
    page.see(".badge[data-status=waiting]")
    server.start(port=server.port)
    for i in range(20):
        assert server.rest().post("/indices", {"index_id": f"after-{i}", "dimension": 4}).status == 201
    page.see(".badge[data-status=live]")
    for i in range(5):
        server.rest().delete(f"/indices/after-{i}")
    wanted = log_since(server, start)
    page.see(f'.event[data-id="{wanted[-1]}"]')
    shown = page.attributes(".event", "data-id")[::-1]
    assert shown == wanted and len(wanted) >= 30
    assert page.count(".note") == 0, "no gap was told"
    page.go("indices")
    assert page.count("[data-index]") == 20
    assert all("ERR_CONNECTION_REFUSED" in text or "WebSocket" in text for text in page.complaints()), page.complaints()


@pytest.mark.parametrize("scheme,width", [("light", 1280), ("dark", 1280), ("dark", 400)])
def test_axe_finds_nothing_serious(make_server, open_page, scheme, width):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 8, "num_shards": 3, "tiering": {"idmap_to_ivf": 100}})
    fill(rest, "docs", [{**row, "metadata": {"title": f"a text {i}"}} for i, row in enumerate(rows(800, 8))])
    turn_alert(rest, True)
    rest.post("/tokens", {"name": "a-name-that-is-rather-long", "scopes": ["events:*", "read:docs"]})
    page = open_page(server, scheme, width, path="")
    page.see("#token")
    assert page.axe() == []
    page.fill("#token", server.admin_token)
    page.click("button[type=submit]")
    page.see(".badge[data-status=live]")
    rest.post("/indices/docs/train")
    with OpenImport(server, "import-a", length=10_000) as upload:
        upload.send(b'{"id":"x","values":[1,2]}\n{"id":"y","values":[1,2,3,4,5,6,7,8]}\n')
        for view in VIEWS:
            page.go(view)
            if view == "search":
                page.click(".chip")
                page.see(".hits")
            if view == "events":
                page.click(".event")
                page.see(".detail pre")
            if view == "access":
                page.see("[data-session]")
                page.see("[data-token]")
            assert page.axe() == [], view
            assert page.run("document.documentElement.scrollWidth <= innerWidth"), f"{view} is wider than the window"
    assert page.complaints() == []


def test_hostile_texts_are_shown_as_text(make_server, open_page):
    """H52. What the server itself would not take as a name is put in on the way to the page."""
    server = make_server()
    rest = server.rest()
    script = "<img src=x onerror=globalThis.hit=1><script>globalThis.hit=1</script>"
    rest.post("/indices", {"index_id": "victim", "dimension": 2})
    fill(rest, "victim", [{"id": script.replace("=x", "=y"), "values": [1, 2], "metadata": {script: script, "link": "javascript:globalThis.hit=1"}}])
    rest.upload("victim", b'{"id":"a","values":[1]}\n{"id":"b","values":[1,2]}\n')
    turn_alert(rest, True)
    page = open_page(server, before=lambda page: page.poison(["victim", "Memory", "memory"], script))
    for view in VIEWS:
        page.go(view)
        page.until("document.querySelector('main').innerText.length > 20")
        if view == "search":
            page.click(".chip")
            page.see("[data-hit]")
        if view == "events":
            rest.patch("/indices/victim", {"tiering": {"merge": 99_999_999}})
            page.click(".event")
            page.see(".detail pre")
        if view in ("indices", "jobs", "events", "alerts", "search"):
            page.until("document.querySelector('main').innerText.includes('<img src=x')")
    assert page.run("globalThis.hit === undefined && document.images.length === 0 && document.scripts.length === 1")
    assert page.complaints() == []


def test_all_of_it_is_reached_by_keyboard(make_server, open_page):
    server = make_server()
    server.rest().post("/indices", {"index_id": "docs", "dimension": 4})
    page = open_page(server)
    page.run("document.activeElement.blur()")
    page.press("Tab")
    assert page.run("document.activeElement.textContent") == "To the content"
    page.press("Enter")
    assert page.run("document.activeElement.tagName") == "H1"
    page.run("document.activeElement.blur()")
    reached = []
    for _ in range(30):
        page.press("Tab")
        reached.append(page.run("(document.activeElement.textContent || '').trim().slice(0, 20)"))
        if page.run("document.activeElement.getAttribute('href')") == "#/events":
            break
        assert page.run("document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'"), reached
    page.press("Enter")
    page.until("document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'Events'")
    server.rest().patch("/indices/docs", {"nprobe": 3})
    page.see(".event")
    for _ in range(8):
        page.press("Tab")
        if page.run("document.activeElement.className") == "event":
            break
    page.press("Enter")
    page.see(".detail pre")
    page.click('button:has-text("Theme: auto")')
    page.see("text=Theme: light")
    page.press("Enter")
    page.until("document.documentElement.dataset.theme === 'dark'")


def test_events_are_filtered_paused_and_copied(make_server, open_page):
    server = make_server()
    rest = server.rest()
    page = open_page(server)
    page.go("events")
    for name in ("one", "two"):
        rest.post("/indices", {"index_id": name, "dimension": 4})
    page.until("document.querySelectorAll('.event').length === 2")
    page.fill("#pattern", "index.two.*")
    page.until("document.querySelectorAll('.event').length === 1")
    page.fill("#pattern", "job..*")
    page.see("text=A pattern is")
    page.fill("#pattern", "index.*")
    page.click("text=Pause")
    rest.delete("/indices/one")
    page.click(".event")
    page.click(".detail >> text=Copy as SDK code")
    page.see("text=Copied")
    code = page.run("navigator.clipboard.readText()")
    assert "client.events('index.two.*', {since: '" in code
    assert page.count(".event") == 2
    page.click("text=Go on")
    page.until("document.querySelectorAll('.event').length === 3")
    page.fill("#pattern", "metrics.*")
    page.see(".family-metrics")


def test_neighbours_are_found_by_id_by_numbers_and_by_filter(make_server, open_page):
    server = make_server()
    server.rest().post("/indices", {"index_id": "line", "dimension": 2})
    fill(server.rest(), "line", [{"id": f"p{i}", "values": [i, 0], "metadata": {"even": i % 2 == 0}} for i in range(20)])
    page = open_page(server)
    page.go("search")
    page.click(".chip")
    page.see("[data-hit]")
    page.fill('input[placeholder="an id, or 2 numbers"]', "p7")
    page.press("Enter")
    page.until("document.querySelector('[data-hit]').dataset.hit === 'p7'")
    page.click("[data-hit=p8] >> text=Like this")
    page.until("document.querySelector('[data-hit]').dataset.hit === 'p8'")
    page.fill('input[placeholder="an id, or 2 numbers"]', "[3.2, 0]")
    page.click("summary")
    page.fill("textarea", '{"must":[{"key":"even","match":true}]}')
    page.click("button[type=submit]")
    page.until("document.querySelector('[data-hit]').dataset.hit === 'p4'")
    assert page.attributes("[data-hit]", "data-hit")[:3] == ["p4", "p2", "p6"]
    for text, told in (("nobody", "nobody"), ("[1, 2, 3]", "3 numbers, the index 2"), ("[1,", "JSON")):
        page.fill('input[placeholder="an id, or 2 numbers"]', text)
        page.press("Enter")
        page.until(f"document.querySelector('[role=alert]')?.textContent.includes('{told}')")


def test_neighbours_are_those_of_the_index_that_is_chosen(make_server, open_page):
    """Whatever else was asked for, and however late it is answered."""
    server = make_server()
    rest = server.rest()
    for name in ("b", "c"):
        rest.post("/indices", {"index_id": name, "dimension": 2})
        fill(rest, name, [{"id": f"{name}{i}", "values": [i, 1]} for i in range(3)])
    page = open_page(server, before=lambda page: page.hold("/indices/b/vectors"))
    page.go("search")
    page.until("document.querySelector('select')?.value === 'b'")
    page.choose("select", "c")
    page.see(".chip:has-text('c0')")
    assert page.release("/indices/b/vectors") == 1
    assert page.count(".chip:has-text('b')") == 0 and page.count(".chip:has-text('c')") == 3
    for status in (None, 503):
        page.choose("select", "b")
        page.see(".chip:has-text('b0')")
        page.hold("/indices/b/search")
        page.click(".chip")
        page.see("button:has-text('Searching')")
        page.choose("select", "c")
        page.see(".chip:has-text('c0')")
        assert page.release("/indices/b/search", status) == 1
        page.see("button[type=submit]:has-text('Search') >> text=/^Search$/")
        assert page.count("[data-hit]") == 0 and page.count("[role=alert]") == 0
    page.choose("select", "b")
    page.click(".chip:has-text('b0')")
    page.see("[data-hit=b0]")


def test_an_index_that_comes_first_does_not_take_the_choice(make_server, open_page):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "m", "dimension": 2})
    fill(rest, "m", [{"id": "v", "values": [1, 2]}])
    page = open_page(server)
    page.go("search")
    page.click(".chip")
    page.see("[data-hit=v]")
    rest.post("/indices", {"index_id": "a", "dimension": 3})
    page.until("document.querySelectorAll('select option').length === 2")
    assert page.run("document.querySelector('select').value") == "m" and page.count("[data-hit=v]") == 1
    rest.delete("/indices/m")
    page.until("document.querySelector('select').value === 'a'")
    assert page.count("[data-hit]") == 0


def test_memory_stays_within_its_rings(make_server, open_page):
    """What thousands of events have filled, thousands more do not fill further."""
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    page = open_page(server)
    page.go("events")
    turn = 0

    def flood(events):
        nonlocal turn
        for _ in range(events):
            turn += 1
            assert rest.patch("/indices/docs", {"tiering": {"merge": 20_000_000 + turn}}).status == 200
        page.until(f"document.querySelector('.event')?.dataset.id === '{here(server)}'")
        return page.heap()

    empty = page.heap()
    full = flood(2100)
    later = flood(2100)
    print(f"heap {empty} {full} {later}")
    assert later - full < (full - empty) / 2
    assert page.count(".event") == 200
    assert "2,000 that match" in page.text("#pattern-help")


@pytest.mark.skipif("MLG_PICTURES" not in os.environ, reason="MLG_PICTURES=1 writes docs/images")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_for_the_readme(make_server, open_page, scheme):
    folder = pathlib.Path(ROOT / "docs" / "images")
    folder.mkdir(exist_ok=True)
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "fiori-docs", "dimension": 64, "metric_type": "COSINE", "num_shards": 4, "tiering": {"idmap_to_ivf": 1000}})
    page = open_page(server, scheme)
    data = rows(30_000, 64)
    body = b"".join(b'{"id":"%s","values":[%s]}\n' % (row["id"].encode(), b",".join(b"%.4f" % x for x in row["values"])) for row in data)
    parts = 50
    with OpenImport(server, "import-fiori-docs", index="fiori-docs", length=len(body)) as upload:
        for part in range(parts * 7 // 10):
            upload.send(body[part * len(body) // parts:(part + 1) * len(body) // parts])
            drawn = int(page.attributes(".chart-plot", "data-points")[0])
            while int(page.attributes(".chart-plot", "data-points")[0]) <= drawn:  # a second of searches, as the page itself sees it
                rest.post("/indices/fiori-docs/search", {"vector": data[part]["values"], "k": 10})
        page.picture(str(folder / f"dashboard-{scheme}.png"), True)
        for picture in folder.glob("*.png"):
            assert picture.stat().st_size <= 200 * 1024, picture

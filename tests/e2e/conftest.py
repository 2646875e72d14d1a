"""Fixtures: one server per module, more where a test asks for its own."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness import Server  # noqa: E402
from harness.page import Page  # noqa: E402
from test_browser import ask_for_chromium  # noqa: E402
from test_sign_in import mint  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def make_server(tmp_path):
    """Starts servers of a test's own: make_server(settings={"limits.patterns": 4})."""
    started = []

    def make(**options):
        one = Server(tmp_path / f"server{len(started)}", **options)
        started.append(one)
        return one.start()

    yield make
    for one in started:
        one.close()


@pytest.fixture
def rest(server):
    return server.rest()


@pytest.fixture
def connect(server):
    """connect(token=…, how=…): sockets that are closed when the test ends."""
    opened = []

    def open_socket(**options):
        socket = server.socket(**options)
        opened.append(socket)
        return socket

    yield open_socket
    for socket in opened:
        socket.close()


@pytest.fixture
def make_index(rest):
    """make_index("docs", dimension=4, …): an index that is gone when the test ends."""
    names = []

    def make(name, dimension=4, **members):
        answer = rest.post("/indices", {"index_id": name, "dimension": dimension, **members})
        assert answer.status == 201, answer
        names.append(name)
        return answer.json

    yield make
    for name in names:
        rest.delete(f"/indices/{name}")


@pytest.fixture
def make_token(rest):
    """make_token("events:*", "read:*") -> the secret; revoked when the test ends."""
    names = []

    def make(*scopes, **members):
        name = members.pop("name", None) or f"t{len(names)}-{id(names):x}"
        answer = rest.post("/tokens", {"name": name, "scopes": list(scopes), **members})
        assert answer.status == 201, answer
        names.append(name)
        return answer.json["token"]

    yield make
    for name in names:
        rest.delete(f"/tokens/{name}")


@pytest.fixture
def open_page():
    ask_for_chromium()
    pages = []

    def make(server, scheme="light", width=1280, path=None, before=lambda page: None):
        """A tab, signed in by a link unless `path` says otherwise."""
        page = Page(scheme, width)
        pages.append(page)
        before(page)
        page.open(f"http://127.0.0.1:{server.port}/" + (path if path is not None else "#code=" + mint(server)))
        if path is None:
            page.see(".badge[data-status=live]")
        return page

    yield make
    for page in pages:
        page.close()

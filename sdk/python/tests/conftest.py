"""The real server's harness is that of tests/e2e; one seed for everything drawn by chance in a run."""
import os
import pathlib
import random
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
for folder in (ROOT / "tests" / "e2e", HERE, HERE.parent / "src"):
    sys.path.insert(0, str(folder))

from harness.server import ADMIN_TOKEN, Server  # noqa: E402

import mlgraph  # noqa: E402

SEED = int(os.environ.get("MLG_SEED", random.randrange(2 ** 31)))


def pytest_report_header(config):
    return f"MLG_SEED={SEED} repeats what is drawn by chance"


@pytest.fixture(scope="session")
def seed():
    return SEED


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server"), settings={"log.level": "error"}) as started:
        yield started


@pytest.fixture
def url(server):
    return f"http://{server.host}:{server.port}"


@pytest.fixture
def client(url):
    """A blocking client."""
    with mlgraph.Client(url, ADMIN_TOKEN, backoff=mlgraph.Backoff(0.02, 0.2)) as made:
        yield made


@pytest.fixture
def make(url):
    """make(): an asyncio client of the server, impatient."""
    return lambda token=ADMIN_TOKEN, **options: mlgraph.AsyncClient(url, token, backoff=mlgraph.Backoff(0.02, 0.2), **options)


@pytest.fixture
def name(request):
    """An index name of the test's own."""
    return request.node.name.replace("[", "-").strip("]")[:60]

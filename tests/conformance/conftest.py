import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def echo_port():
    """ws_echo: the server's own WebSocket code behind a plain echo."""
    folder = pathlib.Path(os.environ.get("MLG_BIN_DIR", ROOT / "build" / "dev" / "bin"))
    process = subprocess.Popen([folder / "ws_echo", "0"], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert "listening on" in line, line
    yield int(line.rsplit(":", 1)[1])
    process.terminate()
    assert process.wait(20) == 0

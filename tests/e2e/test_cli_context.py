"""Contexts: servers by name, in a file that only its owner reads."""
import json
import stat

import pytest
from harness import ADMIN_TOKEN, run


@pytest.fixture
def home(server, tmp_path):
    """Runs mlgraph with a configuration folder of its own, and nothing of a server in the environment."""
    def call(*arguments, stdin=None, **env):
        own = {"XDG_CONFIG_HOME": str(tmp_path), "MLGRAPH_URL": "", "MLGRAPH_TOKEN": ""}
        return run(server, *arguments, env={**own, **env}, input=stdin)

    call.file = tmp_path / "mlgraph" / "contexts.toml"
    return call


def url(server):
    return f"http://{server.host}:{server.port}"


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(ADMIN_TOKEN + "\n")
    file.chmod(0o600)
    return file


def test_a_stored_server_is_used_and_its_token_never_shown(home, server, token_file):
    assert home("context", "add", "here", url(server), "--token-file", token_file).returncode == 0
    assert home("context", "add", "there", "http://127.0.0.1:1", "--token-stdin", stdin=ADMIN_TOKEN).returncode == 0
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.file.parent.stat().st_mode) == 0o700
    assert home("index", "list").returncode == 0
    assert home("--context", "there", "index", "list").returncode == 3
    assert home("context", "use", "there").returncode == 0
    assert home("index", "list").returncode == 3
    assert home("--context", "here", "index", "list").returncode == 0
    for shown in (home("context", "show"), home("context", "list"), home("--json", "context", "list"), home("context", "show", "here")):
        assert shown.returncode == 0 and ADMIN_TOKEN not in shown.stdout + shown.stderr
    listed = {c["name"]: c for c in json.loads(home("--json", "context", "list").stdout)}
    assert listed["there"]["current"] and listed["there"]["token"] == "stored" and listed["here"]["token"] == f"file {token_file}"
    assert home("context", "remove", "there").returncode == 0
    assert [c["name"] for c in json.loads(home("--json", "context", "list").stdout)] == ["here"]


def test_flag_before_environment_before_context(home, server, token_file):
    assert home("context", "add", "nowhere", "http://127.0.0.1:1", "--token-file", token_file).returncode == 0
    assert home("index", "list", MLGRAPH_URL=url(server), MLGRAPH_TOKEN=ADMIN_TOKEN).returncode == 0
    assert home("--context", "nowhere", "index", "list", MLGRAPH_URL=url(server), MLGRAPH_TOKEN=ADMIN_TOKEN).returncode == 3
    assert home("--server", url(server), "index", "list", MLGRAPH_URL="http://127.0.0.1:1", MLGRAPH_TOKEN=ADMIN_TOKEN).returncode == 0
    # A stored token goes to the address it is stored with, and to no other.
    assert home("--server", url(server), "index", "list").returncode == 4
    assert home("index", "list", MLGRAPH_URL=url(server)).returncode == 4


def test_what_others_may_read_is_refused(home, server, token_file):
    token_file.chmod(0o644)
    refused = home("context", "add", "here", url(server), "--token-file", token_file)
    assert refused.returncode == 2 and f"chmod 600 {token_file}" in refused.stderr
    warned = home("--server", url(server), "--token-file", token_file, "index", "list")
    assert warned.returncode == 0 and f"chmod 600 {token_file}" in warned.stderr
    token_file.chmod(0o600)
    assert home("context", "add", "here", url(server), "--token-file", token_file).returncode == 0
    home.file.chmod(0o644)
    open_file = home("index", "list")
    assert open_file.returncode == 2 and "chmod 600" in open_file.stderr


def test_a_file_that_cannot_be_read_is_not_replaced(home, server):
    """Only one that is not there counts as empty."""
    home.file.parent.mkdir()
    home.file.symlink_to(home.file.name)
    refused = home("context", "add", "here", url(server))
    assert refused.returncode == 2 and "symbolic links" in refused.stderr, refused
    assert home.file.is_symlink()


def test_one_token_is_taken(home, server, token_file):
    both = home("context", "add", "here", url(server), "--token-file", token_file, "--token-stdin", stdin="mlg_another")
    assert both.returncode == 2 and "one of both" in both.stderr, both
    assert not home.file.exists()


def test_an_unknown_context_names_the_nearest_and_a_broken_file_its_line(home, server, token_file):
    assert home("context", "add", "production", url(server), "--token-file", token_file).returncode == 0
    assert "did you mean 'production'?" in home("--context", "prodution", "index", "list").stderr
    home.file.write_text("current = 'x'\nnonsense\n")
    broken = home("index", "list")
    assert broken.returncode == 2 and "contexts.toml:2" in broken.stderr, broken

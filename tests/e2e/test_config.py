"""The configuration as a user meets it: file < environment < flags, and mistakes named by file and line."""
import subprocess

import pytest
from harness import ADMIN_TOKEN, Server
from harness.server import binary


def run(*arguments, **environment):
    return subprocess.run([str(binary()), *map(str, arguments)], env={"MLGRAPH_ADMIN_TOKEN": ADMIN_TOKEN, "PATH": "/usr/bin:/bin", **environment},
                          capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def fails(tmp_path, *arguments, **environment):
    done = run("--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", *arguments, **environment)
    assert done.returncode == 2 and "listening" not in done.stdout, done
    assert done.stderr.startswith("mlgraphd: ") and done.stderr.count("\n") == 1, done.stderr
    assert ADMIN_TOKEN not in done.stderr
    return done.stderr


def test_unknown_key_fails_with_file_line_and_the_nearest_key(tmp_path):
    file = tmp_path / "mlgraph.toml"
    file.write_text('[server]\nnode = "n1"\n\n[limits]\npaterns = 3\n')
    message = fails(tmp_path, "--config", file)
    assert f"{file}:5" in message and "paterns" in message and "limits.patterns" in message


def test_wrong_type_and_range_fail_with_file_and_line(tmp_path):
    file = tmp_path / "mlgraph.toml"
    for text, word in (('[limits]\npatterns = "many"\n', "patterns"), ("[limits]\npatterns = 0\n", "patterns"), ("[limits]\n\npatterns == 3\n", ":3")):
        file.write_text(text)
        message = fails(tmp_path, "--config", file)
        assert str(file) in message and word in message


def test_missing_file_is_named(tmp_path):
    assert "absent.toml" in fails(tmp_path, "--config", tmp_path / "absent.toml")


@pytest.mark.parametrize("arguments,word", [
    (["--lisen", "x"], "did you mean '--listen'?"), (["--lisen=x"], "'--lisen', did you mean"), (["--listen"], "--listen"),
    (["surplus"], "belongs to no flag"), (["--io-threads", "many"], "--io-threads: 'many'"), (["--io-threads", "-1"], "--io-threads"),
    (["--node", "a", "--node", "b"], "--node"), (["--tls-cert"], "--tls-cert"), (["-x"], "belongs to no flag"), (["--", "more"], "")])
def test_bad_flags(tmp_path, arguments, word):
    assert word in fails(tmp_path, *arguments)


@pytest.mark.parametrize("arguments", [[ADMIN_TOKEN], ["--admin-token", ADMIN_TOKEN], [f"--admin-token={ADMIN_TOKEN}"]])
def test_a_token_on_the_command_line_is_refused_and_not_repeated(tmp_path, arguments):
    fails(tmp_path, *arguments)


def test_unknown_variables_are_told_with_the_nearest_key(make_server, monkeypatch):
    """They do not stop the start: the same environment may serve other programs, and the command line has its own."""
    monkeypatch.setattr(Server, "environment", lambda self, before=Server.environment: {
        **before(self), "MLGRAPH_LIMITS_PATERNS": "secret-value", "MLGRAPH_URL": "http://x", "MLGRAPH_TOKEN": ADMIN_TOKEN, "MLGRAPH_BACKOFF": "1"})
    server = make_server()
    log = server.log()
    assert "MLGRAPH_LIMITS_PATERNS" in log and "MLGRAPH_LIMITS_PATTERNS" in log
    assert "secret-value" not in log and "MLGRAPH_URL" not in log and "MLGRAPH_TOKEN" not in log and "MLGRAPH_BACKOFF" not in log


def test_a_start_that_fails_is_not_a_misuse(make_server, tmp_path):
    """Exit 1: what was said is sound, but it cannot be done."""
    server = make_server()
    done = run("--data-dir", tmp_path / "other", "--listen", f"127.0.0.1:{server.port}")
    assert done.returncode == 1 and str(server.port) in done.stderr, done


def test_bad_environment_is_named(tmp_path):
    assert "MLGRAPH_LIMITS_PATTERNS" in fails(tmp_path, MLGRAPH_LIMITS_PATTERNS="lots")


def test_bad_node_name(tmp_path):
    assert "node" in fails(tmp_path, "--node", "a.b")


def test_bad_admin_token_is_refused_without_being_shown(tmp_path):
    message = fails(tmp_path, MLGRAPH_ADMIN_TOKEN="short-secret")
    assert "short-secret" not in message and "MLGRAPH_ADMIN_TOKEN" in message


def test_half_a_tls_pair(tmp_path):
    assert "tls" in fails(tmp_path, "--tls-cert", tmp_path / "cert.pem")


@pytest.mark.parametrize("file_value,env_value,flag_value,wins", [
    ("from-file", None, None, "from-file"), ("from-file", "from-env", None, "from-env"),
    ("from-file", "from-env", "from-flag", "from-flag"), (None, "from-env", None, "from-env"), (None, None, None, "n1"),
])
def test_precedence(tmp_path, file_value, env_value, flag_value, wins):
    flags, settings = [], {}
    if file_value:
        file = tmp_path / "mlgraph.toml"
        file.write_text(f'[server]\nnode = "{file_value}"\n')
        flags += ["--config", str(file)]
    if env_value:
        settings["server.node"] = env_value
    if flag_value:
        flags += ["--node", flag_value]
    with Server(tmp_path / "server", settings=settings, flags=flags) as server:
        socket = server.socket()
        assert socket.request({"type": "hello"})["data"]["node"] == wins
        socket.close()


def test_every_key_of_the_operating_page_can_be_set(tmp_path):
    """docs/operating.md's table is a working configuration file."""
    from test_docs import configuration_table

    lines, table = [], None
    for key, default in configuration_table():
        name, _, member = key.partition(".")
        if name != table:
            lines.append(f"[{name}]")
            table = name
        lines.append(f"{member} = {default}")
    file = tmp_path / "all.toml"
    file.write_text("\n".join(lines) + "\n")
    with Server(tmp_path / "server", flags=["--config", str(file)]) as server:
        assert server.rest().get("/indices").status == 200


def test_version_and_help():
    for flag in ("--version", "--help"):
        done = run(flag)
        assert done.returncode == 0 and done.stdout.strip()


def test_a_data_directory_of_a_newer_format_is_refused(tmp_path):
    with Server(tmp_path) as server:
        pass
    (server.data_dir / "FORMAT").write_text("99\n")
    with pytest.raises(AssertionError, match="99"):
        server.start()
    server.process.wait(20)

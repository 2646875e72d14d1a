"""The configuration as a user meets it: file < environment < flags, and mistakes named by file and line."""
import re
import subprocess

import pytest
from harness import ADMIN_TOKEN, Server
from harness.server import ROOT, binary
from test_tls import make_certificate


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
    (["surplus"], "belongs to no flag"), (["--io-threads", "many"], "--io-threads: server.io_threads: 'many'"), (["--io-threads", "-1"], "--io-threads"),
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


def config(*arguments, **environment):
    return run("config", *arguments, **environment)


def test_check_tells_all_problems_at_once(tmp_path):
    file = tmp_path / "mlgraph.toml"
    file.write_text(f'[server]\nlisten = "example.org:80"\nnod = "x"\ndata_dir = "{file}/below"\ntls_cert = "{tmp_path}/no.pem"\n'
                    f'tls_key = "{tmp_path}/no.pem"\n[limits]\npatterns = 0\n')
    done = config("check", "--config", file, "--io-threads", "many", MLGRAPH_LIMITS_IMPORTS="0")
    assert done.returncode == 1 and done.stdout == "", done
    told = done.stderr.splitlines()
    for at, word in ((f"{file}:2", "'example.org' is no IP address"), (f"{file}:3", "did you mean 'server.node'?"), (f"{file}:4", "is no folder"),
                     (f"{file}:5", "no.pem"), (f"{file}:8", "limits.patterns: 0 is not a whole number from 1 to 100000"),
                     ("--io-threads", "'many'"), ("MLGRAPH_LIMITS_IMPORTS", "0 is not a whole number from 1 to 10000")):
        assert any(line.startswith(f"mlgraphd: {at}: ") and word in line for line in told), (at, word, told)
    assert len(told) == 7 and ADMIN_TOKEN not in done.stderr


def test_check_of_a_sound_configuration(tmp_path):
    done = config("check", "--data-dir", tmp_path / "new")
    assert done.returncode == 0 and "sound" in done.stdout and not (tmp_path / "new").exists(), done


def make_expired(folder):
    """Another certificate of the folder's key, of a day that is over."""
    (folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\nrand_serial=yes\n"
                                   "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    (folder / "index").touch()
    subprocess.run(["openssl", "req", "-new", "-key", folder / "key.pem", "-subj", "/CN=old", "-out", folder / "csr.pem"], check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", folder / "ca.cnf", "-keyfile", folder / "key.pem", "-in", folder / "csr.pem",
                    "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext", "-out", folder / "old.pem"], check=True, capture_output=True)


@pytest.mark.parametrize("cert,key,word", [("a/cert.pem", "a/key.pem", None), ("a/cert.pem", "b/key.pem", "does not belong"),
                                           ("a/old.pem", "a/key.pem", "expired Jan  2 00:00:00 2020")])
def test_check_reads_the_tls_files(tmp_path, cert, key, word):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_certificate(tmp_path / name, name)
    make_expired(tmp_path / "a")
    done = config("check", "--data-dir", tmp_path / "data", "--tls-cert", tmp_path / cert, "--tls-key", tmp_path / key)
    assert done.returncode == (1 if word else 0), done
    assert not word or ("--tls-cert: " in done.stderr and word in done.stderr), done


def test_check_beside_a_running_server(make_server):
    server = make_server()
    assert config("check", "--data-dir", server.data_dir).returncode == 0
    (server.data_dir / "FORMAT").write_text("99\n")
    done = config("check", "--data-dir", server.data_dir)
    assert done.returncode == 1 and "format 99" in done.stderr, done


def test_show_is_a_configuration_file_that_says_where_each_value_came_from(tmp_path):
    file = tmp_path / "mlgraph.toml"
    file.write_text('[server]\nallowed_origins = ["https://a.example", "*"]\n\n[limits]\npatterns = 7\n')
    given = {"MLGRAPH_LIMITS_IMPORTS": "5", "MLGRAPH_NODE": "n7"}
    done = config("show", "--origin", "--config", file, "--data-dir", tmp_path / 'a "b"', **given)
    assert done.returncode == 0 and ADMIN_TOKEN not in done.stdout, done
    for value, origin in (("patterns = 7", f"{file}:5"), ("imports = 5", "MLGRAPH_LIMITS_IMPORTS"), ('node = "n7"', "MLGRAPH_NODE"),
                          ("data_dir = ", "--data-dir"), ("drain_ms = 1000", "default"), ("allowed_origins = ", f"{file}:2")):
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(value)]
        assert line.endswith(f"# {origin}"), line
    again = tmp_path / "again.toml"
    again.write_text(done.stdout)
    plain = config("show", "--config", file, "--data-dir", tmp_path / 'a "b"', **given).stdout
    assert config("show", "--config", again).stdout == plain and "#" not in plain.split("# The admin token")[0]


def test_show_of_what_cannot_be_meant(tmp_path):
    done = config("show", "--io-threads", "many")
    assert done.returncode == 1 and done.stdout == "" and "--io-threads" in done.stderr, done


@pytest.mark.parametrize("arguments", [[], ["chek"], ["check", "surplus"], ["show", "--origins"], ["check", "--lisen", "x"], ["check", ADMIN_TOKEN]])
def test_config_commands_misused(arguments):
    done = config(*arguments)
    assert done.returncode == 2 and done.stderr.startswith("mlgraphd: ") and ADMIN_TOKEN not in done.stderr, done


def test_the_packaged_file_is_sound_as_it_is_and_with_its_examples(tmp_path):
    text = (ROOT / "packaging/deb/mlgraphd.toml").read_text()
    (tmp_path / "cert").mkdir()
    make_certificate(tmp_path / "cert", "packaged")
    examples = re.sub(r"^#(?=\w+ = )", "", text, flags=re.M).replace("/etc/mlgraph/", f"{tmp_path}/cert/")
    assert examples.count("\n#") < text.count("\n#")
    for variant in (text, examples):
        file = tmp_path / "mlgraphd.toml"
        file.write_text(variant.replace("/var/lib/mlgraph", str(tmp_path / "data")))
        done = config("check", "--config", file)
        assert done.returncode == 0, done


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

"""Completion and the man page are made of the command tree, and say what it says."""
import json
import re
import shutil
import subprocess

import pytest
from harness import fill, rows, run
from harness.cli import environment
from harness.server import ROOT, binary

PAGE = ROOT / "docs/man/mlgraph.1"


def completed(server, line, tmp_path, words=None):
    """What bash itself would offer at the end of `line`."""
    folder = binary("mlgraph").parent
    script = f"""
      PATH={folder}:$PATH
      source <(mlgraph completion bash)
      COMP_WORDS=({line})
      [[ "{line}" == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
      compopt() {{ echo "compopt $*"; }}
      _mlgraph
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], env={**environment(server), "XDG_CONFIG_HOME": str(tmp_path)}, capture_output=True, text=True,
                          timeout=60)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def test_bash_completes_commands_options_and_words(server, tmp_path):
    assert completed(server, "mlgraph ind", tmp_path) == ["index"]
    assert {"create", "list", "show", "snapshot"} <= set(completed(server, "mlgraph index ", tmp_path))
    assert completed(server, "mlgraph watch --unt", tmp_path) == ["--until"]
    assert completed(server, "mlgraph index create x --metric ", tmp_path) == ["L2", "IP", "COSINE"]
    assert completed(server, "mlgraph completion ", tmp_path) == ["bash", "zsh", "fish"]
    assert "--json" in completed(server, "mlgraph index list --", tmp_path)
    assert completed(server, "mlgraph import words ", tmp_path)[:2] == ["compopt", "-o"]


def test_bash_completes_names_that_the_server_has(server, make_index, tmp_path):
    make_index("alpha")
    make_index("beta")
    assert {"alpha", "beta"} <= set(completed(server, "mlgraph index show ", tmp_path))
    assert completed(server, "mlgraph search al", tmp_path) == ["alpha"]
    fill(server.rest(), "alpha", rows(5, 4))
    job = run(server, "index", "recall", "alpha").stdout.strip()
    assert job in completed(server, "mlgraph job show ", tmp_path)
    subprocess.run([str(binary("mlgraph")), "context", "add", "stored", "http://127.0.0.1:1"], check=True, capture_output=True,
                   env={**environment(server), "XDG_CONFIG_HOME": str(tmp_path)})
    assert completed(server, "mlgraph --context ", tmp_path) == ["stored"]


@pytest.mark.parametrize("shell,check", [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])])
def test_scripts_parse(server, tmp_path, shell, check):
    if not shutil.which(check[0]):
        pytest.skip(f"no {check[0]} here")
    file = tmp_path / "script"
    file.write_text(run(server, "completion", shell).stdout)
    done = subprocess.run([*check, str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done


def every_command(server, *words):
    """(words, help) of each command that does something."""
    text = run(server, *words, "--help").stdout
    below = re.findall(r"^  ([a-z-]+) ", text[text.index("Subcommands:"):], re.M) if "Subcommands:" in text else []
    if not below:
        yield words, text
    for word in below:
        yield from every_command(server, *words, word)


def test_the_man_page_is_the_trees_own(server):
    assert PAGE.read_text() == run(server, "man").stdout, "mlgraph man > docs/man/mlgraph.1"


def test_the_man_page_names_every_command_and_option(server):
    page = PAGE.read_text().replace("\\-", "-")
    commands = list(every_command(server))
    assert len(commands) > 35, commands
    for words, text in commands:
        assert f"\\fBmlgraph {' '.join(words)}\\fR" in page, words
        for option in re.findall(r"(--[a-z][a-z-]+)", text[text.index("Options:"):] if "Options:" in text else ""):
            assert f"\\fB{option}\\fR" in page, (words, option)


def test_groff_prints_the_page_without_a_warning():
    if not shutil.which("groff"):
        pytest.skip("no groff here")
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-K", "utf8", str(PAGE)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "EXIT STATUS" in re.sub("\x1b\\[[0-9;]*m|.\b", "", done.stdout)


def test_help_is_there_for_everything_and_json_stays_one_document(server, make_index):
    make_index("docs")
    for words, text in every_command(server):
        assert text, words
    for words in (["index", "list"], ["job", "list"], ["alias", "list"], ["alert", "list"], ["alert", "rules"], ["token", "list"], ["context", "list"]):
        json.loads(run(server, "--json", *words).stdout)

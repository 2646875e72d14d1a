"""The pages of docs/guides, followed word for word: their files written, their commands run in order, their output as it is shown."""
import os
import pathlib
import re
import subprocess

import pytest
from harness.server import ROOT, binary

GUIDES = ROOT / "docs" / "guides"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
MARK = "=== block"


def blocks(page):
    return [found.groups() for found in BLOCK.finditer(page.read_text())]


def shell_script(found):
    """All `sh` blocks as one script, so that variables and background jobs live on; and what each must print, if the page says so."""
    script, expected = ["set -euo pipefail"], []
    for (language, _, text), following in zip(found, found[1:] + [("", None, "")]):
        if language == "sh":
            script += [f"echo '{MARK}'", text]
            expected.append(following[2] if following[0] == "text" else None)
    return "\n".join(script), expected


def pattern(text):
    """What the page shows, `…` standing for anything."""
    return ".*".join(re.escape(part.strip("\n")) for part in text.split("…"))


@pytest.mark.parametrize("page", sorted(p.name for p in GUIDES.glob("*.md")))
def test_a_guide_does_what_it_says(page, make_server, tmp_path):
    found = blocks(GUIDES / page)
    assert found, "a guide without anything to do"
    server = make_server()
    (tmp_path / "node_modules/@mlgraph").mkdir(parents=True)
    (tmp_path / "node_modules/@mlgraph/client").symlink_to(ROOT / "sdk/typescript")
    for language, name, text in found:
        if name:
            (tmp_path / name).write_text(text)
    script, expected = shell_script(found)
    environment = {**os.environ, "PATH": f"{binary().parent}:/usr/bin:{os.environ['PATH']}", "MLGRAPH_URL": f"http://{server.host}:{server.port}", "MLGRAPH_TOKEN": server.admin_token,
                   "PYTHONPATH": str(ROOT / "sdk/python/src"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with subprocess.Popen(["bash", "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as shell:
        try:
            out, err = shell.communicate(timeout=240)
        finally:
            try:
                os.killpg(shell.pid, 9)  # what a block that failed has left behind
            except ProcessLookupError:
                pass
    assert shell.returncode == 0, f"{out}\n{err}"
    printed = out.split(MARK + "\n")[1:]
    for shown, wanted in zip(printed, expected, strict=True):
        if wanted is not None:
            assert re.fullmatch(pattern(wanted), shown.strip("\n"), re.S), f"the page shows\n{wanted}\nand it was\n{shown}\n{err}"


def test_every_guide_is_in_the_list():
    listed = (GUIDES / "README.md").read_text()
    for page in GUIDES.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in listed, page.name

"""The Debian package in a Debian tree of its own: installed, used, upgraded, removed and purged, with nothing left behind.

Needs root (chroot) and mmdebstrap. MLG_BIN_DIR's build is packed; MLG_DEB_MIRROR names another archive.
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from package_deb import make_package  # noqa: E402

MIRROR = os.environ.get("MLG_DEB_MIRROR", "http://deb.debian.org/debian")
# Written by the package manager itself, or by adduser over its own files.
OF_OTHERS = re.compile(r"/var/(log|cache|lib/(apt|dpkg|systemd))(/|$)|/etc/(passwd|group|g?shadow|sub[ug]id)-?$|/etc/\.pwd\.lock$|/etc/ld\.so\.cache$|/(proc|sys|dev|run|tmp)(/|$)")

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="a chroot needs root")


@pytest.fixture(scope="module")
def package():
    folder = pathlib.Path(os.environ.get("MLG_BIN_DIR", ROOT / "build" / "release" / "bin")).resolve()
    return make_package(folder.parent.name)


class Tree:
    """A small Debian, with what the package depends on."""

    def __init__(self, folder, package):
        self.root = folder
        depends = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
        wanted = [item.split("|")[0].split("(")[0].strip() for item in depends.split(",")]
        subprocess.run(["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", "--include=" + ",".join([*wanted, "procps", "util-linux"]),
                        "--aptopt=APT::Install-Recommends false", "bookworm", str(folder), MIRROR], check=True)
        # A /proc of its own, which nobody can delete anything in; /dev has the nodes that mmdebstrap made.
        subprocess.run(["mount", "-t", "proc", "proc", f"{folder}/proc"], check=True)

    def close(self):
        subprocess.run(["umount", f"{self.root}/proc"], check=True)
        shutil.rmtree(self.root)

    def run(self, *command, check=True, **options):
        done = subprocess.run(["chroot", str(self.root), *command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}, timeout=120, **options)
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def files(self):
        """Each path of the tree with its kind and mode."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = os.path.join(folder, name)
                inside = path[len(str(self.root)):]
                if not OF_OTHERS.match(inside):
                    found[inside] = os.lstat(path).st_mode
        return found

    def install(self, package):
        target = self.path("/tmp/mlgraph.deb")
        target.write_bytes(package.read_bytes())
        self.run("dpkg", "-i", "/tmp/mlgraph.deb")
        target.unlink()


class Service:
    """What systemd would do: the unit's command as its user, with a socket that hears of each step."""

    def __init__(self, tree):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = tree.path("/tmp/notify")
        path.unlink(missing_ok=True)
        self.notify.bind(str(path))
        path.chmod(0o777)
        self.notify.settimeout(60)
        unit = tree.path("/lib/systemd/system/mlgraphd.service").read_text()
        command = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1).split()
        self.process = subprocess.Popen(
            ["/usr/sbin/chroot", "--userspec=mlgraph:mlgraph", str(tree.root), *command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": "/tmp/notify"}, stdin=subprocess.DEVNULL)
        self.expect("READY=1")
        assert select.select([self.process.stdout], [], [], 30)[0]
        self.url = self.process.stdout.readline().decode().split()[-1]

    def expect(self, what):
        while what not in (said := self.notify.recv(4096).decode()).split("\n"):
            pass
        return said

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        self.expect("RELOADING=1")
        return self.expect("READY=1")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.expect("STOPPING=1")
        assert self.process.wait(30) == 0
        self.process.stdout.close()
        self.notify.close()


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    made = Tree(tmp_path_factory.mktemp("debian") / "root", package)
    yield made
    made.close()


def call(service, token, method, path, body=None):
    request = urllib.request.Request(service.url + "/api/v1" + path, method=method, data=json.dumps(body).encode() if body is not None else None,
                                     headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_a_whole_life(tree, package):
    before = tree.files()
    tree.install(package)

    # Where it stands, and whose it is.
    owner = tree.run("stat", "-c", "%U:%G %a", "/var/lib/mlgraph").stdout.strip()
    assert owner == "mlgraph:mlgraph 700", owner
    assert tree.run("runuser", "-u", "mlgraph", "--", "mlgraphd", "config", "check", "--config", "/etc/mlgraph/mlgraphd.toml").returncode == 0
    for part in ("man/man8/mlgraphd.8.gz", "man/man1/mlgraph.1.gz", "bash-completion/completions/mlgraph", "zsh/vendor-completions/_mlgraph",
                 "fish/vendor_completions.d/mlgraph.fish"):
        assert tree.path("/usr/share/" + part).stat().st_size > 200, part
    assert "import" in tree.run("mlgraph", "--help").stdout

    # Used as the unit uses it.
    service = Service(tree)
    token = tree.path("/var/lib/mlgraph/admin.token").read_text().strip()
    assert urllib.request.urlopen(service.url + "/health/ready", timeout=60).status == 200
    assert b"/assets/" in urllib.request.urlopen(service.url + "/", timeout=60).read(), "the dashboard, not the page that says there is none"
    tree.path("/tmp/rows.jsonl").write_text("".join(json.dumps({"id": f"v{i}", "values": [i, 1, 0]}) + "\n" for i in range(50)))
    with_server = ["env", f"MLGRAPH_URL={service.url}", "mlgraph", "--token-file", "/var/lib/mlgraph/admin.token"]
    tree.run(*with_server, "index", "create", "words", "--dim", "3", "--metric", "L2")
    tree.run(*with_server, "import", "words", "/tmp/rows.jsonl")
    found = call(service, token, "POST", "/indices/words/search", {"vector": [7, 1, 0], "k": 1})
    assert "v7" in json.dumps(found), found
    # HDF5 is read by a program of its own, which must be found where the package puts it.
    request = urllib.request.Request(service.url + "/api/v1/indices/words/import?dataset=rows&wait=true", data=b"\x89HDF\r\n\x1a\n damaged", method="POST",
                                     headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-hdf5"})
    try:
        said = urllib.request.urlopen(request, timeout=60).read().decode()
    except urllib.error.HTTPError as refused:
        said = refused.read().decode()
    assert "damaged in its head" in said, said

    # Reloaded, upgraded, started again: the data and the administrator's settings stay.
    settings = tree.path("/etc/mlgraph/mlgraphd.toml")
    settings.write_text(settings.read_text().replace("#sessions_per_token = 1000", "sessions_per_token = 77"))
    assert "not reloaded" not in service.reload()
    service.stop()
    tree.install(package)
    assert "sessions_per_token = 77" in settings.read_text()
    service = Service(tree)
    assert call(service, token, "GET", "/indices/words")["vectors"] == 50
    service.stop()

    # Gone, and gone for good.
    for name in ("rows.jsonl", "notify"):
        tree.path(f"/tmp/{name}").unlink()
    tree.run("dpkg", "-r", "mlgraph")
    assert settings.exists() and tree.path("/var/lib/mlgraph/admin.token").exists()
    assert not tree.path("/usr/bin/mlgraphd").exists()
    tree.run("dpkg", "-P", "mlgraph")
    after = tree.files()
    assert after == before, (set(after) ^ set(before), [p for p in after if p in before and after[p] != before[p]])
    assert tree.run("getent", "passwd", "mlgraph", check=False).returncode != 0


def test_the_unit_is_sound(package, tmp_path):
    """As far as systemd can tell on a host where it is not installed: the program and its manual are missing there."""
    subprocess.run(["dpkg-deb", "-x", package, str(tmp_path)], check=True)
    unit = tmp_path / "lib/systemd/system/mlgraphd.service"
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if "mlgraphd.service" in line and "not executable" not in line and "'man " not in line]
    assert not complaints, done.stderr


def test_lintian_finds_nothing_serious(package):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", str(package)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout

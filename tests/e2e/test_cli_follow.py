"""`import --follow`, `watch --job` and `watch --until`: they end with what they wait for, also when the server is killed meanwhile."""
import json
import os
import socket
import subprocess

from harness import OnTerminal, OpenImport, Watch, fill, rows, run
from harness.cli import environment
from harness.server import binary


def lines(count, dimension=4, first=0):
    return "".join(json.dumps({"id": f"r{i}", "values": [i + 1] * dimension}) + "\n" for i in range(first, first + count))


def make(server, name, **members):
    assert server.rest().post("/indices", {"index_id": name, "dimension": 4, **members}).status == 201


def assert_counted(server, vectors):
    """The index's own count is told within a second of quiet: the event is waited for, if it is not there yet."""
    with Watch(server, "index.docs.updated", "--since", server.rest().get("/state").json["id"]) as watch:
        watch.wait_for_note("-- connected")
        if server.rest().get("/indices/docs").json["vectors"] != vectors:
            watch.wait_for(lambda m: m["data"]["vectors"] == vectors)


def test_without_follow_the_job_id_is_printed(server, make_index, tmp_path):
    make_index("plain")
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(10))
    done = run(server, "import", "plain", file)
    assert done.returncode == 0, done
    assert server.rest().get(f"/jobs/{done.stdout.strip()}").json["state"] == "completed"


def test_follow_shows_events_refused_rows_and_the_sum(server, make_index, tmp_path):
    make_index("followed")
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(10) + '{"id":"bad","values":[1,"x",3,4]}\n' + lines(3, first=10))
    done = run(server, "import", "followed", file, "--follow")
    assert done.returncode == 0, done
    assert "job.completed" in done.stdout and "imported 13 vectors, 1 refused" in done.stdout, done
    assert "row 10: values[1]" in done.stderr, done
    told = run(server, "--json", "import", "followed", file, "--follow")
    assert json.loads(told.stdout.splitlines()[-1])["type"] == "job.completed", told


def test_standard_input_is_sent_as_it_comes(server, make_index):
    make_index("piped")
    done = run(server, "import", "piped", "-", "--follow", input=lines(5))
    assert done.returncode == 0 and "imported 5 vectors" in done.stdout, done
    csv = run(server, "import", "piped", "-", "--format", "csv", "--follow", input="a,1,2,3,4\n")
    assert csv.returncode == 0 and server.rest().get("/indices/piped/vectors/a").status == 200, csv


def test_standard_input_is_read_from_where_it_stands(server, make_index, tmp_path):
    """A file whose first rows somebody else has read, a socket, and what cannot be read at all."""
    make_index("handed")
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(10))
    with file.open("rb") as half:
        os.lseek(half.fileno(), len(lines(4)), os.SEEK_SET)
        done = run(server, "import", "handed", "-", "--follow", stdin=half)
        assert done.returncode == 0 and "imported 6 vectors" in done.stdout, done
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"[1,2,3,4]")
        ours.shutdown(socket.SHUT_WR)
        found = run(server, "search", "handed", "--vector", "-", stdin=theirs)
        assert found.returncode == 0 and "r9" in found.stdout, found
    folder = os.open(tmp_path, os.O_RDONLY)
    unread = run(server, "import", "handed", "-", "--follow", stdin=folder)
    os.close(folder)
    assert unread.returncode == 2 and "cannot read" in unread.stderr, unread


def test_a_token_without_events_follows_by_asking(server, make_index, make_token, tmp_path):
    make_index("asked")
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(10))
    done = run(server, "import", "asked", file, "--follow", token=make_token("write:asked"))
    assert done.returncode == 0 and "imported 10 vectors" in done.stdout, done


def test_the_bar_on_a_terminal_is_redrawn_and_ends_whole(server, make_index, tmp_path):
    make_index("drawn")
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(2000))
    with OnTerminal(server, "import", "drawn", str(file), "--follow") as terminal:
        assert terminal.wait() == 0
        assert b"\r\x1b[K" in terminal.output and b"100 %" in terminal.output and b"imported 2,000 vectors" in terminal.output


def test_an_import_goes_on_when_the_server_is_killed_under_it(make_server, tmp_path):
    """The kill comes with the job's first event, when most of the rows are still to be sent: the file is sent again."""
    server = make_server()
    make(server, "docs")
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(200_000))
    process = subprocess.Popen([str(binary("mlgraph")), "--json", "import", "docs", str(file), "--follow"], env=environment(server),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    server.kill()
    server.start(port=server.port)
    out, notes = process.communicate(timeout=120)
    assert process.returncode == 0, (out[-500:], notes)
    assert f"{file} is sent again" in notes, notes
    last = json.loads(out.splitlines()[-1])
    assert last["type"] == "job.completed" and last["data"]["processed"] == 200_000
    assert_counted(server, 200_000)


def test_an_import_of_the_import_folder_is_followed_through_a_kill(make_server):
    server = make_server()
    make(server, "docs")
    folder = server.data_dir / "import"
    folder.mkdir(exist_ok=True)
    (folder / "rows.jsonl").write_text(lines(60_000))
    process = subprocess.Popen([str(binary("mlgraph")), "--json", "import", "docs", "--source", "rows.jsonl", "--follow"],
                               env=environment(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    server.kill()
    server.start(port=server.port)
    out, notes = process.communicate(timeout=120)
    assert process.returncode == 0, (out[-500:], notes)
    assert_counted(server, 60_000)


def test_until_ends_with_the_event_after_a_kill(make_server):
    server = make_server()
    with Watch(server, "--until", "index.wanted.created", "--backoff", "0.05") as watch:
        watch.wait_for_note("-- connected")
        make(server, "other")
        watch.wait_for(lambda m: m["type"] == "index.created")
        server.kill()
        server.start(port=server.port)
        make(server, "wanted")
        assert watch.wait() == 0
    assert [m["data"]["index"] for m in watch.messages if m["type"] == "index.created"] == ["other", "wanted"]


def test_a_job_is_watched_to_its_end(server, make_index):
    make_index("watched")
    with OpenImport(server, "watched-job", index="watched") as sending, Watch(server, "--job", "watched-job") as watch:
        watch.wait_for_note("-- connected")
        sending.send_rows(0, 5)
        sending.finish()
        assert watch.wait() == 0
    assert watch.messages[-1]["type"] == "job.completed" and {m["data"]["jobId"] for m in watch.messages} == {"watched-job"}
    again = run(server, "--json", "watch", "--job", "watched-job")
    assert again.returncode == 0 and json.loads(again.stdout)["data"]["state"] == "completed"
    assert run(server, "watch", "--job", "no-such-job").returncode == 1


def test_until_a_failed_job_gives_its_code(server, make_index):
    make_index("failing")
    with Watch(server, "job.*", "--until", "job.completed", "--until", "job.failed") as watch:
        watch.wait_for_note("-- connected")
        run(server, "import", "failing", "-", input="nonsense\n")
        assert watch.wait() == 5


def test_jobs_are_begun_followed_listed_and_fetched(server, make_index, tmp_path):
    make_index("worked")
    fill(server.rest(), "worked", rows(300, 4))
    job = run(server, "index", "recall", "worked").stdout.strip()
    assert run(server, "job", "follow", job).returncode == 0
    assert "recall 1.0000" in run(server, "index", "recall", "worked", "--follow", "--samples", "10").stdout
    listed = run(server, "job", "list", "--index", "worked")
    assert listed.returncode == 0 and job in listed.stdout and "completed" in listed.stdout
    assert "jobId" in run(server, "--json", "job", "show", job).stdout and job in run(server, "job", "show", job).stdout
    assert run(server, "index", "train", "worked", "--follow").returncode == 0
    file = tmp_path / "worked.mlgsnap"
    assert run(server, "index", "snapshot", "worked", "-o", file).returncode == 0
    restored = run(server, "index", "restore", file, "--as", "restored")
    assert restored.returncode == 0 and "restored 300 vectors as restored" in restored.stdout, restored
    assert server.rest().get("/indices/restored/vectors/v299").status == 200
    server.rest().delete("/indices/restored")
    exported = tmp_path / "some.jsonl"
    assert run(server, "index", "export", "worked", "-o", exported).returncode == 0
    ids = [j["jobId"] for j in server.rest().get("/jobs?index=worked").json["jobs"] if j["jobType"] == "export"]
    fetched = run(server, "job", "result", ids[-1], "-o", "-")
    assert fetched.stdout == exported.read_text()

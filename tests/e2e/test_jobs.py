"""Jobs as their clients meet them: waiting for their end, what their numbers mean, and what a cut leaves of them."""
import signal
import time

import pytest
from harness import OpenImport, Rest


@pytest.fixture
def docs(server, rest, make_index):
    make_index("docs")
    return rest


# waiting -------------------------------------------------------------------------------------------------------------
def test_a_wait_that_is_over_answers_with_the_running_job(server, docs):
    with OpenImport(server, "runs-on") as running:
        running.send_rows(0, 5)
        running.wait_for(lambda job: job["processed"] == 5)
        for timeout in ("0", "0.3", "1"):
            began = time.monotonic()
            answer = docs.get(f"/jobs/runs-on?wait_for=completed&timeout_s={timeout}")
            assert answer.status == 200 and answer.json["state"] == "running" and answer.json["processed"] == 5, answer
            assert time.monotonic() - began >= float(timeout)
        assert running.finish()[0] == 202
    assert docs.get("/jobs/runs-on?wait_for=completed&timeout_s=3600").json["state"] == "completed"


@pytest.mark.parametrize("timeout", ["-1", "3601", "x", "", "nan", "1e999"])
def test_a_wait_names_its_bounds(docs, timeout):
    docs.upload("docs", b'{"id":"a","values":[1,2,3,4]}\n', query=f"?jobId=short-{abs(hash(timeout))}")
    answer = docs.get(f"/jobs/short-{abs(hash(timeout))}?wait_for=completed&timeout_s={timeout}")
    assert (answer.status, answer.error, answer.json["member"]) == (422, "invalid_value", "timeout_s")
    assert "3600" in answer.json["message"]


def test_a_long_wait_is_answered_by_a_stopping_server(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    with OpenImport(server, "held"):
        waits = [rest._connection(60) for _ in range(3)]
        for one in waits:
            one.request("GET", "/api/v1/jobs/held?wait_for=completed&timeout_s=3600",
                        headers={"Authorization": f"Bearer {server.admin_token}"})
        rest.get("/jobs/held?wait_for=completed&timeout_s=1")  # by then those have been read too
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for one in waits:
            answer = one.getresponse()
            assert answer.status == 200, answer.status
            assert b'"state":"failed"' in (body := answer.read()) and b'"code":"interrupted"' in body, body
            one.close()
        assert server._reap(15) == 0
        assert time.monotonic() - began < 10


def test_waits_of_one_token_leave_room_for_the_others(server, docs, make_token):
    """1,000 of one token wait; its next is told so at once, another token waits on."""
    greedy = make_token("read:*", "events:*")
    with OpenImport(server, "waited-for") as running:
        held = []
        try:
            for _ in range(1000):
                one = docs._connection(60)
                one.request("GET", "/api/v1/jobs/waited-for?wait_for=completed&timeout_s=3600",
                            headers={"Authorization": f"Bearer {greedy}"})
                held.append(one)
            mine = Rest(docs.host, docs.port, greedy)
            deadline = time.monotonic() + 20
            while (refused := mine.get("/jobs/waited-for?wait_for=completed&timeout_s=0.1")).status == 200:
                assert time.monotonic() < deadline, "all 1,000 wait, and one more"
            assert (refused.status, refused.error) == (503, "overloaded") and refused.headers["retry-after"], refused
            assert docs.get("/jobs/waited-for?wait_for=completed&timeout_s=0.1").json["state"] == "running"
            running.finish()
            assert {one.getresponse().status for one in held} == {200}
        finally:
            for one in held:
                one.close()

"""An import whose body a test sends piece by piece."""
import json
import time

from .raw import RawConnection


class OpenImport:
    """POST …/import with a body of `length` bytes, or of unknown length; it has begun when this returns."""

    def __init__(self, server, job_id, index="docs", content_type="application/x-ndjson", length=None):
        self.chunked = length is None
        self.job_id = job_id
        self.rest = server.rest()
        self.raw = RawConnection(server.host, server.port)
        self.raw.send((f"POST /api/v1/indices/{index}/import?jobId={job_id} HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: Bearer {server.admin_token}\r\nContent-Type: {content_type}\r\n"
                       + ("Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {length}") + "\r\n\r\n").encode())
        self.wait_for(lambda job: True)

    def send(self, data):
        self.raw.send(f"{len(data):x}\r\n".encode() + data + b"\r\n" if self.chunked else data)
        return self

    def send_rows(self, first, count, dimension=4):
        return self.send(b"".join(b'{"id":"r%d","values":[%s]}\n' % (i, b",".join([b"%d" % (i + 1)] * dimension))
                                  for i in range(first, first + count)))

    def wait_for(self, what, timeout=30):
        """The job's object once `what` is true of it."""
        deadline = time.monotonic() + timeout
        while True:
            answer = self.rest.get(f"/jobs/{self.job_id}")
            if answer.status == 200 and what(answer.json):
                return answer.json
            assert time.monotonic() < deadline, answer

    def finish(self):
        """Ends a body of unknown length; (status, the job's object)."""
        if self.chunked:
            self.raw.send(b"0\r\n\r\n")
        return self.answer()

    def answer(self):
        status, _, body = self.raw.response()
        return status, json.loads(body) if body else None

    def close(self):
        self.raw.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

"""REST over http.client: one connection a request, so that no test inherits another's socket."""
import dataclasses
import http.client
import json
import ssl

from . import schemas

API = "/api/v1"


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The code of an error body."""
        return self.json["error"]

    def __repr__(self):
        return f"<{self.status} {self.body[:600].decode(errors='replace')}>"


class Rest:
    def __init__(self, host, port, token, tls=False):
        self.host, self.port, self.token, self.tls = host, port, token, tls

    def raw(self, method, path, body=None, headers=None, timeout=60, chunked=False):
        """`path` from the root. Validates the answer against openapi.yaml."""
        given = {name.lower() for name in headers or {}}
        sent = dict(headers or {})
        if self.token and not given & {"authorization", "x-api-key"}:
            sent["Authorization"] = f"Bearer {self.token}"
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body=body, headers=sent, encode_chunked=chunked)
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()
        schemas.check_rest(method, path, answer)
        return answer

    def _connection(self, timeout):
        if not self.tls:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context)

    def request(self, method, path, body=None, **options):
        headers = dict(options.pop("headers", None) or {})
        if body is not None and not isinstance(body, (bytes, str)) and not hasattr(body, "__next__"):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        return self.raw(method, API + path, body=body, headers=headers, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body if body is not None else {}, **options)

    def put(self, path, body, **options):
        return self.request("PUT", path, body, **options)

    def patch(self, path, body, **options):
        return self.request("PATCH", path, body, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def upload(self, index, body, content_type="application/x-ndjson", query=""):
        """POST …/import: `body` is the file, bytes or an iterator of chunks."""
        return self.raw("POST", f"{API}/indices/{index}/import{query}", body=body, headers={"Content-Type": content_type})

    def ended(self, job_id, timeout=60):
        """Waits for a job's end by the contract's long poll."""
        answer = self.get(f"/jobs/{job_id}?wait_for=completed&timeout_s={timeout}", timeout=timeout + 10)
        assert answer.status == 200, answer
        assert answer.json["state"] in ("completed", "failed"), answer
        return answer.json

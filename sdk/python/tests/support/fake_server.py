"""A server that keeps to docs/protocol.md, in memory: one log, sessions that are told what they asked for, once."""
from mlgraph import StateFold, parse_event
from mlgraph._channels import channels_of, matches

from .things import AT


class Session:
    def __init__(self):
        self.patterns, self.sent, self.known = {}, set(), False


class FakeServer:
    """kept: events that can still be replayed (None: all). forbidden: families that no token may hear. refuse_next: requests that are
    refused as too many."""

    def __init__(self):
        self.epoch, self.log, self.kept = "e1", [], None
        self.tokens, self.forbidden, self.refuse_next = {"mlg_token_0"}, set(), 0
        self.heartbeat, self.parts_of_state = 25, 1
        self.requests, self.sessions, self.state = [], {}, StateFold()

    @property
    def tail(self):
        return f"{self.epoch}-{len(self.log)}"

    # What happens ---------------------------------------------------------------------------------------------------
    def emit(self, type_, data):
        """Appends an event, and tells it."""
        message = {"type": type_, "timestamp": AT, "data": data, "id": f"{self.epoch}-{len(self.log) + 1}"}
        self.log.append(message)
        self.state.apply(parse_event(message))
        for socket, session in self.sessions.items():
            self._tell(socket, session, len(self.log))
        return message

    def sample(self, type_, data):
        message = {"type": type_, "timestamp": AT, "data": data}
        names = channels_of(parse_event(message))
        self.state.apply(parse_event(message))
        for socket, session in self.sessions.items():
            if any(matches(pattern, names) for pattern in session.patterns):
                socket.deliver(message)

    def begin_anew(self, epoch):
        """Another history."""
        self.epoch, self.log, self.state = epoch, [], StateFold()
        self.end_all(1001, "restored")

    def end_all(self, code, reason=""):
        for socket in list(self.sessions):
            socket.end_later(code, reason)

    def forbid(self, family):
        self.forbidden.add(family)
        for socket, session in self.sessions.items():
            gone = [pattern for pattern in session.patterns if not self._allows(pattern)]
            for pattern in gone:
                del session.patterns[pattern]
            if gone:
                self._say(socket, "unsubscribed", {"channels": list(session.patterns), "reason": "the scopes were changed"})

    def tell_all(self, type_, data):
        for socket in self.sessions:
            self._say(socket, type_, data)

    # What clients do ------------------------------------------------------------------------------------------------
    def on_open(self, socket):
        self.sessions[socket] = Session()

    def on_gone(self, socket):
        self.sessions.pop(socket, None)

    def on_text(self, socket, request):
        session = self.sessions.get(socket)
        if not session:
            return
        self.requests.append(request)
        type_, ref = request["type"], request.get("ref")
        if self.refuse_next and type_ not in ("auth", "hello"):
            self.refuse_next -= 1
            return self._refuse(socket, "rate_limited", ref, retry_after_ms=700)
        if not session.known and type_ not in ("auth", "hello", "ping"):
            return self._refuse(socket, "unauthorized", ref)
        return getattr(self, f"_{type_}")(socket, session, request, ref)

    def _auth(self, socket, session, request, ref):
        if request["token"] not in self.tokens:
            self._refuse(socket, "unauthorized", ref)
            return socket.end_later(4001, "unauthorized")
        session.known = True
        return self._say(socket, "authenticated", {"subject": "test", "scopes": ["admin"], "expires_at": None}, ref)

    def _hello(self, socket, session, request, ref):
        self._say(socket, "welcome", {"authenticated": session.known, "heartbeat_seconds": self.heartbeat}, ref)

    def _ping(self, socket, session, request, ref):
        socket.deliver({"type": "pong", "timestamp": AT, **({} if ref is None else {"id": self.tail, "ref": ref})})

    def _unsubscribe(self, socket, session, request, ref):
        for channel in request["channels"]:
            session.patterns.pop(channel, None)
        if "*" in request["channels"]:
            session.patterns.clear()
        self._say(socket, "unsubscribed", {"channels": list(session.patterns)}, ref)

    def _subscribe(self, socket, session, request, ref):
        channels = request["channels"]
        if any(".." in channel for channel in channels):
            return self._refuse(socket, "invalid_channel", ref)
        if not all(map(self._allows, channels)):
            return self._refuse(socket, "forbidden", ref)
        epoch, _, seq = request.get("since", "none-0").partition("-")
        if epoch == self.epoch and int(seq) > len(self.log):
            return self._refuse(socket, "bad_request", ref)
        recovered = epoch == self.epoch and (self.kept is None or int(seq) >= len(self.log) - self.kept)
        begin = int(seq) if recovered else len(self.log)
        for channel in channels:
            session.patterns.setdefault(channel, begin)
        self._say(socket, "subscribed", {"channels": list(session.patterns), "id": f"{self.epoch}-{begin}", "recovered": recovered}, ref)
        for at in range(begin + 1, len(self.log) + 1):
            self._tell(socket, session, at)

    def _sync(self, socket, session, request, ref):
        whole, count = self.state.to_state(), self.parts_of_state

        def asked(type_, data):
            names = channels_of(parse_event({"type": type_, "timestamp": AT, "data": data, "id": "e-1"}))
            stem = names[1].rpartition(".")[0] + "."
            return any(matches(pattern, names) or pattern.startswith(stem) for pattern in session.patterns)

        for part in range(count):
            share = {section: whole[section][part::count] for section in ("indices", "jobs", "alerts", "metrics")}
            socket.deliver({"type": "state", "timestamp": AT, "id": self.tail, "ref": ref, "data": {
                "indices": [one for one in share["indices"] if asked("index.created", {"index": one["index_id"]})],
                "jobs": [one for one in share["jobs"] if asked("job.started", one)],
                "alerts": [one for one in share["alerts"] if asked("alert.warning", one)],
                "metrics": [one for one in share["metrics"] if asked(one["type"], one)],
                "part": part, "last": part == count - 1}})

    def _tell(self, socket, session, seq):
        message = self.log[seq - 1]
        names = channels_of(parse_event(message))
        if seq not in session.sent and any(seq > begin and matches(pattern, names) for pattern, begin in session.patterns.items()):
            session.sent.add(seq)
            socket.deliver(message)

    def _allows(self, pattern):
        return pattern.partition(".")[0] not in self.forbidden

    def _refuse(self, socket, code, ref, **more):
        self._say(socket, "error", {"code": code, "message": code, "retryable": code == "rate_limited", **more}, ref)

    def _say(self, socket, type_, data, ref=None):
        socket.deliver({"type": type_, "timestamp": AT, "data": data, **({} if ref is None else {"ref": ref})})

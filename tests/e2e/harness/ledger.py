"""What a watcher of durable events was due, by another reading of the whole log."""


def number(message_or_id):
    text = message_or_id if isinstance(message_or_id, str) else message_or_id["id"]
    return int(text.rpartition("-")[2])


def channels_of(message):
    family, _, kind = message["type"].partition(".")
    data = message["data"]
    entity = data["jobId"] if family == "job" else data["alertId"] if family == "alert" else data.get("index") or data["node"]
    return f"{family}.{kind}", f"{family}.{entity}.{kind}"


def matches(pattern, message):
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return any(channel.startswith(pattern[:-1]) for channel in channels_of(message))
    return pattern in channels_of(message)


def check_order(messages, who):
    """Ids rise, so none came twice; timestamps never fall."""
    for before, after in zip(messages, messages[1:]):
        assert number(after) > number(before), f"{who}: {after['id']} ({after['type']}) after {before['id']}"
        assert after["timestamp"] >= before["timestamp"], (who, before, after)


def whole_log(server):
    """Every durable event from the first on, by id, read by a session of its own."""
    socket = server.socket()
    epoch = socket.request({"type": "hello"})["data"]["epoch"]
    assert socket.subscribe("*", since=f"{epoch}-0")["recovered"]
    log = [m for m in socket.drain(timeout=120) if "id" in m]
    socket.close()
    check_order(log, "the log")
    return {number(m): m for m in log}


def check_log_has_no_holes(log):
    """Ids rise by one. What is not there can only be progress that a later event of its job has superseded: the log
    tells of no other kind of hole, so at most so many are missing as jobs have told of themselves."""
    newest = max(log, default=0)
    missing = newest - len(log)
    jobs = sum(m["type"] == "job.completed" for m in log.values())
    assert missing <= 4 * jobs, f"{missing} of {newest} ids are not in the log, with {jobs} completed jobs"


def check_exact(seen, log, who, since=0, until=None, due=lambda message: True):
    """`seen` is, in order and each once, what of the log behind `since` was due."""
    check_order(seen, who)
    by_number = {number(m): m for m in seen}
    until = max(log, default=0) if until is None else until
    expected = {n: m for n, m in log.items() if since < n <= until and due(m)}
    last_of_job = {m["data"]["jobId"]: n for n, m in log.items() if m["type"].startswith("job.")}
    for n, message in expected.items():
        if n not in by_number:
            superseded = message["type"] == "job.progress" and last_of_job[message["data"]["jobId"]] > n
            assert superseded, f"{who} never saw {message['id']}: {message['type']} {message['data']}"
        else:
            assert by_number[n] == message, f"{who} saw {n} as {by_number[n]}, the log has {message}"
    for n, message in by_number.items():
        if n not in expected:
            assert n not in log and message["type"] == "job.progress", f"{who} saw what was not due: {message}"
    return len(by_number)

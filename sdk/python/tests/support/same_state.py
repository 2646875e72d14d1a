"""Whether a client shows what the server does."""
import asyncio

from mlgraph._cursor import parse_cursor

SECTIONS = ("indices", "jobs", "alerts")


async def same_state(client, rest):
    """Compares at one id: asks again until both stand at one; 30 s at most for each."""
    while True:
        state = await rest.get_state()
        await asyncio.wait_for(reached(client, state["id"]), 30)
        if client.state.id != state["id"]:
            continue  # there was more meanwhile
        mine = client.state.to_state()
        for section in SECTIONS:
            theirs = sorted(state["data"][section], key=lambda one: one.get("index_id") or one.get("jobId") or one["alertId"])
            assert mine[section] == theirs, section
        return


async def reached(client, id_):
    """Until the client's state stands at the id or behind it."""
    goal, there = parse_cursor(id_), asyncio.Event()

    def judge(_=None):
        at = parse_cursor(client.state.id or "") if client.state.ready else None
        if at and at.epoch == goal.epoch and at.seq >= goal.seq:
            there.set()

    off = client.state.on_change(judge)
    judge()
    await there.wait()
    off()

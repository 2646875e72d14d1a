"""Whatever happens to connections, tokens, histories and time: each event once and in order, or it is told. Random stories in a fake
world; MLG_SEED repeats a run, MLG_RUNS (default 300) lengthens it."""
import asyncio
import os
import random

from support.machine import VERBS, Machine

RUNS = int(os.environ.get("MLG_RUNS", 300))


async def tell(dice, told):
    machine = Machine(dice)
    failures = []
    # A listener's failed assertion comes here, as a bug of a program's would.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    machine.server.parts_of_state = dice.randint(1, 3)
    if dice.random() < 0.5:
        machine.watch()
    for verb in dice.choices(list(VERBS), list(VERBS.values()), k=dice.randrange(60)):
        told.append(verb)
        await machine.act(verb)
        assert not failures, failures[0]
    if machine.client.status != "idle":
        await machine.heal()
        for what in range(8):
            machine.emit(what, "docs")
        await machine.world.arrive()
        machine.check()
        await machine.finish()
        assert not failures, failures[0]


def test_each_event_once_and_in_order_or_it_is_told(seed):
    for run in range(RUNS):
        told = []
        try:
            asyncio.run(tell(random.Random(f"{seed} {run}"), told))
        except BaseException as error:
            error.add_note(f"MLG_SEED={seed}, story {run}: {' '.join(told)}")
            raise

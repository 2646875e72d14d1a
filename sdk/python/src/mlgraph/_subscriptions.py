"""Who wants which channels, and the requests that make the server agree: subscribing, taking back, resuming."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

from ._channels import covers, overlap
from ._interest import Interest
from ._requests import Request, Requests
from .errors import MLGraphError
from .notices import Gap, Revoked
from .objects import Subscribed

# Ten bad messages a minute end a session for good: looking for refused channels stops before.
REFUSALS_PER_SESSION = 5


class SubscriptionOwner(Protocol):
    """What happens to subscriptions without their owners' doing."""

    def on_gap(self, gap: Gap) -> None: ...

    def on_revoked(self, revoked: Revoked) -> None: ...

    def on_scope_change(self) -> None:
        """What can be heard is more or less than before."""

    def on_unusable(self, error: MLGraphError) -> None:
        """This session cannot go on."""

    def on_used_up(self) -> None:
        """Another session is needed, for no fault of this one."""


class _Claim:
    """One call that wanted a channel."""

    def __init__(self, owner: object) -> None:
        self.owner = owner


class Subscriptions:
    """Claims of the program and of its loops on channels, and what has been heard of them. Confined to the client's loop."""

    def __init__(self, requests: Requests, owner: SubscriptionOwner) -> None:
        self.interest = Interest()
        self._claims: dict[str, set[_Claim]] = {}
        self._requests, self._owner = requests, owner
        self._session: Literal["none", "resuming", "probing", "ready"] = "none"
        self._joined_here: set[str] = set()  # on this session, also those that were left

    @property
    def is_hearing(self) -> bool:
        """Whether what the server sends now is to be heard. While it is asked channel by channel, it is not."""
        return self._session != "probing"

    def of(self, owner: object) -> list[str]:
        """Channels that this owner wants."""
        return [channel for channel, claims in self._claims.items() if any(claim.owner is owner for claim in claims)]

    def want(self, owner: object, channels: Sequence[str], since: str | None = None, alone: bool = False,
             on_answer: Callable[[Subscribed], None] | None = None) -> asyncio.Future[Subscribed]:
        """What the server answers, on this session or a later one.

        alone      everything behind `since` is wanted, also what was heard for another channel
        on_answer  called in the answer's place among the events; a future is told later
        """
        done: asyncio.Future[Subscribed] = asyncio.get_running_loop().create_future()
        refusal = _conflict_of(channels, self._claims, alone) if since is not None else None
        if refusal:
            done.set_exception(refusal)
            return done
        # What was sent on this session will not be sent again, though its listener is gone.
        if since is not None and alone and _conflict_of(channels, self._joined_here, alone):
            self._owner.on_used_up()
        claim = _Claim(owner)
        for channel in channels:
            self._claims.setdefault(channel, set()).add(claim)

        def answered(message: dict[str, Any]) -> None:
            answer: Subscribed = message["data"]
            # Joined while this one was put off.
            others = list(self._joined_here) if alone else [other for other in self.interest.channels
                                                            if not self.interest.has_from(other, since or "")]
            too_late = _conflict_of(channels, others, alone) if since is not None and answer["recovered"] else None
            if too_late:
                self._drop(channels, lambda one: one is claim)
            else:
                self._merge(channels, claim)
            if alone and since is not None:
                self.interest.forget(channels)
            self._joined(channels, since, answer)
            if not too_late and on_answer:
                on_answer(answer)
            _settle(done, answer, too_late)

        def refused(error: MLGraphError) -> None:
            self._leave(self._drop(channels, lambda one: one is claim))
            _settle(done, None, error)

        def given_up(future: asyncio.Future[Subscribed]) -> None:
            if future.cancelled():
                self._leave(self._drop(channels, lambda one: one is claim))

        done.add_done_callback(given_up)
        self._requests.add(Request(_subscribe(channels, since), True, answered, refused))
        return done

    def release(self, owner: object, channels: Sequence[str]) -> asyncio.Future[None]:
        """Done once nothing more of them comes that nobody else wants."""
        return self._leave(self._drop(channels, lambda claim: claim.owner is owner))

    def taken(self, left: Iterable[str], reason: str) -> None:
        """The server took channels away. left: those that remain."""
        remaining = set(left)
        self._revoke([channel for channel in self.interest.channels if channel not in remaining], reason)

    def resume(self, ready: Callable[[], None]) -> None:
        """A new session: all channels again, behind what was heard last. ready: called once they are."""
        self._session = "resuming"

        def go() -> None:
            self._session = "ready"
            self._requests.ready()
            ready()

        if self.interest.channels:
            self._again(self.interest.channels, self.interest.at, go)
        else:
            go()

    def lost(self) -> None:
        self._session = "none"
        self._joined_here.clear()

    def _drop(self, channels: Sequence[str], which: Callable[[_Claim], bool]) -> list[str]:
        """Those that nobody claims any more."""
        dropped = []
        for channel in channels:
            left = {claim for claim in self._claims.get(channel, ()) if not which(claim)}
            if left:
                self._claims[channel] = left
            elif self._claims.pop(channel, None) is not None:
                dropped.append(channel)
        return dropped

    def _merge(self, channels: Sequence[str], claim: _Claim) -> None:
        """An answered claim stands for those that its owner made before."""
        for channel in channels:
            claims = self._claims.get(channel, set())
            if claim in claims:
                self._claims[channel] = {other for other in claims if other is claim or other.owner is not claim.owner}

    def _joined(self, channels: Sequence[str], since: str | None, answer: Subscribed) -> None:
        before = self.interest.channels
        self.interest.join(channels, answer["id"])
        self._joined_here.update(channels)
        self._leave([channel for channel in channels if channel not in self._claims])  # given up meanwhile
        if since is not None and not answer["recovered"]:
            self._owner.on_gap(Gap(tuple(channels), since, answer["id"]))
        if any(not _is_covered(channel, before) for channel in channels):
            self._owner.on_scope_change()

    def _leave(self, channels: Sequence[str]) -> asyncio.Future[None]:
        """What the server sends until it has answered is heard: it will not send it again."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        joined = [channel for channel in channels if channel in self.interest]

        def left(_: object = None) -> None:
            self.interest.leave(joined)
            if any(not _is_covered(channel, self.interest.channels) for channel in joined):
                self._owner.on_scope_change()
            _settle(done, None)

        if not joined:
            done.set_result(None)
        elif self._session == "none":
            left()
        else:
            def refused(error: MLGraphError) -> None:
                _settle(done, None)
                self._owner.on_unusable(error)

            self._requests.add(Request({"type": "unsubscribe", "channels": joined}, False, left, refused, left))
            if "*" in joined:
                self._keep_others()
        return done

    def _keep_others(self) -> None:
        """'*' stands for all where channels are given up, so the others are subscribed again, also those not answered yet."""
        asked = {channel for message in self._requests.in_flight for channel in message.get("channels", ())}
        others = [channel for channel in self._claims if channel in self.interest or channel in asked]
        if others:
            self._again(others, self.interest.at, lambda: None)

    def _again(self, channels: Sequence[str], since: str | None, done: Callable[[], None]) -> None:
        def answered(message: dict[str, Any]) -> None:
            answer: Subscribed = message["data"]
            self._joined_here.update(channels)
            if answer["recovered"]:
                self.interest.resumed(channels, answer["id"])
            else:
                self.interest.restart(channels, answer["id"])
                self._owner.on_gap(Gap(tuple(channels), since, answer["id"]))
            done()

        def refused(error: MLGraphError) -> None:
            if error.retryable or self._session != "resuming":
                self._owner.on_unusable(error)
            elif error.code == "bad_request" and since is not None:
                self._again(channels, None, done)  # no place of this log
            else:
                self._probe(list(channels), [])

        self._requests.add(Request(_subscribe(channels, since), False, answered, refused))

    def _probe(self, channels: Sequence[str], refusals: Sequence[MLGraphError]) -> None:
        """All or none, says the server: one by one tells which are refused. They are given up, the rest resumed on a new session."""
        self._session = "probing"
        if not channels or len(refusals) == REFUSALS_PER_SESSION:
            self._owner.on_unusable(refusals[-1] if refusals else MLGraphError("internal", "refused only together", retryable=True))
            return
        channel, rest = channels[0], channels[1:]

        def refused(refusal: MLGraphError) -> None:
            if refusal.retryable:
                self._owner.on_unusable(refusal)
                return
            self._revoke([channel], refusal.message)
            self._probe(rest, [*refusals, refusal])

        self._requests.add(Request(_subscribe([channel], None), False, lambda _: self._probe(rest, refusals), refused))

    def _revoke(self, channels: Sequence[str], reason: str) -> None:
        if not channels:
            return
        self.interest.leave(channels)
        for channel in channels:
            self._claims.pop(channel, None)
        self._owner.on_revoked(Revoked(tuple(channels), reason))
        self._owner.on_scope_change()


def _subscribe(channels: Sequence[str], since: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"type": "subscribe", "channels": list(channels)}
    return message if since is None else {**message, "since": since}


def _conflict_of(channels: Sequence[str], others: Iterable[str], alone: bool) -> MLGraphError | None:
    """The server sends an event once a session: what was sent for another channel would be missing behind `since`."""
    for other in others:
        if any(channel == other or (alone and overlap(channel, other)) for channel in channels):
            return MLGraphError("conflict", f"what lies behind cannot be asked for: '{other}' is subscribed")
    return None


def _is_covered(channel: str, by: Iterable[str]) -> bool:
    return any(covers(pattern, channel) for pattern in by)


def _settle(future: asyncio.Future[Any], value: Any, error: MLGraphError | None = None) -> None:
    if future.done():
        return  # whoever waited has given up
    if error:
        future.set_exception(error)
    else:
        future.set_result(value)

"""Which channels the server has subscribed for this client, and which of their events have been heard. The server keeps the same
account of a session (src/hub/interest.h); this one outlives the sessions, so that nothing is missed or heard twice."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ._channels import matches, overlap
from ._cursor import Place, parse_cursor
from .events import Event, is_sample


class Stretch(NamedTuple):
    """Behind `from_`, up to `to`."""

    from_: Place
    to: Place

    def holds(self, place: Place) -> bool:
        return self.from_.seq < place.seq <= self.to.seq


@dataclass
class _Tracked:
    begin: Place
    heard: list[Stretch] = field(default_factory=list)


class Interest:
    """The log is read once for all channels, from `_from` to `_at`. When a new channel wants older events, the reading goes back, and
    the others remember the stretch that they have heard:

      _from … begin ........ _at            a channel hears behind its `begin`
                 |-- heard --|
      _from = _at: the reading goes on here, for a channel that begins here

    Confined to the client's loop.
    """

    def __init__(self) -> None:
        self._from: Place | None = None
        self._at: Place | None = None
        self._tracked: dict[str, _Tracked] = {}
        # What was heard of channels that were left, as long as it may be read again.
        self._left: list[tuple[str, Stretch]] = []

    @property
    def at(self) -> str | None:
        """How far the log has been read: what `since` takes to go on."""
        return str(self._at) if self._at else None

    @property
    def channels(self) -> list[str]:
        return list(self._tracked)

    def __contains__(self, channel: str) -> bool:
        return channel in self._tracked

    def has_from(self, channel: str, since: str) -> bool:
        """Whether the channel began at this id or before."""
        place, tracked = parse_cursor(since), self._tracked.get(channel)
        return place is not None and tracked is not None and tracked.begin.seq <= place.seq

    def join(self, channels: Sequence[str], begin: str) -> None:
        """The server has subscribed them, and delivers from `begin` on. Those that are there already stay as they are."""
        fresh = [channel for channel in channels if channel not in self]
        place = parse_cursor(begin)
        if not place or not fresh:
            return
        if self._tracked:
            self._go_back_to(place)
        else:
            self._go_on_from(place)
        for channel in fresh:
            self._tracked[channel] = _Tracked(place)

    def resumed(self, channels: Sequence[str], since: str) -> None:
        """The server has subscribed them again, and delivers from `since` on, also where that is before they began."""
        place = parse_cursor(since)
        if not place:
            return
        self._go_back_to(place)
        for channel in channels:
            tracked = self._tracked.get(channel)
            if tracked and place.seq <= tracked.begin.seq:
                tracked.begin = place

    def restart(self, channels: Sequence[str], begin: str) -> None:
        """What was before is out of reach: they go on from here."""
        place = parse_cursor(begin)
        if not place:
            return
        self._go_on_from(place)
        for channel in channels:
            if channel in self:
                self._tracked[channel] = _Tracked(place)

    def leave(self, channels: Sequence[str]) -> None:
        for channel in channels:
            tracked = self._tracked.pop(channel, None)
            if tracked:
                self._left += [(channel, stretch) for stretch in self._heard_of(tracked)]

    def forget(self, channels: Sequence[str]) -> None:
        """What was heard of channels that were left does not count for these: they are wanted once more."""
        self._left = [(channel, stretch) for channel, stretch in self._left if not any(overlap(other, channel) for other in channels)]

    def passed(self, id_: str) -> None:
        """The server has passed this id on the way, whether or not there was something to hear."""
        place = parse_cursor(id_)
        if place and self._at and self._at.epoch == place.epoch and self._tracked and place.seq > self._at.seq:
            self._at = place

    def take(self, event: Event, names: Sequence[str]) -> bool:
        """Takes the next event, which stands on these channels. Whether it is new, and somebody asked for it."""
        asking = [tracked for channel, tracked in self._tracked.items() if matches(channel, names)]
        if is_sample(event):
            return bool(asking)
        place = parse_cursor(event.id or "")
        if not place or (self._at and place.seq <= self._at.seq):
            return False
        self._at = place
        self._left = [(channel, stretch) for channel, stretch in self._left if place.seq <= stretch.to.seq]
        return (bool(asking) and not any(stretch.holds(place) for tracked in asking for stretch in tracked.heard)
                and not any(matches(channel, names) and stretch.holds(place) for channel, stretch in self._left))

    def _go_on_from(self, place: Place) -> None:
        if not self._at or self._at.epoch != place.epoch:
            self._left = []
        self._from = self._at = place

    def _go_back_to(self, place: Place) -> None:
        if not self._at or self._at.seq <= place.seq:
            return
        for tracked in self._tracked.values():
            tracked.heard = self._heard_of(tracked)
        self._go_on_from(place)

    def _heard_of(self, tracked: _Tracked) -> list[Stretch]:
        """With the stretch that is being read."""
        if not self._from or not self._at:
            return tracked.heard
        from_ = tracked.begin if self._from.seq <= tracked.begin.seq else self._from
        return tracked.heard if self._at.seq <= from_.seq else _added(tracked.heard, Stretch(from_, self._at))


def _added(stretches: list[Stretch], new: Stretch) -> list[Stretch]:
    """One that touches the last becomes one with it: going back and forth in the same place leaves nothing behind."""
    last = stretches[-1] if stretches else None
    if not last or new.from_.seq > last.to.seq or last.from_.seq > new.to.seq:
        return [*stretches, new]
    return [*stretches[:-1], Stretch(min(new.from_, last.from_, key=lambda p: p.seq), max(last.to, new.to, key=lambda p: p.seq))]

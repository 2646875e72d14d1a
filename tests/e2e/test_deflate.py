"""permessage-deflate: off unless configured; on, events are the same and what comes in is bounded (H15)."""
import asyncio
import json
import zlib

import pytest
import websockets
from harness import RawConnection, ws_frame

OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


def squeezed(message):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.fixture
def deflating(make_server):
    return make_server(settings={"server.deflate": True})


def test_an_offer_is_answered_only_where_it_is_configured(server, deflating):
    for one, wanted in ((server, None), (deflating, ANSWER)):
        with RawConnection(one.host, one.port) as raw:
            status, headers, _ = raw.upgrade(one.admin_token, extra=OFFER)
            assert (status, headers.get("sec-websocket-extensions")) == (101, wanted)
    with RawConnection(deflating.host, deflating.port) as raw:
        assert "sec-websocket-extensions" not in raw.upgrade(deflating.admin_token)[1]


def test_events_answers_and_states_arrive_as_without(deflating):
    """An independent client that inflates beside one that does not: the same messages."""
    rest = deflating.rest()
    plain = deflating.socket()
    plain.subscribe("index.*")

    async def watch():
        async with websockets.connect(f"ws://{deflating.host}:{deflating.port}/ws", subprotocols=["Bearer", deflating.admin_token],
                                      compression="deflate") as ws:
            assert [type(e).__name__ for e in ws.extensions] == ["PerMessageDeflate"]
            await ws.send(json.dumps({"type": "subscribe", "channels": ["index.*"], "ref": "s"}))
            assert json.loads(await ws.recv())["type"] == "subscribed"
            for n in range(20):
                assert rest.post("/indices", {"index_id": f"i{n}", "dimension": 4, "num_shards": 8}).status == 201
            events = [json.loads(await ws.recv()) for _ in range(20)]
            await ws.send(json.dumps({"type": "sync", "ref": "state"}))
            return events, json.loads(await ws.recv())

    events, state = asyncio.run(asyncio.wait_for(watch(), 30))
    assert events == [plain.expect("index.created") for _ in range(20)]
    assert [i["index_id"] for i in state["data"]["indices"]] == sorted(f"i{n}" for n in range(20))


@pytest.mark.parametrize("payload, code", [
    (squeezed(b'{"type":"ping","pad":"' + b"x" * 70_000 + b'"}'), 1009), (squeezed(b"a" * 50_000_000), 1009),
    (b"\xff\xff\xff\xff", 1007), (squeezed(b'"\xc0\xaf"'), 1007)], ids=["over the limit", "bomb", "garbage", "no UTF-8"])
def test_what_comes_in_is_bounded_while_it_inflates(deflating, payload, code):
    with RawConnection(deflating.host, deflating.port) as raw:
        raw.upgrade(deflating.admin_token, extra=OFFER)
        raw.send(ws_frame(1, payload, rsv=4))
        assert raw.close_code() == code
    assert deflating.rest().get("/indices").status == 200


def test_before_authentication_the_small_limit_holds_for_what_is_inflated(deflating):
    with RawConnection(deflating.host, deflating.port) as raw:
        raw.upgrade(extra=OFFER)
        raw.send(ws_frame(1, squeezed(b'{"type":"auth","token":"mlg_' + b"x" * 5_000 + b'"}'), rsv=4))
        assert raw.close_code() == 1009


def test_a_compressed_frame_where_nothing_was_negotiated_is_a_violation(server):
    with RawConnection(server.host, server.port) as raw:
        raw.upgrade(server.admin_token, extra=OFFER)
        raw.send(ws_frame(1, squeezed(b'{"type":"ping"}'), rsv=4))
        assert raw.close_code() == 1002

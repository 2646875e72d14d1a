"""A TCP proxy on the loopback that cuts, delays and goes silent when told to."""
import asyncio
import socket
import struct


class FaultyLine:
    """target: the port behind it, asked for each connection. delay: each piece of bytes arrives so many seconds later. refuses: new
    connections are ended at once."""

    def __init__(self, target):
        self.target, self.delay, self.refuses = target, 0.0, False
        self.counts = {"connections": 0, "cut": 0, "silenced": 0}
        self._pairs, self._tasks = set(), set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, after_bytes=0):
        """Resets all connections. after_bytes: that still pass to the client, so that messages are cut in their middle."""
        for pair in list(self._pairs):
            if not pair.silent:
                self.counts["cut"] += 1
                pair.left = after_bytes
                if not after_bytes:
                    pair.reset()

    def silence(self):
        """Half-open: connections stay, and nothing passes any more, either way."""
        for pair in self._pairs:
            self.counts["silenced"] += not pair.silent
            pair.silent = True

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        pair = _Pair(writer)
        try:
            if self.refuses:
                return
            self.counts["connections"] += 1
            server_reader, pair.server = await asyncio.open_connection("127.0.0.1", self.target())
            self._pairs.add(pair)
            await asyncio.wait({asyncio.ensure_future(self._pump(pair, reader, pair.server, False)),
                                asyncio.ensure_future(self._pump(pair, server_reader, writer, True))})
        except OSError:
            pass  # nobody is there, so nobody is here
        finally:
            self._pairs.discard(pair)
            pair.reset()

    async def _pump(self, pair, reader, writer, to_client):
        try:
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay)
                if pair.silent:
                    await asyncio.Event().wait()  # until the test is over
                if to_client and pair.left is not None:
                    data = data[:pair.left]
                    pair.left -= len(data)
                writer.write(data)
                await writer.drain()
                if to_client and pair.left == 0:
                    break
        except OSError:
            pass
        if not pair.silent:
            pair.reset()


class _Pair:
    def __init__(self, client):
        self.client, self.server, self.silent, self.left = client, None, False, None

    def reset(self):
        for writer in filter(None, (self.client, self.server)):
            raw = writer.get_extra_info("socket")
            if raw and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.close()

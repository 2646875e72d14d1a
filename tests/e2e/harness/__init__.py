"""Drives the real mlgraphd over real sockets, as any client would.

Nothing here is shared with the server: HTTP comes from the standard library, WebSocket framing from wsproto, and every
message and REST answer is validated against docs/api/asyncapi.yaml and docs/api/openapi.yaml.
"""
from .cli import Watch
from .crew import Crew
from .imports import OpenImport
from .raw import RawConnection, ws_frame
from .rest import Answer, Rest
from .server import ADMIN_TOKEN, Server
from .socket import Closed, Socket
from .sse import EventStream
from .terminal import OnTerminal, run
from .vectors import fill, rows
from .writers import EventWriter

__all__ = ["ADMIN_TOKEN", "Answer", "Closed", "Crew", "EventStream", "EventWriter", "OnTerminal", "OpenImport", "RawConnection", "Rest",
           "Server", "Socket", "Watch", "fill", "rows", "run", "ws_frame"]

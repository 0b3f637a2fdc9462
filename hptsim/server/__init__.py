"""The twin over HTTP, for the service's command line, other languages and containers.

Requests are answered as those of the clients in process are. Simulated time runs at a multiple of real time, or stands still
and is moved by hand at `/_hptsim/advance`. It is brought up to date at each request, so nothing runs between requests.
`calls` reads HTTP requests, `guard` says who may ask, `regions` keeps regions apart, `pace` keeps the time, `routes` answers,
`call_log` and `kept_calls` let a server go on where it was killed, `connections` is the socket, and `command` is `hptsim serve`.
"""

from hptsim.server.calls import BODY_TIMEOUT_S, MAX_BODY, object_operation
from hptsim.server.command import serve
from hptsim.server.connections import http_server, listen
from hptsim.server.pace import Pace
from hptsim.server.regions import Regions
from hptsim.server.routes import PAGE_OF_JOURNAL, application, page

__all__ = [
    "BODY_TIMEOUT_S",
    "MAX_BODY",
    "PAGE_OF_JOURNAL",
    "Pace",
    "Regions",
    "application",
    "http_server",
    "listen",
    "object_operation",
    "page",
    "serve",
]

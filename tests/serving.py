"""A real server of a simulation on a free loopback port, and clients of it, for the tests."""

import contextlib
import threading

import boto3
from botocore.config import Config

from hptsim.server import application, http_server, listen


@contextlib.contextmanager
def served(sim, **settings):
    """The URL of a server of *sim*, while it is on."""
    with listen("127.0.0.1", 0) as listening:
        server = http_server(application(sim, **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def client(url, service="sagemaker", *, region="us-east-1"):
    """boto3's own client, pointed at the server; it never calls twice."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="hptsim",
        aws_secret_access_key="hptsim",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=64, proxies={}),
    )

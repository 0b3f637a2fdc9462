"""What the tests of clients share: a simulation, its client, and no network."""

import socket

import pytest
from examples import simulation

from hptsim import boto


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whoever opens a connection in these tests has failed them."""

    def refuse(*arguments, **more):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def sim():
    return simulation()


@pytest.fixture
def sagemaker(sim):
    return boto.client(sim)

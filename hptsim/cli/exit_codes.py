"""The exit codes of `hptsim`; docs/command-line.md lists them."""

SUCCESS = 0
BAD_INPUT = 2
LAW_BROKEN = 3
NOT_EXPLAINED = 3
"""A recording has an answer that the twin could not have given."""
INTERRUPTED = 130
PIPE_CLOSED = 141
"""Whoever read the output has closed the pipe, as `head` does when it has enough."""

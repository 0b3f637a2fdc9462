"""The base of the readers: which method gets an entry."""

from hptsim.model.entries import THINGS, Record
from hptsim.model.journal_reader import JournalReader


class Reader(JournalReader):
    def __init__(self):
        self.seen = []

    def on_training_create(self, record):
        self.seen.append(("create", record.name))

    def on_training(self, record):
        self.seen.append((record.trigger, record.name))

    def on_warm_pool_reuse(self, record):
        self.seen.append(("reuse", record.name))

    def on_log(self, record):
        self.seen.append(("log", record.data))


class Narrower(Reader):
    def on_training(self, record):
        self.seen.append(("any", record.name))


def entry(thing, trigger, data=None):
    return Record(0.0, thing, "a", trigger, "", "", data)


ENTRIES = [
    entry("training", "create"),
    entry("training", "ready"),
    entry("warm_pool", "reuse"),
    entry("warm_pool", "open"),
    entry("log", "", "hello"),
    *(entry(thing, "whatever") for thing in THINGS if thing not in ("training", "log")),
]


def seen_by(reader):
    for one in ENTRIES:
        reader.read(one)
    return reader.seen


def test_an_entry_goes_to_the_method_of_its_trigger_else_of_its_thing_else_nowhere():
    assert seen_by(Reader()) == [("create", "a"), ("ready", "a"), ("reuse", "a"), ("log", "hello")]


def test_a_reader_built_on_another_replaces_only_its_own_methods():
    assert seen_by(Narrower()) == [("create", "a"), ("any", "a"), ("reuse", "a"), ("log", "hello")]
    assert seen_by(Reader())[1] == ("ready", "a")


def test_all_at_once_is_one_by_one_and_names_the_last():
    reader = Reader()
    assert reader.read_all(ENTRIES) is ENTRIES[-1]
    assert reader.seen == seen_by(Reader())
    assert Reader().read_all([]) is None

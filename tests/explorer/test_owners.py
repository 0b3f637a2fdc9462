"""Whose a part is: every part of every state of a small scope."""

from explorer.graphs import jobs, plain, system, walk
from hptsim.audit.laws import LAWS
from hptsim.explorer.closing import close
from hptsim.explorer.owners import SHARED, Owners
from hptsim.explorer.system import System
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import TABLES

ALONE = TrainingJobDefinition()


def test_every_part_belongs_to_one_tuning_job_or_to_nobody_or_tells_of_all():
    full = System(
        jobs(plain("a")), {"alone": ALONE}, {}, stops=False, delayed_stop=False, seed=0, tables=TABLES, laws=LAWS
    )
    owners = Owners(full)
    last = walk(full)[0][-1]
    found = {
        (slot.kind, slot.key): owners.of_place(slot.index)
        for slot in full.parts.slots
        if last[slot.index : slot.index + 1] != (0,)
    }
    (child,) = full.open(last).world.tuning["a"].children
    assert found["holder", "a"] == found["training", child] == owners.of_name(child) == owners.of_name("a") == "a"
    assert found["training", "alone"] == owners.of_name("alone") == ""
    stored = {key.split("/")[-3]: owner for (kind, key), owner in found.items() if kind == "artifact"}
    assert stored == {child: "a", "alone": ""}
    nobodys = {full.parts.slots[index].kind for index, _ in owners.of_nobody(last)}
    assert nobodys.isdisjoint(SHARED) and {"training", "artifact", "account"} <= nobodys


def test_the_parts_of_one_tuning_job_alone_are_a_world_without_the_others():
    full = system(jobs(plain("a"), plain("b")), stops=False)
    last = walk(full)[0][-1]
    world = full.open(Owners(full).only(last, "a")).world
    assert list(world.tuning) == ["a"] and {job.tuning_job for job in world.training.values()} == {"a"}
    assert list(full.open(last).world.tuning) == ["a", "b"]


def test_a_deleted_tuning_job_is_noticed():
    full = system(jobs(plain("a")), stops=False)
    last = walk(full)[0][-1]
    assert not Owners(full).deleted(last)
    opened = full.open(last)
    opened.content("account")["deleted"] = {"a": 1}
    assert Owners(full).deleted(full._after(last, *close(opened)))

"""What travels between processes: values come back equal, and the scenario's own objects as themselves."""

from hptsim.explorer.portable import Portable
from hptsim.model.definitions import TrainingJobDefinition


def test_a_fixed_object_comes_back_as_itself_and_everything_else_as_a_copy():
    fixed, other = TrainingJobDefinition(), TrainingJobDefinition()
    portable = Portable([fixed])
    back = portable.loads(portable.dumps([fixed, other, "a"]))
    assert back == [fixed, other, "a"]
    assert back[0] is fixed and back[1] is not other


def test_another_process_gives_its_own_object_at_the_same_place():
    here, there = TrainingJobDefinition(), TrainingJobDefinition()
    assert Portable([there]).loads(Portable([here]).dumps(here)) is there

"""Choose what happens: ways through every state of a small scenario, on the explorer's page."""

from __future__ import annotations

from hptsim.explorer.graph import StateGraph

from . import graphs
from .questions import Lesson, Number, Part, Wanted, Way

SERVICE, FORGETS = "../explorer.html", "../explorer-forgets.html"
LABORATORY = {"parallel": 1, "total": 2, "save_s": 40, "seed": 3}


def lesson() -> Lesson:
    graph = graphs.service()
    setup = (
        "A tuning job may run two training jobs, one after the other, on the only instance. One of them may fail "
        f"with an internal error. Nobody has a clock: *you* choose what happens next, on a page that holds all "
        f"{len(graph.nodes)} states. Its address says which way you have taken."
    )
    parts = (
        Part("Get to know it", 3, (_empty(graph),)),
        Part("Reach it in the fewest steps", 9, (_kept(graph), _idle(graph), _failed(graph))),
        Part("Find the bug", 9, (_find(), _red())),
        Part("In the laboratory", 3),
    )
    return Lesson(
        title="Choose what happens",
        goal="To think in states and in orders of events, and to search for a counterexample by hand before a program does.",
        setup=setup,
        parts=parts,
        laboratory=LABORATORY,
        needed="A browser. Lesson 3 before it. Pairs work best: one chooses, one says what is reserved after it.",
        more=(
            "Who finds a way to a Stopped tuning job that takes the *most* steps? Compare the addresses.",
            "Write a page for a scenario of the class's own: `hptsim explore --html choose.html small.toml` "
            "([how](../tutorials/teaching.md#let-the-class-choose)).",
        ),
    )


def _wanted(graph: StateGraph, status: str) -> Wanted:
    hint = f"The tuning job is not {status} in this state."
    return Wanted(graphs.states(graph, lambda seen: graphs.status(seen) == status), hint)


def _way(graph: StateGraph, page: str, name: str, text: str, wanted: tuple[Wanted, ...], because: str) -> Way:
    return Way(name=name, text=text, page=page, targets=graphs.targets(graph), wanted=wanted, because=because)


def _empty(graph: StateGraph) -> Way:
    none = Wanted(
        graphs.states(graph, lambda seen: not seen.training_jobs), "A training job has been launched on this way."
    )
    return _way(
        graph,
        SERVICE,
        "empty",
        "To begin with: reach a state in which the tuning job is Stopped and no training job was ever launched.",
        (none, _wanted(graph, "Stopped")),
        "Create it, stop it, and let it finish: also a stop that finds nothing to stop is a request first, and an end later.",
    )


def _kept(graph: StateGraph) -> Way:
    kept = Wanted(
        graphs.states(graph, lambda seen: len(seen.artifacts) == 1), "Not exactly one model is stored in this state."
    )
    one = Wanted(
        graphs.states(graph, lambda seen: len(seen.training_jobs) == 1),
        "Only one training job should have been launched.",
    )
    return _way(
        graph,
        SERVICE,
        "kept",
        "Reach a state in which the tuning job is Stopped, only one training job was launched, and its model is stored.",
        (one, kept, _wanted(graph, "Stopped")),
        "The training job has to get as far as its script, and its model has to be uploaded: a stop before that "
        "leaves nothing to store.",
    )


def _idle(graph: StateGraph) -> Way:
    idle = Wanted(
        graphs.states(graph, lambda seen: any(line.reserved > line.occupied for line in seen.quota)),
        "Every reserved instance is in use in this state, or none is reserved.",
    )
    launched = Wanted(
        graphs.states(graph, lambda seen: bool(seen.training_jobs)), "No training job has been launched yet."
    )
    return _way(
        graph,
        SERVICE,
        "idle",
        "Reach a state in which the instance is reserved and idle, after a training job was launched. (Look at the "
        "table *Instances*.)",
        (launched, idle),
        "Between two training jobs the instance stays reserved for the tuning job, with nothing running on it. "
        "Nobody else may have it.",
    )


def _failed(graph: StateGraph) -> Way:
    failed = Wanted(
        graphs.states(graph, lambda seen: any(job.status == "Failed" for job in seen.training_jobs)),
        "No training job has failed in this state: that is one of the things that may go wrong.",
    )
    return _way(
        graph,
        SERVICE,
        "failed",
        "Reach a state in which a training job has failed and the tuning job is Completed all the same.",
        (failed, _wanted(graph, "Completed")),
        "A failed training job is no failed tuning job: the other one has a result. Note how many steps an "
        "undisturbed end takes.",
    )


def _find() -> Way:
    graph = graphs.forgets()
    broken = frozenset(number for number, node in enumerate(graph.nodes) if node.broken)
    return _way(
        graph,
        FORGETS,
        "find",
        "The second page has another service, which forgets a model in some order of events. Nobody says in which. "
        "Reach a state in which its page says that a law is broken.",
        (Wanted(broken, "No law is broken in this state. When could a model be there that is not yet stored?"),),
        "The stop has to come after the script has ended and before its model is stored, or the script saves after "
        "the stop: either way there is an upload while the tuning job is Stopping. The page's first button goes the "
        "shortest way.",
    )


def _red() -> Number:
    graph = graphs.forgets()
    broken = sum(node.broken is not None for node in graph.nodes)
    resting = sum(node.at_rest for node in graph.nodes)
    return Number(
        name="red",
        text=f"That page has {len(graph.nodes)} states. Predict before you look at its head: in how many of them is "
        f"a law broken?",
        right=broken,
        unit="states",
        label="In",
        within=0.25,
        hints=(
            (0, "You have just been in one."),
            (len(graph.nodes), "Most orders of events never meet the bug: that is why tests miss it."),
            (resting, "So many are at rest: nothing more has to happen there. That breaks no law."),
        ),
        low="A few more: two training jobs, and the stop may come before or after the script has ended.",
        high="Fewer. Most orders of events never meet the bug: that is why tests miss it.",
        because=f"{broken} of {len(graph.nodes)}. Whoever chooses at random seldom comes by. A search that visits "
        f"every state cannot miss one, and breadth first it finds a shortest way.",
    )

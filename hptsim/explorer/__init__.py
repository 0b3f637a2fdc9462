"""Every order of events, commands and faults of a small scenario: its states, the search through them, and what was found."""

from hptsim.explorer.exploration import Counterexample, Exploration
from hptsim.explorer.graph import StateGraph, state_graph
from hptsim.explorer.search import explore
from hptsim.explorer.walks import Walks, random_walks

__all__ = ["Counterexample", "Exploration", "StateGraph", "Walks", "explore", "random_walks", "state_graph"]

"""From journals to numbers, and from numbers to answers: metrics, costs, replications, sweeps, the smallest quota.

Experiments need the extra `planning` (numpy, pandas, scipy); the metrics of one simulation do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hptsim.optional import on_first_use

if TYPE_CHECKING:
    from hptsim.planning.control_variates import controlled as controlled
    from hptsim.planning.experiments import Settings as Settings
    from hptsim.planning.experiments import compare as compare
    from hptsim.planning.experiments import grid_points as grid_points
    from hptsim.planning.experiments import replicate as replicate
    from hptsim.planning.experiments import seeds as seeds
    from hptsim.planning.experiments import sweep as sweep
    from hptsim.planning.experiments import with_figure as with_figure
    from hptsim.planning.figures import groups_in as groups_in
    from hptsim.planning.figures import thresholds as thresholds
    from hptsim.planning.frontiers import Frontier as Frontier
    from hptsim.planning.frontiers import frontier as frontier
    from hptsim.planning.metrics import Metrics as Metrics
    from hptsim.planning.metrics import TypeFigures as TypeFigures
    from hptsim.planning.outer_search import search_designs as search_designs
    from hptsim.planning.pooled_shares import Pooled as Pooled
    from hptsim.planning.pooled_shares import pooled as pooled
    from hptsim.planning.precise import until_precise as until_precise
    from hptsim.planning.reduction import Reduction as Reduction
    from hptsim.planning.results import HEADLINE as HEADLINE
    from hptsim.planning.results import Comparison as Comparison
    from hptsim.planning.results import Results as Results
    from hptsim.planning.selection import Selection as Selection
    from hptsim.planning.selection import best_of as best_of
    from hptsim.planning.sensitivity import Sensitivity as Sensitivity
    from hptsim.planning.sensitivity import one_at_a_time as one_at_a_time
    from hptsim.planning.sensitivity import sobol as sobol
    from hptsim.planning.smallest_value import Smallest as Smallest
    from hptsim.planning.smallest_value import smallest as smallest
    from hptsim.planning.steady_state import Interval as Interval
    from hptsim.planning.steady_state import batch_means as batch_means
    from hptsim.planning.steady_state import mser5 as mser5
    from hptsim.planning.targets import Target as Target
    from hptsim.planning.usage import TuningJobFigures as TuningJobFigures
    from hptsim.planning.usage import Usage as Usage
    from hptsim.planning.usage import WarmPoolFigures as WarmPoolFigures
    from hptsim.planning.variation import vary as vary

_HOME = {
    "control_variates": "controlled",
    "experiments": "Settings seeds compare grid_points replicate sweep with_figure",
    "figures": "groups_in thresholds",
    "frontiers": "Frontier frontier",
    "metrics": "Metrics TypeFigures",
    "outer_search": "search_designs",
    "pooled_shares": "Pooled pooled",
    "precise": "until_precise",
    "reduction": "Reduction",
    "results": "Comparison HEADLINE Results",
    "selection": "Selection best_of",
    "sensitivity": "Sensitivity one_at_a_time sobol",
    "targets": "Target",
    "smallest_value": "Smallest smallest",
    "steady_state": "Interval batch_means mser5",
    "usage": "TuningJobFigures Usage WarmPoolFigures",
    "variation": "vary",
}
_MODULES = {name: module for module, names in _HOME.items() for name in names.split()}
__all__ = sorted(_MODULES)
__getattr__ = on_first_use(__name__, _MODULES)

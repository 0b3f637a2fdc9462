"""Pictures: data for charts, charts for papers and for notebooks, pages of experiments, the player, the explorer, state diagrams.

Charts, diagrams as SVG and pages need the extra `plots`; data, the player, diagrams in Mermaid and the palette do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hptsim.optional import on_first_use

if TYPE_CHECKING:
    from hptsim.views.chart_data import BandRow as BandRow
    from hptsim.views.chart_data import CurveRow as CurveRow
    from hptsim.views.chart_data import GanttRow as GanttRow
    from hptsim.views.chart_data import IntervalRow as IntervalRow
    from hptsim.views.chart_data import QueueRow as QueueRow
    from hptsim.views.chart_data import ShareRow as ShareRow
    from hptsim.views.chart_data import StoredRow as StoredRow
    from hptsim.views.chart_data import band_rows as band_rows
    from hptsim.views.chart_data import curve_rows as curve_rows
    from hptsim.views.chart_data import gantt_rows as gantt_rows
    from hptsim.views.chart_data import interval_rows as interval_rows
    from hptsim.views.chart_data import queue_rows as queue_rows
    from hptsim.views.chart_data import share_rows as share_rows
    from hptsim.views.chart_data import stored_rows as stored_rows
    from hptsim.views.charts import FONT as FONT
    from hptsim.views.charts import bands as bands
    from hptsim.views.charts import curves as curves
    from hptsim.views.charts import gantt as gantt
    from hptsim.views.charts import intervals as intervals
    from hptsim.views.charts import lane_label as lane_label
    from hptsim.views.charts import lane_numbers as lane_numbers
    from hptsim.views.charts import queue as queue
    from hptsim.views.charts import waiting as waiting
    from hptsim.views.explorer import explorer_page as explorer_page
    from hptsim.views.exports import write_gif as write_gif
    from hptsim.views.exports import write_png as write_png
    from hptsim.views.exports import write_svg as write_svg
    from hptsim.views.palette import BLACK as BLACK
    from hptsim.views.palette import BLUE as BLUE
    from hptsim.views.palette import GRAY as GRAY
    from hptsim.views.palette import GREEN as GREEN
    from hptsim.views.palette import ORANGE as ORANGE
    from hptsim.views.palette import PHASE_COLORS as PHASE_COLORS
    from hptsim.views.palette import PURPLE as PURPLE
    from hptsim.views.palette import SKY as SKY
    from hptsim.views.palette import VERMILION as VERMILION
    from hptsim.views.player import to_html as to_html
    from hptsim.views.scene_drawing import moment as moment
    from hptsim.views.scenes import Scene as Scene
    from hptsim.views.scenes import scene as scene
    from hptsim.views.state_diagrams import StateDiagram as StateDiagram
    from hptsim.views.state_diagrams import state_diagram as state_diagram

_HOME = {
    "chart_data": (
        "BandRow CurveRow GanttRow IntervalRow QueueRow ShareRow StoredRow band_rows curve_rows "
        "gantt_rows interval_rows queue_rows share_rows stored_rows"
    ),
    "charts": "bands curves gantt intervals queue waiting FONT lane_label lane_numbers",
    "explorer": "explorer_page",
    "exports": "write_gif write_png write_svg",
    "scene_drawing": "moment",
    "scenes": "Scene scene",
    "palette": "PHASE_COLORS BLUE VERMILION BLACK GRAY ORANGE PURPLE GREEN SKY",
    "player": "to_html",
    "state_diagrams": "StateDiagram state_diagram",
}
_MODULES = {name: module for module, names in _HOME.items() for name in names.split()}
__all__ = sorted(_MODULES)
__getattr__ = on_first_use(__name__, _MODULES)

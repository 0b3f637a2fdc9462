"""`hptsim check`: a saved journal is read by an auditor, who checks the laws."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.cli.exit_codes import BAD_INPUT, SUCCESS
from hptsim.cli.law_options import with_own
from hptsim.errors import InvalidInput, LawBroken
from hptsim.model.journal import Saved, read, steps
from hptsim.model.laws import Law
from hptsim.model.statuses import FINAL_TUNING, status


def check(journal: Path, *, laws: str | None = None) -> int:
    """Check the laws over a saved journal.

    Parameters
    ----------
    journal
        a file that `hptsim run --journal` wrote
    laws
        laws of your own to check as well: module:NAME of a hptsim.model.Law, or of several
    """
    saved = read(journal)
    auditor = audit_saved(saved, str(journal), with_own(laws))
    if saved.damage:
        print(f"{saved.damage}; up to there no law is broken")
        return BAD_INPUT
    witnessed = ", ".join(auditor.witnessed) or "none"
    print(f"{journal}: {len(saved.records)} entries, no law broken; witnessed: {witnessed}")
    if running := [job.name for job in auditor.state.tuning.values() if status(job.state) not in FINAL_TUNING]:
        when = "" if saved.until_s is None else f" at {saved.until_s:,.6g} s"
        print(f"not ended when the journal was closed{when}: {', '.join(running)}")
    return SUCCESS


def audit_saved(saved: Saved, where: str = "journal", laws: Iterable[Law] = LAWS) -> Auditor:
    """Let an auditor read a saved journal, step by step; *where* names the file in errors.

    Raises LawBroken with the file's line, and InvalidInput when an entry speaks of what no entry before it has introduced.
    A journal may end anywhere, by `--until` or Ctrl-C, so the `eventually` laws are not checked; in a damaged one the last
    step is not checked either, since some of its entries may be missing.
    """
    line = 1
    try:
        auditor = Auditor(saved.account, laws, stop_propagation_s=saved.stop_propagation_s)
        for step in steps(saved.records):
            for record in step:
                line += 1
                auditor.see(record)
            if not saved.damage or line <= len(saved.records):
                auditor.check_step()
    except LawBroken as error:
        record = saved.records[line - 2]
        raise LawBroken(error.law, f"{where}:{line}: {error.reason}", error.rests_on, (str(record),)) from None
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if not _raised_in(error).startswith("hptsim."):
            raise  # a law of the user's own is wrong
        text = f"{where}:{line}: not understood ({type(error).__name__}: {error}); expected what hptsim run --journal wrote"
        raise InvalidInput(text) from error
    return auditor


def _raised_in(error: BaseException) -> str:
    """The name of the module in which an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))

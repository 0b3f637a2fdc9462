"""Named assumptions: behavior that the service does not document, and what the twin does. A user can switch some of them.

Each row of the tables and each law names its source: a page of the service, or one of these assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.validators import Check, optional

ASSUMPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "cluster-reuse": "what a tuning job reserves grows as it launches training jobs and is kept for its next ones "
        "until its end (R14); `reservation` switches to all at once or to giving back as each training job ends",
        "admission": "creating a tuning job checks MaxParallelTrainingJobs × instances against what is free (C2, R6); "
        "`admission` switches from refusing to waiting in the queue, the default of a scenario with arrivals",
        "service-limits": "the service's own limits apply (100 tuning jobs at a time, 10 training jobs in parallel, "
        "750 in total); `limits` of the scenario lifts or changes them",
        "first-come-first-served": "quota is granted in order of request; a request that must wait is not overtaken by "
        "one that wants the same pool; a request for one of the places of tuning jobs "
        "does not hold up requests for instances; "
        "`discipline` switches",
        "plain-backfill": "under the discipline backfill every request that fits is granted, in order of request, whoever "
        "waits before it: nothing is kept for the first in the queue, and a large request may wait for ever",
        "easy-backfill": "under the discipline easy-backfill instances are kept for the first request to wait for them: a later "
        "one passes it only if it is expected to end before the first can start, or takes what the first will leave (EASY: "
        "Lifka 1995); a request that waits behind another for any of its instance types has nothing kept for it yet",
        "easy-estimates": "a request is expected to be held, from its grant, for estimate_s of its tuning job for each training "
        "job, by default MaxRuntimeInSeconds, however long it really is; where a tuning job keeps what it has, times the rounds "
        "that are left, MaxNumberOfTrainingJobs less those asked for by MaxParallelTrainingJobs, and at most its own "
        "MaxRuntimeInSeconds; what is overdue is expected to end at once",
        "fair-share": "under the discipline fair-share the team goes first whose largest share of a limited instance type, by "
        "its weight, is the smallest now; of one team, and of equal ones, the earlier request; a request that must wait is not "
        "overtaken by a later one in this order that wants the same pool. What a team used before does not count, as with AWS "
        "Batch's share decay of 0",
        "quota-shares": "under the discipline quota-shares a team has a quota of its own, lends what it does not use of it, and "
        "borrows, within its limits; requests within the own quota go before those that borrow, and no one borrows what such a "
        "request waits for; within a team the order is that of request. As with AWS Batch's quota shares and Kueue's cohorts, "
        "but that nobody is preempted: what is lent comes back when the borrower ends; quota-shares-reclaim is the same and "
        "preempts",
        "preemption": "under the discipline quota-shares-reclaim a request within its team's quota that must wait takes back "
        "what is lent: training jobs of teams beyond their quota are preempted, who was granted last first, and only as many "
        "as it needs beyond what training jobs that upload, stop or are preempted give back anyway. SageMaker itself preempts "
        "nothing: AWS Batch stops such a training job and queues it again without a limit (AWS Batch user guide, Preemption), "
        "Kueue evicts it (Kueue, Preemption, reclaimWithinCohort). Here it keeps its record and shows Interrupted. Its "
        "script, if it runs, gets SIGTERM and up to 120 s, which are billed, and its instances are in use until then, or for "
        "teardown_s without a script; it goes to the end of the queue, and on from its last checkpoint, with what it had "
        "trained since lost and billed. Whom AWS Batch chooses is a heuristic of its own. Training jobs without a tuning job "
        "are never preempted, for they have no place in the queue (R26, A-53)",
        "quota-wait": "a training job that finds no quota at its launch waits and is never failed for it (A-22)",
        "prioritized-fallback": "a training job that finds no machines goes on with the next of its InstanceConfigs that "
        "has quota, idle or free, passing those who wait for it, and stays with it; what it had is given up, but by a tuning "
        "job with several definitions, of which another may need it; after the last one it tries again, as a training job "
        "with one instance type does (R11, R13, A-23)",
        "first-type-asked": "admission and the queue look at the first of several InstanceConfigs; a launch takes what the "
        "tuning job holds idle of any of them, in their order, before it asks for the first (R11, R14)",
        "warm-pool-survives-stop": "a warm pool is kept when its training job completed, was stopped after its instances were "
        "there, or failed by its own fault, as the guide says; a client that believes pools end unless the job Completed is "
        "not followed (R19, §11)",
        "warm-pool-match": "any training job without a tuning job that is not on managed spot and has the same keys takes the "
        "oldest Available pool, whether or not it asks for a pool of its own; its start-up then takes warm_starting_s (R18)",
        "warm-pool-quota": "warm_pool_capacity limits instances in warm pools, in use or available, by type; a type that it does "
        "not name has the count of '*', and without one is unlimited, where the service's default is 0; without quota a training "
        "job runs without a pool (R20)",
        "stop-frees-warm-pool": "stopping a training job that has ended and whose warm pool is Available gives the pool up, as "
        "setting KeepAlivePeriodInSeconds to 0 does; without a pool it is refused as ever (R17, §2.8)",
        "ends-release-too": "Completed and Failed release what is reserved just as Stopped does (§5.5)",
        "stop-is-idempotent": "stopping a job that is Stopping answers 200 and changes nothing (A-01, A-03); "
        "`repeated_stop` switches",
        "completion-before-stop": "at the same instant a completion goes before a stop (A-06)",
        "ends-one-by-one": "of jobs that end at the same instant each gives back its quota, and what then fits is granted, "
        "before the next one ends; what is created at that instant comes after all of them. Under backfill a small request "
        "may so get what a large one would have had after the second end",
        "stop-propagation": "a tuning job turns Stopping at once, its training jobs receive the stop after stop_propagation_s, "
        "which is 0 unless said otherwise (A-07)",
        "launch-then-stop": "a training job that was created before the stop is stopped, none is created after it (A-08)",
        "stop-without-container": "a training job that has no container yet, or no longer, is torn down without a grace "
        "window and stores nothing (§3.3 Starting, Pending, Downloading, Interrupted)",
        "stop-while-uploading": "a stop in Uploading lets the upload finish and ends Stopped, with the model (A-04)",
        "exit-after-sigterm": "however the script ends after SIGTERM, the training job ends Stopped, not Failed (A-05)",
        "uploads-complete": "an upload that has begun completes: errors occur before it, never during it",
        "stopping-ends-stopped": "a Stopping tuning job ends Stopped, never Completed or Failed (H6, A-11)",
        "winding-down": "a tuning job that reached its MaxRuntimeInSeconds stops its training jobs, stays InProgress "
        "until they have ended, and is then Completed (A-12 to A-14)",
        "five-attempts": "when five training jobs have ended and none succeeded, no more are launched, the running ones "
        "run to their end, and the tuning job fails (A-25, A-26, A-27)",
        "all-failed": "a tuning job whose training jobs have all ended and none succeeded fails (A-26)",
        "one-stop": "a training job that its user stops has used up its launch and is not repeated (A-28)",
        "stopped-with-metric": "a stopped training job that had emitted its metric counts as evaluated (A-16)",
        "training-clock": "MaxRuntimeInSeconds of a training job counts time spent in Training, over all attempts (A-32)",
        "pending-accelerated": "MaxPendingTimeInSeconds is taken for every instance type and limits only training jobs with "
        "types of ml.p, ml.g or ml.trn, the families that the service's model names as examples; of several InstanceConfigs "
        "one such type is enough (O16)",
        "pending-ends-stopped": "a training job pending for longer than MaxPendingTimeInSeconds ends Stopped (A-48)",
        "capacity-wait": "a training job that finds no machines waits for them within Starting, with a message that says so "
        "(J9); `capacity_wait` switches to Pending, where MaxPendingTimeInSeconds counts (O17)",
        "capacity-fails-retryable": "a training job that never gets machines fails with CapacityError (A-23, A-24)",
        "resume-at-starting": "after an interruption or an internal error a training job begins again at Starting "
        "(A-51, J13) with the progress of its last checkpoint",
        "bill-through-upload": "a stopping training job is billed until its upload is done (B1, A-30)",
        "whole-seconds": "reported and billed seconds lie between times cut to whole seconds, epoch included, and are at least "
        "1 (O11, B7, A-29: observed). What nobody has observed: a training job that is not billed all the time has each "
        "stretch counted so, and what a warm pool retained is rounded down",
        "autotune": "with Autotune, what a request leaves out is chosen: for each of AutoParameters a range of a decade to each "
        "side of its hint (a share stays within 1, a truth value gets both, another text itself), ten training jobs for each "
        "range but at most 100, one at a time, early stopping where it is allowed, three retries, the strategy Bayesian, an end "
        "on convergence; nothing is tuned for which there is neither range nor hint (L17)",
        "bayesian": "the strategy Bayesian is a tree-structured Parzen estimator of the twin's own (L2); `bayesian` switches to "
        "optuna's estimator (tpe) or Gaussian process (gp), which need an extra",
        "round-robin": "several definitions take turns (A-36); with Grid each goes through a grid of its own, and one whose "
        "grid is tried is passed over",
        "values-once": "a value that a categorical range names twice counts once: Grid tries it once, Random does not prefer "
        "it, and it adds nothing to the number of combinations (C3, C5); Describe shows the range as it was given. Whether "
        "the service refuses it instead nobody has observed",
        "spot-price-ratio": "a second of managed spot costs 0.35 of an on-demand second, unless the scenario says: the median of "
        "five observed shares of billable seconds, 0.30 to 0.42",
        "auto-scaling": "the scaling Auto is Logarithmic for positive ranges of three decades or more, Linear for others",
        "median-rule": "early stopping looks at completed training jobs only, at least three of them, and stops what is "
        "strictly worse than the median of their running averages (L4, A-35)",
        "hyperband-asynchronous": "Hyperband's brackets take turns; at a rung a training job goes on if it is among the best "
        "third of those that have reached it so far and the rung has let on fewer than a third, rounded up (L2, L3)",
        "convergence": "ten training jobs in a row without an improvement by 1 % count as convergence (A-34)",
        "delete-at-once": "deleting takes no time, Deleting is not seen, and the name of a tuning job is free again, its "
        "training jobs, artifacts and logs stay (A-38, A-39, D1)",
        "alone-never-waits": "a training job without a tuning job is refused when its instances are not free, whatever "
        "`admission` says, and passes the tuning jobs that wait in the queue (§2.8)",
        "name-case": "two tuning jobs' names that differ only in case are the same name for create (A-37)",
        "list-order": "ListTrainingJobs cuts its pages first and filters them afterwards, and a full page has a next one even "
        "where nothing follows (O10: observed, by name, times and status; taken over for the state of warm pools); the other "
        "lists filter first, of which nothing was observed; all break ties by name (A-40), and ListTrainingJobs is ascending "
        "by creation unless asked (A-41)",
        "tokens": "a NextToken of another list, other filters, another account or a time that was undone is a "
        "ValidationException (A-42)",
        "request-rates": "an account's requests are limited for each operation by itself, by a token bucket; two "
        "ListTrainingJobs a second were reported (O14), the other figures of `request_rates` are assumed; requests are "
        "throttled before they are read; off unless asked for (A-50)",
        "injected-answers": "a request that is refused at the door or never arrives changes nothing; one whose response is "
        "lost was carried out, and its caller sees the same read timeout (W7, W14); none unless asked for",
        "read-lag": "DescribeTrainingJob and all lists may answer as of an earlier instant: `read_lag_s` is by how much, drawn "
        "anew for each instant; no answer is older than one before it; DescribeHyperParameterTuningJob never lags, as was "
        "recorded (S3, O7, A-43); none unless asked for",
        "event-delivery": "a subscription to events may bring an event several times and late, each copy by itself, so that "
        "they come in another order; once and in order unless asked for (O13)",
        "controller-passes": "the controller looks at a tuning job in passes, a period apart, the first three closer: it "
        "launches in one of them all that is due, and ends the tuning job in one; each pass stamps LastModifiedTime, as every "
        "change of status does (O1, O2, A-46: observed; O4: the third pass, inferred). What nobody has observed: what waited "
        "for quota is launched when it is granted, "
        "counters follow the training jobs between passes, and a criterion that is met stops at once",
        "runtime-clock": "RuntimeInSeconds counts from the controller's first pass over a tuning job until now or its end, "
        "rounded down (O3: observed)",
        "training-jobs-left-out": "where MaxNumberOfTrainingJobs is left out and MaxRuntimeInSeconds or a completion criterion "
        "is to end the tuning job (L6), it is 750, the most that the service allows, or the number of combinations if that is "
        "less; where nothing else would end it, it is MaxParallelTrainingJobs; with Grid all combinations",
        "parallel-above-total": "MaxParallelTrainingJobs above MaxNumberOfTrainingJobs is accepted and clamped (A-45)",
        "not-improving": "NumberOfTrainingJobsObjectiveNotImproving counts the evaluated training jobs since the last one "
        "that was better than the best before it by at least 1 % (A-33)",
        "warm-start-comparison": "a warm start is compared with each parent: the set of hyperparameters, their types where "
        "both tune them, at most ten that became or changed as static ones, Environment, isolation, encryption and retries, "
        "and with IdenticalDataAndAlgorithm the image and the input channels (O18, C8, C9: refused and worded as observed, "
        "but for types, the ten and Identical's own list); grandparents do not count towards the 750 (C10, L15)",
        "quota-requests": "a request to Service Quotas for an increase is taken and stays PENDING, and the quota as it is; a "
        "quota has a code that is made of its name, and its default is what the scenario says",
        "parents-once": "a warm start that names a parent twice is refused; nobody says what the service does (C8)",
        "own-algorithms": "an image whose repository is called as one of the service's own algorithms is taken for it and "
        "needs no metric definition for its objective; any other image does (C13: observed for frameworks' images)",
        "metric-expressions": "regular expressions of MetricDefinitions are Python's; one that cannot be read is refused at "
        "creation, where nobody says what the service does; the value is the number in the first group of the first match in "
        "a line of the log, and an objective that none of the lines shows is not emitted (L21, K8)",
        "script-metrics": "a script prints each of its metrics in a line of its own, as the regular expression of its definition "
        "finds it, unless log_format says otherwise; a training job without a tuning job prints its curve as the first of its "
        "MetricDefinitions. What was found is kept with the time of its line; FinalMetricDataList has the last value of each "
        "metric once the training job has ended, however it ended (L21)",
        "built-in-algorithms": "the service's own algorithms have no hyperparameters and metrics but those of the request, "
        "where the service fills in its own, which differ by algorithm and version (O8)",
        "ranges-as-given": "Describe gives hyperparameter ranges back as they were asked for: a recorded one left out the "
        "lists that its request left out; of ScalingType nobody knows (O8)",
        "models-when-stored": "ModelArtifacts is absent until a model is stored, as recorded, although the service's model "
        "requires it (§2.8)",
        "ranges-needed": "a tuning job needs at least one parameter range, or Autotune",
        "known-members-only": "a member that the service's model does not know is refused, with the nearest spelling",
        "delete-in-use": "deleting a training job that has not ended is refused with ResourceInUse",
    }
)
"""Every named assumption and what it says."""


def _one_of(*values: str) -> Check:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value not in values:
            raise invalid(f"assumptions.{attribute.name}", value, " or ".join(values), nearest(str(value), values))

    return Check({"enum": list(values)}, check)


DISCIPLINES = ("fifo", "priority", "backfill", "easy-backfill", "fair-share", "quota-shares", "quota-shares-reclaim")
"""In which order requests that wait for quota are granted."""
QUOTA_SHARES = ("quota-shares", "quota-shares-reclaim")
"""The disciplines under which teams have a quota of their own, lend and borrow."""
PREEMPTIVE = ("quota-shares-reclaim",)
"""The disciplines that preempt training jobs."""


@attrs.frozen
class Assumptions:
    """The switches: those assumptions that a user would really flip.

    >>> Assumptions().reservation
    'reuse'
    """

    reservation: str = attrs.field(default="reuse", validator=_one_of("reuse", "upfront", "as-observed"))
    admission: str | None = attrs.field(default=None, validator=optional(_one_of("reject", "queue")))
    """None: "queue" where a scenario has arrivals, for then waiting is the question; otherwise "reject", as the service does."""
    discipline: str = attrs.field(default="fifo", validator=_one_of(*DISCIPLINES))
    repeated_stop: str = attrs.field(default="idempotent", validator=_one_of("idempotent", "reject"))
    bayesian: str = attrs.field(default="parzen", validator=_one_of("parzen", "tpe", "gp"))
    capacity_wait: str = attrs.field(default="starting", validator=_one_of("starting", "pending"))
    read_lag_s: Any = None
    """By how much the answers about training jobs and the lists lag (`read-lag`): None, or a duration in seconds."""

    def __attrs_post_init__(self) -> None:
        if self.discipline in PREEMPTIVE and self.reservation != "as-observed":
            wanted = f'"as-observed" with discipline "{self.discipline}": what a tuning job keeps cannot be taken back'
            raise invalid("assumptions.reservation", self.reservation, wanted)

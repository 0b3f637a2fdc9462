"""Members of an answer that the twin does not know: newer ones of the service, which are ignored and named."""

from __future__ import annotations

from hptsim.conformance.answers import Answer

_KNOWN = {
    "DescribeHyperParameterTuningJob": (
        "HyperParameterTuningJobName HyperParameterTuningJobArn HyperParameterTuningJobConfig TrainingJobDefinition "
        "TrainingJobDefinitions HyperParameterTuningJobStatus CreationTime HyperParameterTuningEndTime LastModifiedTime "
        "TrainingJobStatusCounters ObjectiveStatusCounters BestTrainingJob OverallBestTrainingJob WarmStartConfig Autotune "
        "FailureReason TuningJobCompletionDetails ConsumedResources ResponseMetadata"
    ).split(),
    "ListHyperParameterTuningJobs": "HyperParameterTuningJobSummaries NextToken ResponseMetadata".split(),
    "ListTrainingJobsForHyperParameterTuningJob": "TrainingJobSummaries NextToken ResponseMetadata".split(),
    "ListTrainingJobs": "TrainingJobSummaries NextToken ResponseMetadata".split(),
    "StopHyperParameterTuningJob": ["ResponseMetadata"],
    "StopTrainingJob": ["ResponseMetadata"],
}
"""The members of answers whose shape the twin has whole (§2.3 to §2.8)."""


def unknown_members(answer: Answer) -> list[str]:
    """A note for each member of an answer that the twin does not know."""
    known = _KNOWN.get(answer.operation)
    if known is None or answer.error is not None or not answer.as_sent:
        return []
    return [
        f"{answer.place}: {name} is not known to the twin, and ignored" for name in answer.response if name not in known
    ]

"""A controller as people write it: it keeps its own count of instances and knows the service through boto3 only.

Below it stand three versions with one bug each, of the kinds that this API invites.
"""

from botocore.exceptions import ClientError


class Controller:
    """Runs tuning jobs within a budget of instances."""

    ENDED = ("Completed", "Failed", "Stopped")

    def __init__(self, sagemaker, budget):
        self.sagemaker = sagemaker
        self.free = budget
        self.held = {}

    def submit(self, request):
        """Create a tuning job if the budget allows it; says whether it did."""
        parallel = request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"]
        instances = parallel * request["TrainingJobDefinition"]["ResourceConfig"]["InstanceCount"]
        if instances > self.free:
            return False
        self.sagemaker.create_hyper_parameter_tuning_job(**request)
        self.held[request["HyperParameterTuningJobName"]] = instances
        self.free -= instances
        return True

    def cancel(self, name):
        """Ask for the end of a tuning job; `poll` will see when it has come."""
        try:
            self.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":  # that one says that it has ended already
                raise

    def poll(self):
        """Take back the instances of the tuning jobs that have ended."""
        for name in list(self.held):
            shown = self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            if shown["HyperParameterTuningJobStatus"] in self.ENDED:
                self.take_back(name)

    def take_back(self, name):
        self.free += self.held.pop(name)


class TakesStoppingForStopped(Controller):
    """Bug: while a job is Stopping its training jobs still hold their instances."""

    ENDED = (*Controller.ENDED, "Stopping")


class TakesBackAtTheStop(Controller):
    """Bug: the stop is accepted at once, but the instances are free only when the job is Stopped."""

    def cancel(self, name):
        super().cancel(name)
        self.take_back(name)


class TripsOverALateStop(Controller):
    """Bug: a job may end between the last poll and the stop, and then the stop is refused."""

    def cancel(self, name):
        self.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

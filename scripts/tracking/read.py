"""What MLflow's client and TensorBoard's reader see: read.py SERVER EXPERIMENT RUNS_FOLDER, as JSON."""

import json
import os
import sys

from mlflow.tracking import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

server, experiment, folder = sys.argv[1:]
client = MlflowClient(tracking_uri=server)
found = client.get_experiment_by_name(experiment)
runs = []
for run in client.search_runs([found.experiment_id]):
    history = {
        key: [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, key)]
        for key in run.data.metrics
    }
    runs.append({
        "name": run.info.run_name,
        "status": run.info.status,
        "ended": run.info.end_time is not None,
        "params": run.data.params,
        "tags": run.data.tags,
        "metrics": history,
        "artifacts": [f.path for f in client.list_artifacts(run.info.run_id)],
    })
boards = {}
for name in sorted(os.listdir(folder)):
    accumulator = EventAccumulator(os.path.join(folder, name)).Reload()
    boards[name] = {
        tag: [[e.step, e.value] for e in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }
json.dump({"runs": runs, "boards": boards}, sys.stdout)

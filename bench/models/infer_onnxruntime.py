"""One cell: Python's onnxruntime runs a model with Hilum's settings. Usage: infer_onnxruntime.py FILE SPEC THREADS RUNS

Prints the same as infer-hilum.ts.
"""

import json
import os
import re
import sys
import time

import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # must be set before onnxruntime is imported, which would send telemetry
import onnxruntime

ENOUGH_MS = 10_000  # as in infer-hilum.ts

path, spec, threads, runs = sys.argv[1:]
inputs = {
    item["name"]: np.fromfile(item["file"], "<f4").reshape(item["shape"]) for item in json.load(open(spec))["inputs"]
}
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
options.inter_op_num_threads = 1
options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
options.log_severity_level = 3
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
outputs = session.run(None, inputs)
run_ms = []
for _ in range(int(runs)):
    if sum(run_ms) > ENOUGH_MS:
        break
    start = time.perf_counter()
    session.run(None, inputs)
    run_ms.append((time.perf_counter() - start) * 1000)
values = np.concatenate([output.ravel().astype(np.float64) for output in outputs])
peak = int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({"runMs": run_ms, "mean": values.mean(), "power": (values**2).mean(), "peakMb": peak}))

#!/bin/sh
# Makes the phantoms, trains, quantises and seals in one command: under an hour on two cores.
#   layers/models/spine-sagittal/training/train.sh [SCRATCH_FOLDER [OUT.onnx]]
# Needs node 24, Debian's python3-torch (1.13) and .venv/training (made by `node setup/setup.mjs test`). With OUT it writes the model there and
# leaves the committed one alone. TRAIN_PHANTOMS and TRAIN_STEPS shorten it to a trial run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
model=$(dirname "$here")
root=$(cd "$here/../../../.." && pwd)
scratch=${1:-$(mktemp -d)}
out=${2:-$model/spine-sagittal.onnx}
phantoms=${TRAIN_PHANTOMS:-320}
export PATH="$root/node_modules/.bin:$PATH"
# onnxruntime would send telemetry.
export ORT_DISABLE_TELEMETRY=1

# Seeds from a million on are for training, a few others for watching progress.
half=$((phantoms / 2))
node "$here/export-phantoms.ts" "$scratch" 1000000 "$half" &
node "$here/export-phantoms.ts" "$scratch" $((1000000 + half)) $((phantoms - half))
node "$here/export-phantoms.ts" "$scratch" 500000 $((phantoms < 8 ? 1 : 8))
wait

OMP_NUM_THREADS=1 "${PYTHON:-/usr/bin/python3}" -W ignore "$here/train.py" "$scratch" "$scratch/float.onnx" --steps "${TRAIN_STEPS:-10000}"
"$root/.venv/training/bin/python" "$root/layers/training/quantise.py" "$scratch/float.onnx" "$scratch/calibration.npz" "$out" --float first,last
[ -n "${2:-}" ] || node "$root/layers/training/seal.ts" "$model"

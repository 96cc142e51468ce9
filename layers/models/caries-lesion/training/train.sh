#!/bin/sh
# Makes the phantoms, trains caries-lesion and exports it: layers/models/caries-lesion/training/train.sh [SCRATCH_FOLDER [OUT.onnx]]
# Takes about 15 minutes on one quiet core. Needs node 24, a python3 with torch 1.13 (Debian: python3-torch) and .venv/training
# (made by `node setup/setup.mjs test`). Without OUT it writes the model's own file and seals it. SCRATCH_FOLDER needs about 1.5 GB.
# TRAIN_PHANTOMS and TRAIN_STEPS shorten it to a trial run.
set -eu
here=$(dirname "$(readlink -f "$0")")
data=${1:-$(mktemp -d)}
out=${2:-$here/../caries-lesion.onnx}
export OMP_NUM_THREADS=1
# onnxruntime would send telemetry.
export ORT_DISABLE_TELEMETRY=1
# kind, first seed, count, chance of caries per surface
phantoms() { node "$here/export-phantoms.ts" "$data" "$1" "$2" "${TRAIN_PHANTOMS:-$3}" "$4"; }
phantoms bitewing 1000 320 0.3
phantoms bitewing 5000 40 0
phantoms periapical 1000 260 0.3
phantoms periapical 5000 30 0
phantoms panoramic 1000 72 0.25
phantoms panoramic 5000 16 0.05
"${PYTHON:-/usr/bin/python3}" "$here/train.py" "$data" "$data/float.onnx"
root=$here/../../../..
"$root/.venv/training/bin/python" "$root/layers/training/quantise.py" "$data/float.onnx" "$data/calibration.npz" "$out"
if [ $# -lt 2 ]; then node "$here/../../../training/seal.ts" "$here/.."; fi

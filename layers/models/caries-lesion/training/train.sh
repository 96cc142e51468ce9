#!/bin/sh
# Makes the phantoms, trains caries-lesion and exports it: layers/models/caries-lesion/training/train.sh [DATA_FOLDER]
# About 40 minutes, on one core. Needs node 24 and a python3 with torch 1.13 (Debian: python3-torch).
# DATA_FOLDER (about 2.5 GB) also gets calibration.npz, model inputs for whoever quantises the model.
set -eu
here=$(dirname "$(readlink -f "$0")")
data=${1:-$(mktemp -d)}
export OMP_NUM_THREADS=1
phantoms() { node "$here/export-phantoms.ts" "$data" "$@"; }
phantoms bitewing 1000 480 0.3
phantoms bitewing 5000 60 0
phantoms periapical 1000 400 0.3
phantoms periapical 5000 40 0
phantoms panoramic 1000 108 0.25
phantoms panoramic 5000 24 0.05
"${PYTHON:-/usr/bin/python3}" "$here/train.py" "$data" "$here/../caries-lesion.onnx"
exec node "$here/seal.ts"

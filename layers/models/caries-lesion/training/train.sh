#!/bin/sh
# Makes the phantoms, trains caries-lesion and exports it: layers/models/caries-lesion/training/train.sh [DATA_FOLDER]
# About 30 minutes on two cores. Needs node 24 and a python3 with torch 1.13 (Debian: python3-torch).
set -eu
here=$(dirname "$(readlink -f "$0")")
data=${1:-$(mktemp -d)}
export OMP_NUM_THREADS=1
node "$here/export-phantoms.ts" "$data" panoramic 1000 28 0.25 &
node "$here/export-phantoms.ts" "$data" panoramic 1028 28 0.25
node "$here/export-phantoms.ts" "$data" bitewing 1000 220 0.3
node "$here/export-phantoms.ts" "$data" bitewing 5000 40 0
wait
"${PYTHON:-/usr/bin/python3}" "$here/train.py" "$data" "$here/../caries-lesion.onnx"
exec node "$here/seal.ts"

#!/bin/sh
# Phantoms, training and card in one go: about 30 minutes on two cores. Needs node 24 and Debian's python3-torch (1.13).
#   layers/models/spine-sagittal/training/train.sh [SCRATCH_FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
model=$(dirname "$here")
scratch=${1:-$(mktemp -d)}
export PATH="$here/../../../../node_modules/.bin:$PATH"

# 110 phantoms to train on, 8 held out (seeds below 1000).
node "$here/export-phantoms.ts" "$scratch" 1000 55 &
node "$here/export-phantoms.ts" "$scratch" 1055 55
node "$here/export-phantoms.ts" "$scratch" 1 8
wait

OMP_NUM_THREADS=1 nice -n 10 /usr/bin/python3 -W ignore "$here/train.py" "$scratch" "$model/spine-sagittal.onnx"
node "$here/sign.ts" "$model"

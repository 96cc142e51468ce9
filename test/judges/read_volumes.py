"""Volumes as highdicom reads them: where their voxels lie and what they are.

Usage: read_volumes.py FOLDER OUT

FOLDER holds one folder a volume: the files of a series, or one enhanced object. OUT gets one file of float32 a volume,
slice-major as highdicom has it; the JSON that is printed has its shape and its affine (LPS, from indices to mm), by name.
"""

import json
import sys
from pathlib import Path

import highdicom
import numpy as np
import pydicom


def volume(files):
    datasets = [pydicom.dcmread(path) for path in files]
    if len(datasets) > 1:
        return highdicom.get_volume_from_series(datasets)
    return highdicom.imread(files[0]).get_volume()


source, out = map(Path, sys.argv[1:])
answers = {}
for folder in sorted(source.iterdir()):
    read = volume(sorted(folder.iterdir()))
    np.ascontiguousarray(read.array, dtype="<f4").tofile(out / f"{folder.name}.raw")
    answers[folder.name] = {"shape": list(read.array.shape), "affine": read.affine.tolist()}
print(json.dumps(answers))

"""One cell: pydicom decodes the files of a folder: decode_pydicom.py FOLDER [PLUGIN].

Prints the same JSON as decode-hilum.ts.
"""
import json
import sys
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
from pydicom import dcmread
from pydicom.pixels import pixel_array

WARM_UP = 3

options = {"decoding_plugin": sys.argv[2]} if len(sys.argv) > 2 else {}
paths = sorted(Path(sys.argv[1]).iterdir())


def samples(ds):
    # pydicom returns big-endian samples unchanged. Calculating with them needs native byte order.
    array = pixel_array(ds, **options)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


for path in paths:
    path.read_bytes()
for path in paths[:WARM_UP]:
    samples(dcmread(path))

decode_s = 0.0
decoded = []
start = perf_counter()
for path in paths:
    ds = dcmread(path)
    parsed = perf_counter()
    decoded.append(samples(ds))
    decode_s += perf_counter() - parsed
read_s = perf_counter() - start

digest = sha256()
for array in decoded:
    digest.update(np.ascontiguousarray(array))
print(
    json.dumps(
        {
            "readMs": read_s * 1e3,
            "decodeMs": decode_s * 1e3,
            "bytes": sum(array.nbytes for array in decoded),
            "sha256": digest.hexdigest(),
            "mean": float(np.mean([array.mean(dtype=np.float64) for array in decoded])),
        }
    )
)

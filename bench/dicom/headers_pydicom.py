"""One cell: pydicom reads the headers of a folder's files: headers_pydicom.py FOLDER TEXTS NUMBERS (comma-separated keywords).

Prints the same JSON as headers-hilum.ts.
"""
import json
import re
import sys
from pathlib import Path
from time import perf_counter

from pydicom import dcmread
from pydicom.multival import MultiValue

paths = sorted(Path(sys.argv[1]).iterdir())
texts, numbers = sys.argv[2].split(","), sys.argv[3].split(",")


def values_of(ds, keyword):
    value = ds.get(keyword)
    if value is None or value == "":
        return []
    return value if isinstance(value, MultiValue) else [value]


values = 0
total = 0.0
start = perf_counter()
for path in paths:
    ds = dcmread(path, stop_before_pixels=True)
    for keyword in texts:
        values += len(values_of(ds, keyword))
    for keyword in numbers:
        for number in values_of(ds, keyword):
            values += 1
            total += number
read_s = perf_counter() - start

peak_kb = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]
print(json.dumps({"readMs": read_s * 1e3, "values": values, "sum": float(total), "peakMb": int(peak_kb) / 1024}))

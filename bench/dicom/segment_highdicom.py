"""One cell: highdicom writes a Segmentation from a label volume and its source slices: FOLDER LABELS OUT.

Prints the same JSON as segment-hilum.ts.
"""
import json
import re
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from highdicom import AlgorithmIdentificationSequence, UID
from highdicom.seg import Segmentation, SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription
from pydicom import dcmread
from pydicom.sr.codedict import codes

folder, labels_path, out = sys.argv[1:4]

start = perf_counter()
sources = [dcmread(path, stop_before_pixels=True) for path in sorted(Path(folder).iterdir())]
loaded = perf_counter()

labels = np.fromfile(labels_path, np.uint8).reshape(len(sources), sources[0].Rows, sources[0].Columns)

algorithm = AlgorithmIdentificationSequence(
    name="Bench", version="1.0.0", family=codes.DCM.ArtificialIntelligence, source="Bench"
)
descriptions = [
    SegmentDescription(
        segment_number=number,
        segment_label=f"Vertebra {number}",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.Vertebra,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=UID(),
        tracking_id=f"Vertebra {number}",
    )
    for number in range(1, int(labels.max()) + 1)
]
segmentation = Segmentation(
    source_images=sources,
    pixel_array=labels,
    segmentation_type=SegmentationTypeValues.BINARY,
    segment_descriptions=descriptions,
    series_instance_uid=UID(),
    series_number=9001,
    sop_instance_uid=UID(),
    instance_number=1,
    manufacturer="Bench",
    manufacturer_model_name="Bench",
    software_versions="1.0.0",
    device_serial_number="bench",
    omit_empty_frames=True,
)
segmentation.save_as(out)
written = perf_counter()

peak_kb = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]
print(
    json.dumps(
        {"headersMs": (loaded - start) * 1e3, "writeMs": (written - loaded) * 1e3, "peakMb": int(peak_kb) / 1024}
    )
)

"""Grey and white matter of a T1 head as Python's onnxruntime has them, from the DICOM files on, with none of Hilum's code.

Usage: brain_tissue.py FOLDER MODEL SEG

FOLDER holds one MR series of 256 axial slices of 256 x 256 pixels of 1 mm. They are put in the order of a FreeSurfer-conformed
image (left, feet, anterior), scaled to 0-1 so that air is 0 and white matter about 0.68, and given to the model; the largest
score wins. Prints the volumes in mL and the shares of both tissues in %, and the volumes of the masks that SEG holds on these slices.
"""

import json
import os
import sys
from pathlib import Path

import highdicom
import numpy as np
import pydicom

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported: it would send telemetry
import onnxruntime

folder, model, seg = sys.argv[1:]
slices = [pydicom.dcmread(path) for path in Path(folder).glob("*.dcm")]
slices.sort(key=lambda one: one.ImagePositionPatient[2])
assert all(list(one.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0] for one in slices)
assert all(list(one.PixelSpacing) == [1, 1] for one in slices)
volume = np.stack([one.pixel_array for one in slices]).astype(np.float32)
assert volume.shape == (256, 256, 256)


def scaled(values):
    """From the darkest percentile; the 90th percentile of what Otsu's threshold takes for the head becomes 0.68."""
    places = ((2 * np.arange(256) + 1) / 256 - 1) ** 2
    inside = values[places[:, None, None] + places[None, :, None] + places[None, None, :] <= 1]
    low = np.percentile(inside, 1)
    above = inside[inside > low]
    counts, edges = np.histogram(np.minimum(above, np.percentile(above, 95)), bins=256)
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * middles)[:-1]
    rest, total = len(above) - below, (counts * middles).sum()
    threshold = edges[1:-1][np.argmax(below * rest * (sums / below - (total - sums) / rest) ** 2)]
    high = low + (np.percentile(above[above > threshold], 90) - low) / 0.68
    return np.clip((values - low) / (high - low), 0, 1)


volume = scaled(volume)
conformed = np.ascontiguousarray(volume[::-1, ::-1].transpose(2, 0, 1))

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
scores = session.run(None, {"input": conformed[None, None]})[0][0]
_, white, grey = np.bincount(scores.argmax(axis=0).ravel(), minlength=3).tolist()
both = white + grey

masks = highdicom.seg.segread(seg)
sources = [(one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID) for one in slices]
referenced = {uids[2] for uids in masks.get_source_image_uids()}
voxels = masks.get_pixels_by_source_instance(
    [uids[2] for uids in sources if uids[2] in referenced], ignore_spatial_locations=True
)
print(
    json.dumps(
        {
            "masks": {
                masks.get_segment_description(number).segment_label: int(voxels[..., number - 1].sum()) / 1000
                for number in masks.segment_numbers
            },
            "grey": {"volumeMl": grey / 1000, "sharePercent": 100 * grey / both},
            "white": {"volumeMl": white / 1000, "sharePercent": 100 * white / both},
        }
    )
)

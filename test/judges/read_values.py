"""Patient and study values of DICOM files as pydicom decodes them, as JSON: one entry a file, by name.

Usage: read_values.py FOLDER
"""

import json
import sys
from pathlib import Path

import pydicom

KEYWORDS = ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDescription"]


def values(path):
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    return {keyword: str(dataset.get(keyword) or "") for keyword in KEYWORDS}


print(json.dumps({path.name: values(path) for path in sorted(Path(sys.argv[1]).iterdir())}))

"""
Run by Orthanc's Python plugin at its start: gives the study page of Orthanc Explorer a button that opens the viewer, and marks the
series that newer results have replaced.
"""

import json
import pathlib

import orthanc

VIEWER_URL = json.loads(orthanc.GetConfiguration())["Hilum"]["ViewerUrl"]
FOLDER = pathlib.Path(__file__).parent
SCRIPT = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in ("viewer-link.js", "replaced-series.js"))
orthanc.ExtendOrthancExplorer(SCRIPT.replace("'VIEWER_URL'", json.dumps(VIEWER_URL)))

"""Run by Orthanc's Python plugin at its start: gives the study page of Orthanc Explorer a button that opens the viewer."""

import json
import pathlib

import orthanc

VIEWER_URL = json.loads(orthanc.GetConfiguration())["Hilum"]["ViewerUrl"]
SCRIPT = pathlib.Path(__file__).with_name("viewer-link.js").read_text(encoding="utf-8")
orthanc.ExtendOrthancExplorer(SCRIPT.replace("'VIEWER_URL'", json.dumps(VIEWER_URL)))

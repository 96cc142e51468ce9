"""
The dates and times of DICOM files as pydicom reads them, and as Python's own time zones have them. Prints as JSON, for each entry of
the file CASES: what the file states and what is due.

Usage: read_times.py FOLDER CASES
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pydicom

PAIRS = {
    "content": [("ContentDate", "ContentTime"), ("SeriesDate", "SeriesTime")],
    "creation": [("InstanceCreationDate", "InstanceCreationTime")],
}


def zone_of(dataset, case):
    """The offset that the file states, else the site's zone."""
    offset = dataset.get("TimezoneOffsetFromUTC")
    if offset is None:
        return ZoneInfo(case["timeZone"])
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def times(case):
    dataset = pydicom.dcmread(Path(sys.argv[1]) / case["name"])
    due = {
        moment: datetime.fromisoformat(case[moment].replace("Z", "+00:00"))
        .astimezone(zone_of(dataset, case))
        .strftime("%Y%m%d %H%M%S")
        for moment in PAIRS
    }
    stated = {
        moment: sorted({f"{dataset[date].value} {dataset[time].value}" for date, time in pairs})
        for moment, pairs in PAIRS.items()
    }
    return {"name": case["name"], "stated": stated, "due": {moment: [text] for moment, text in due.items()}}


print(json.dumps([times(case) for case in json.loads(Path(sys.argv[2]).read_text())]))

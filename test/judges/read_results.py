"""What pydicom and highdicom read in result objects, as JSON: one entry a file, by name.

Usage: read_results.py FOLDER. Refusals of either library end the program with their traceback.
"""

import json
import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom


def code(item):
    return {"value": item.value, "scheme": item.scheme_designator, "meaning": item.meaning}


def read_segmentation(path):
    """Voxels of each segment by source instance, and the planes that highdicom gives back for it."""
    seg = hd.seg.segread(path)
    sources = seg.get_source_image_uids()
    uids = sorted(instance for _, _, instance in sources)
    planes = seg.get_pixels_by_source_instance(
        source_sop_instance_uids=uids,
        ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )
    return {
        "segments": [
            {
                "number": number,
                "label": seg.get_segment_description(number).segment_label,
                "type": code(seg.get_segment_description(number).segmented_property_type),
                "algorithm": seg.get_segment_description(number).SegmentAlgorithmName,
                "tracking_uid": seg.get_segment_description(number).tracking_uid,
                "voxels": {
                    uid: int(np.count_nonzero(planes[index, :, :, number - 1])) for index, uid in enumerate(uids)
                },
            }
            for number in seg.segment_numbers
        ],
        "frames": [int(np.count_nonzero(frame)) for frame in np.atleast_3d(seg.pixel_array)],
        "frame_of_reference": seg.get("FrameOfReferenceUID"),
    }


def roi(group):
    """What a measurement group refers to: a region on an image, or a segment."""
    content = group.roi if hasattr(group, "roi") else None
    if content is None:
        reference = getattr(group, "referenced_segmentation_frame", None) or getattr(group, "referenced_segment", None)
        if reference is None:
            return None
        sop = next(item for item in reference if "ReferencedSOPSequence" in item).ReferencedSOPSequence[0]
        return {
            "instance": sop.ReferencedSOPInstanceUID,
            "segment": sop.get("ReferencedSegmentNumber"),
            "frames": None if "ReferencedFrameNumber" not in sop else np.atleast_1d(sop.ReferencedFrameNumber).tolist(),
        }
    return {
        "type": content.GraphicType,
        "points": np.atleast_2d(content.value).tolist(),
        "instance": None
        if content.ValueType == "SCOORD3D"
        else content.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID,
    }


def read_report(path):
    """The measurement groups of a TID 1500 report."""
    report = hd.sr.srread(path)
    if not isinstance(report.content, hd.sr.MeasurementReport):
        return {"title": report.ConceptNameCodeSequence[0].CodeMeaning, "groups": []}
    content = report.content
    planar = content.get_planar_roi_measurement_groups()
    volumetric = content.get_volumetric_roi_measurement_groups()
    groups = [*planar, *volumetric, *content.get_image_measurement_groups()]
    return {
        "title": report.ConceptNameCodeSequence[0].CodeMeaning,
        "groups": [
            {
                "id": group.tracking_identifier,
                "tracking_uid": group.tracking_uid,
                "finding": code(group.finding_type),
                "site": code(group.finding_sites[0].value) if group.finding_sites else None,
                "measurements": [
                    {"name": code(one.name), "value": one.value, "unit": code(one.unit)}
                    for one in group.get_measurements()
                ],
                "evaluations": [
                    {"name": code(one.name), "value": code(one.value)} for one in group.get_qualitative_evaluations()
                ],
                "roi": roi(group),
            }
            for group in groups
        ],
    }


def read(path):
    dataset = pydicom.dcmread(path)
    kind = dataset.SOPClassUID.name
    # Strict pydicom: decoding every value raises where one breaks its VR.
    pydicom.config.settings.reading_validation_mode = pydicom.config.RAISE
    str(pydicom.dcmread(path))
    pydicom.config.settings.reading_validation_mode = pydicom.config.WARN
    # Secondary Captures name their sources in the one sequence, Encapsulated PDFs in the other.
    named = [*dataset.get("SourceImageSequence", []), *dataset.get("SourceInstanceSequence", [])]
    found = {
        "kind": kind,
        "study": dataset.StudyInstanceUID,
        "bytes": len(path.read_bytes()),
        "sources": {one.ReferencedSOPInstanceUID: one.ReferencedSOPClassUID for one in named},
    }
    if dataset.Modality == "SEG":
        return found | read_segmentation(path)
    if dataset.Modality == "SR":
        return found | read_report(path)
    if dataset.Modality == "OT":
        return found | {"shape": list(dataset.pixel_array.shape), "max": int(dataset.pixel_array.max())}
    return found


print(json.dumps({path.name: read(path) for path in sorted(Path(sys.argv[1]).glob("*.dcm"))}))

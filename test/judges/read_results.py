"""What pydicom and highdicom read in result objects, as JSON: one entry a file, by its path in the folder.

Usage: read_results.py FOLDER. Refusals of either library end the program with their traceback.
"""

import hashlib
import json
import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom


def code(item):
    return {"value": item.value, "scheme": item.scheme_designator, "meaning": item.meaning}


def digest(mask):
    """SHA-256 of a mask as bits, row-major, least significant first; None where no voxel is set."""
    return hashlib.sha256(np.packbits(mask, axis=None, bitorder="little").tobytes()).hexdigest() if mask.any() else None


def source_frames(seg):
    """The source frames that a SEG names: (instance, frame number or None)."""
    named = set()
    for group in seg.PerFrameFunctionalGroupsSequence:
        for image in group.DerivationImageSequence[0].SourceImageSequence:
            frames = np.atleast_1d(image.get("ReferencedFrameNumber") or [None]).tolist()
            named.update((image.ReferencedSOPInstanceUID, frame) for frame in frames)
    return sorted(named, key=str)


def mask_of(seg, instance, frame, number):
    """A segment on a source frame, as highdicom puts it together from the frames of the SEG."""
    options = {
        "segment_numbers": [number],
        "ignore_spatial_locations": True,
        "assert_missing_frames_are_empty": True,
    }
    if frame is None:
        return seg.get_pixels_by_source_instance(source_sop_instance_uids=[instance], **options)[0, :, :, 0]
    return seg.get_pixels_by_source_frame(
        source_sop_instance_uid=instance, source_frame_numbers=[frame], **options
    )[0, :, :, 0]


def read_segmentation(path):
    """Each segment on each source frame, and what describes it."""
    seg = hd.seg.segread(path)
    sources = source_frames(seg)
    names = [instance if frame is None else f"{instance}#{frame}" for instance, frame in sources]
    descriptions = {number: seg.get_segment_description(number) for number in seg.segment_numbers}
    return {
        "segments": [
            {
                "number": number,
                "label": one.segment_label,
                "category": code(one.segmented_property_category),
                "type": code(one.segmented_property_type),
                "algorithm": one.SegmentAlgorithmName,
                "tracking_uid": one.tracking_uid,
                "masks": {
                    name: digest(mask_of(seg, instance, frame, number))
                    for name, (instance, frame) in zip(names, sources)
                },
            }
            for number, one in descriptions.items()
        ],
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
    region = {"type": content.GraphicType, "points": np.atleast_2d(content.value).tolist(), "instance": None}
    if content.ValueType == "SCOORD3D":
        return region
    image = content.ContentSequence[0].ReferencedSOPSequence[0]
    frame = image.get("ReferencedFrameNumber")
    return region | {"instance": image.ReferencedSOPInstanceUID} | ({} if frame is None else {"frame": int(frame)})


def read_report(path):
    """The measurement groups of a TID 1500 report."""
    report = hd.sr.srread(path)
    title = report.ConceptNameCodeSequence[0].CodeMeaning
    if not isinstance(report.content, hd.sr.MeasurementReport):
        return {"title": title, "groups": []}
    content = report.content
    planar = content.get_planar_roi_measurement_groups()
    volumetric = content.get_volumetric_roi_measurement_groups()
    groups = [*planar, *volumetric, *content.get_image_measurement_groups()]
    return {
        "title": title,
        "groups": [
            {
                "id": group.tracking_identifier,
                "tracking_uid": group.tracking_uid,
                "finding": code(group.finding_type),
                "site": site(group),
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


def site(group):
    """Where the finding is: the site with its side and what modifies it, each None where the report has none."""
    if not group.finding_sites:
        return None
    first = group.finding_sites[0]
    return {
        "site": code(first.value),
        "laterality": code(first.laterality) if first.laterality else None,
        "modifier": code(first.topographical_modifier) if first.topographical_modifier else None,
    }


def read_note(dataset):
    """The title of a Key Object Selection, and the instances that it lists."""
    note = hd.ko.KeyObjectSelectionDocument.from_dataset(dataset)
    listed = [item.ReferencedSOPSequence[0] for item in note.ContentSequence if "ReferencedSOPSequence" in item]
    return {
        "title": note.ConceptNameCodeSequence[0].CodeValue,
        "listed": [one.ReferencedSOPInstanceUID for one in listed],
        "resolved": [note.resolve_reference(one.ReferencedSOPInstanceUID)[2] for one in listed],
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
        "sources": {one.ReferencedSOPInstanceUID: one.ReferencedSOPClassUID for one in named},
    }
    if dataset.Modality == "SEG":
        return found | read_segmentation(path)
    if dataset.Modality == "SR":
        return found | read_report(path)
    if dataset.Modality == "KO":
        return found | read_note(dataset)
    if dataset.Modality == "OT":
        return found | {"shape": list(dataset.pixel_array.shape), "pixels": pixels(dataset)}
    return found


def pixels(dataset):
    return hashlib.sha256(np.ascontiguousarray(dataset.pixel_array).tobytes()).hexdigest()


folder = Path(sys.argv[1])
print(json.dumps({str(path.relative_to(folder)): read(path) for path in sorted(folder.rglob("*.dcm"))}))

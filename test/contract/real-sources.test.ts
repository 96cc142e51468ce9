/** Results and non-results on real files must pass the output gate, whatever the source contains. */
import { expect, it } from 'vitest';
import { isKnown } from '#core/errors.ts';
import type { ResultData } from '#core/results/common.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { toDicom } from '#core/results/to-dicom.ts';
import { frameHeaders, frameReference } from '#core/study/frames.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { Dcm, Sct, Units } from '#dicom/codes.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { realFile, realFiles } from '../fixtures/real-data.ts';
import { ctCase } from '../fixtures/results.ts';

const { metadata, keyImages, report } = ctCase().result;

/** A mask, a drawn finding, a finding outlined by the mask, a picture and a report, all for an instance's first frame. */
function resultOn(instance: InstanceIndex): ResultData {
  const { SOPInstanceUID, Rows = 1, Columns = 1 } = instance;
  const [header] = frameHeaders(instance);
  const frame = header === undefined ? { SOPInstanceUID } : frameReference(header);
  const finding = {
    ...{ summary: 'Something.', finding: Sct.vertebra, certainty: 0.5, evaluations: [] },
    measurements: [{ name: Dcm.center, value: 1 / 3, unit: Units.millimetre }],
  };
  return {
    toolName: metadata.tool.id,
    metadata: { ...metadata, inputs: [SOPInstanceUID] },
    findings: [
      { ...finding, id: 'drawn', regions: [{ ...frame, graphicType: 'POINT', points: [[Columns / 2, Rows / 2]] }] },
      { ...finding, id: 'outlined', segmentNumber: 1 },
    ],
    segments: [
      {
        ...{ number: 1, label: 'Something', category: Sct.anatomicalStructure, type: Sct.vertebra },
        frames: [{ ...frame, bits: new Uint8Array(Math.ceil((Rows * Columns) / 8)).fill(1) }],
      },
    ],
    keyImages: keyImages.map((picture) => ({ ...picture, sources: [SOPInstanceUID] })),
    ...(report && { report }),
  };
}

function answerOn(instance: InstanceIndex): ResultData {
  const reason = { code: 'tool-failed', message: 'The tool failed.' };
  const about = { ...metadata, inputs: [instance.SOPInstanceUID], outcome: 'failed', reason } as const;
  return { toolName: metadata.tool.id, metadata: about, findings: [], segments: [], keyImages: [] };
}

/** Images that a tool may receive: with a matrix, and multi-frame only if the frames are described. */
const isImage = ({ Rows, Columns, NumberOfFrames = 1, frames }: InstanceIndex): boolean =>
  Rows !== undefined && Columns !== undefined && (NumberOfFrames === 1 || frames !== undefined);

describeWith(['data'], 'the output gate', () => {
  it('accepts results on every readable real file', () => {
    const refused: string[] = [];
    let images = 0;
    let objects = 0;
    for (const { path } of realFiles()) {
      const bytes = realFile(path);
      try {
        const file = readDicom(bytes, { stopBeforePixels: true });
        const instance = indexInstance(bytes);
        if (isImage(instance)) images += 1;
        const results = [answerOn(instance), ...(isImage(instance) ? [resultOn(instance)] : [])];
        for (const result of results) {
          for (const { attributes } of toDicom(result, sourceStudyOf([instance], file))) {
            encodeDicom(attributes);
            objects += 1;
          }
        }
      } catch (error) {
        if (!isKnown(error)) throw error;
        if (error.name !== 'DicomReadError') refused.push(`${path}: ${error.message}`);
      }
    }

    expect(refused).toEqual([]);
    expect(images).toBeGreaterThan(400);
    expect(objects).toBeGreaterThan(6 * 400);
  });
});

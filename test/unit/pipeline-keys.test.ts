import { describe, expect, it } from 'vitest';
import { isKeyUid } from '#dicom/uid.ts';
import { manifestKey, objectKey, parseManifestKey, resultKey, toolRuns } from '#pipeline/keys.ts';

const REVISION = 'a'.repeat(64);
const RUN = { tool: 'tiny', runId: 'b'.repeat(32) };
const SET = { ...RUN, setId: 'c'.repeat(32) };
const PATHS = ['..', '.', '../../etc/passwd', '1.2/../3', '1.2\n', '...', '', `1.${'2'.repeat(63)}`];

describe('keys', () => {
  it('accepts UIDs with leading zeros, which archives contain although the standard forbids them', () => {
    expect(isKeyUid('1.2.020060102.01')).toBe(true);
    expect(parseManifestKey(manifestKey('live', '1.2.01', REVISION))).toEqual({
      lane: 'live',
      StudyInstanceUID: '1.2.01',
      revision: REVISION,
    });
  });

  it('begin with the tool of a run, so that its role can be limited to them', () => {
    expect(resultKey(RUN)).toBe(`runs/tiny/${RUN.runId}/result.json`);
    expect(objectKey(SET, '2.25.1')).toBe(`${toolRuns('tiny')}${RUN.runId}/sets/${SET.setId}/objects/2.25.1.dcm`);
    for (const tool of ['..', 'tiny/../other', 'Tiny', '', 'a'.repeat(41)])
      expect(() => resultKey({ ...RUN, tool })).toThrow(RangeError);
  });

  it.each(PATHS)('lets no %j into a key', (uid) => {
    expect(isKeyUid(uid)).toBe(false);
    expect(() => manifestKey('live', uid, REVISION)).toThrow(RangeError);
    expect(() => objectKey(SET, uid)).toThrow(RangeError);
    expect(parseManifestKey(`live/studies/${uid}/${REVISION}/manifest.json`)).toBeUndefined();
  });
});

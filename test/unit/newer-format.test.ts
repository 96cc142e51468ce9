/** What a later version of Hilum wrote is sound: it waits, and is never refused as broken. */
import { describe, expect, it } from 'vitest';
import { MessageError, NewerFormatError } from '#core/errors.ts';
import { parseResult } from '#core/results/result.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { parseRunMessage } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';

const bytes = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

describe.each([
  ['a run message', 'hilum.run', (json: unknown) => parseRunMessage(JSON.stringify(json))],
  ['a manifest', 'hilum.manifest', (json: unknown) => parseManifest(bytes(json))],
  ['a stored result', 'hilum.result', (json: unknown) => parseResult(bytes(json))],
  ['a list of objects', 'hilum.objects', (json: unknown) => parseObjectList(bytes(json))],
] as const)('%s', (_, name, parse) => {
  it.each([2, 10])('of the later version %s waits', (version) => {
    expect(() => parse({ format: `${name}/${version}` })).toThrow(NewerFormatError);
  });

  it.each([`${name}/0`, `${name}/1`, `${name}/x`, 'other/2', 'hilum.other/2', 2, undefined])(
    'that says %s and is broken is refused',
    (format) => {
      expect(() => parse({ format })).toThrow(MessageError);
    },
  );

  it('that is no object is refused', () => {
    for (const json of [null, 'text', 7]) expect(() => parse(json)).toThrow(MessageError);
  });
});

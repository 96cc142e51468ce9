/** The DICOMweb contract with the Orthanc of this machine, which `hilum local up` starts. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { localDown, type OrthancEnvironment, orthancUp, startOrthanc, stopOrthanc } from '#localstack/local.ts';
import { dicomWebContract } from '../fixtures/dicomweb-contract.ts';
import { describeWith } from '../fixtures/lanes.ts';

const home = mkdtempSync(join(tmpdir(), 'hilum-dicomweb-'));

describeWith(['orthanc', 'postgresql'], 'on PostgreSQL', () => {
  let orthanc: OrthancEnvironment;
  beforeAll(async () => {
    orthanc = await orthancUp({ home, ports: 'free', stableAgeS: 1 });
  });
  afterAll(() => localDown({ home, purge: true }));

  dicomWebContract(() => ({ orthanc, stop: () => stopOrthanc(home), start: () => startOrthanc(home) }));
});

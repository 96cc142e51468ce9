/** The life of results on the Orthanc of Debian trixie: the rows of the table in docs/life-of-results.md that have a *. */
import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../fixtures/lanes.ts';
import { playRows } from '../fixtures/life-rows/play.ts';
import { ROWS } from '../fixtures/life-rows/table.ts';
import { type NewerOrthanc, startNewerOrthanc } from '../fixtures/newer-orthanc.ts';

describeWith(['newerOrthanc'], 'on the Orthanc of Debian trixie', () => {
  let pacs: NewerOrthanc;
  let overwriting: NewerOrthanc;
  beforeAll(async () => {
    pacs = await startNewerOrthanc();
    overwriting = await startNewerOrthanc({ OverwriteInstances: true });
  });
  afterAll(async () => {
    await pacs?.close();
    await overwriting?.close();
  });

  playRows(
    ROWS.filter(({ newer }) => newer),
    ({ overwrites }) => (overwrites ? overwriting : pacs).orthanc,
  );
});

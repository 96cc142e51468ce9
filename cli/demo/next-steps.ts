/** The next steps after the demo: look at the results, send a study, stop. */
import { passwordFile, readState, VIEWER_PORT } from '#localstack/home.ts';
import type { LocalEnvironment } from '#localstack/local.ts';

/**
 * Lines for `print`, which replaces each `hilum …` by what can be typed.
 *
 * @param environment undefined if the PACS ended with the demo
 */
export function nextSteps(environment: LocalEnvironment | undefined): readonly string[] {
  if (environment === undefined) {
    return [
      '',
      'The archive and the local cloud ended with the demo. If Orthanc and PostgreSQL are installed, they keep running, for',
      'the viewer and for your own studies: `hilum doctor` says how to get both.',
    ];
  }
  const { home, orthanc } = environment;
  const { viewerPort = VIEWER_PORT } = readState(home);
  return [
    '',
    'LOOK AT THE RESULTS',
    '  `hilum viewer`',
    `    shows them on the images, in OHIF at http://127.0.0.1:${viewerPort}/ (Ctrl-C ends it)`,
    `  Orthanc lists them beside the images: ${orthanc.url}/app/explorer.html`,
    `    user      ${orthanc.username}`,
    `    password  in ${passwordFile(home)}`,
    '',
    'SEND A STUDY OF YOUR OWN',
    '  1. `hilum edge`',
    '       forwards what arrives in Orthanc from now on; leave it running (Ctrl-C ends it)',
    `  2. Put DICOM files into Orthanc: ${orthanc.url}/app/explorer.html#upload`,
    '  3. `hilum status`',
    '       says how far each study is; you find its results as above',
    '  Or in one step, while no edge runs: `hilum demo --study FOLDER`',
    '',
    'STOP',
    '  `hilum local down`',
    '    Orthanc keeps its studies until the next start; `hilum local down --purge` removes them',
    ...(process.env['HILUM_HOME'] === undefined ? [] : ['', `In another terminal, first: export HILUM_HOME=${home}`]),
  ];
}

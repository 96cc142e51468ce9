import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judge } from '#viewer/guard.ts';

const PORT = 8043;
const HOST = `127.0.0.1:${PORT}`;
const STUDY = '/dicom-web/studies/1.2.3';

/** The judgement of a request: its target, or the status of its refusal. */
function verdict(url: string, method = 'GET', headers: Readonly<Record<string, string>> = {}): string | number {
  const judgement = judge({ method, url, headers: { host: HOST, ...headers } }, PORT);
  return 'status' in judgement ? judgement.status : judgement.target;
}

it('forwards requests that read a study to DICOMweb', () => {
  const asked = [
    '/dicom-web/studies?limit=101&00100010=*',
    `${STUDY}/series?includefield=00080021`,
    `${STUDY}/series/1.2.4/metadata`,
    `${STUDY}/series/1.2.4/instances/1.2.5/frames/1,2`,
    `${STUDY}/series/1.2.4/instances/1.2.5/bulk/00420011`,
    `${STUDY}/series/1.2.4/instances/1.2.5/rendered`,
  ];

  const verdicts = asked.flatMap((url) => [verdict(url), verdict(url, 'HEAD')]);

  expect(new Set(verdicts)).toEqual(new Set(['dicom-web']));
});

it('refuses methods that could change anything', () => {
  const methods = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND'];

  const verdicts = methods.map((method) => verdict(STUDY, method));

  expect(verdicts).toEqual(methods.map(() => 405));
});

it('refuses a body, which Orthanc would read as another request', () => {
  const bodies = [{ 'content-length': '60' }, { 'content-length': 'x' }, { 'transfer-encoding': 'chunked' }];

  const verdicts = bodies.map((headers) => verdict(STUDY, 'GET', headers));

  expect(verdicts).toEqual([400, 400, 400]);
  expect(verdict(STUDY, 'GET', { 'content-length': '0' })).toBe('dicom-web');
});

it('refuses other paths below DICOMweb, and all of Orthanc’s own API', () => {
  const refused = [
    '/dicom-web',
    '/dicom-web/',
    '/dicom-web/series?StudyInstanceUID=1.2.3',
    '/dicom-web/instances',
    '/dicom-web/servers',
    '/dicom-web/servers/other/get?uri=/studies',
    '/dicom-web/studies/../../instances',
    '/dicom-web/studies/%2e%2e/%2e%2e/system',
    '/dicom-web/studies/..%2f..%2fsystem',
    '/dicom-web/studies/a%00b',
    '/dicom-web//servers',
    '/dicom-web/studies//1',
    '/dicom-web/studiesx',
  ].filter((url) => verdict(url) === 'dicom-web');

  expect(refused).toEqual([]);
});

it('refuses another origin in the request line', () => {
  const urls = [
    'http://orthanc.invalid/dicom-web/studies',
    '//orthanc.invalid/dicom-web/studies',
    '/\\orthanc',
    '*',
    '',
  ];

  expect(urls.map((url) => verdict(url))).toEqual([400, 400, 400, 400, 400]);
});

it('answers only to its own host names, so that a page that uses DNS rebinding gets nothing', () => {
  const hosts = ['evil.example', `evil.example:${PORT}`, '127.0.0.1', `127.0.0.1:${PORT + 1}`, `[::1]:${PORT}`, ''];

  const verdicts = hosts.map((host) => verdict('/', 'GET', { host }));

  expect(verdicts).toEqual(hosts.map(() => 421));
  expect(verdict('/', 'GET', { host: `localhost:${PORT}` })).toBe('page');
});

it('gives data to its own pages and to typed addresses, not to other sites', () => {
  const sites = ['same-origin', 'none', 'same-site', 'cross-site'];

  const verdicts = sites.map((site) => verdict(STUDY, 'GET', { 'sec-fetch-site': site }));

  expect(verdicts).toEqual(['dicom-web', 'dicom-web', 403, 403]);
  expect(verdict('/viewer', 'GET', { 'sec-fetch-site': 'cross-site' })).toBe('page');
});

it('forwards, for any request, only plain paths of studies', () => {
  const anything = fc.oneof(
    fc.webUrl(),
    fc.string(),
    fc.string().map((text) => `/dicom-web/studies/${text}`),
  );

  fc.assert(
    fc.property(anything, (url) => {
      const judgement = judge({ method: 'GET', url, headers: { host: HOST } }, PORT);
      if ('status' in judgement || judgement.target !== 'dicom-web') return;
      expect(judgement.path).toMatch(/^\/dicom-web\/studies(\/[\w.,-]+)*$/);
      expect(judgement.path.split('/')).not.toContain('..');
    }),
    { numRuns: 2_000, seed: 1 },
  );
});

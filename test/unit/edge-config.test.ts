import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigurationError } from '#core/errors.ts';
import { readEdgeConfig } from '#edge/config.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { createAuthority } from '../fixtures/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-edge-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileWith = (text: string): string => {
  const file = join(folder, `${Math.abs(text.length)}.json`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

const enough = {
  HILUM_ORTHANC_URL: 'http://127.0.0.1:8042',
  HILUM_ORTHANC_USERNAME: 'hilum',
  HILUM_ORTHANC_PASSWORD: 'secret',
  HILUM_BUCKET: 'hilum-studies',
  HILUM_TOOLS_PARAMETER: '/hilum/tools',
  HILUM_EDGE_FOLDER: '/var/lib/hilum',
};

describe('the settings of the edge', () => {
  it('have defaults for all but address, user, bucket and folder', () => {
    expect(readEdgeConfig({ environment: enough })).toEqual({
      orthanc: {
        url: 'http://127.0.0.1:8042',
        dicomWebUrl: 'http://127.0.0.1:8042/dicom-web/',
        username: 'hilum',
        password: 'secret',
        timeoutMs: 60_000,
      },
      bucket: 'hilum-studies',
      toolsParameter: '/hilum/tools',
      aws: {},
      lane: 'live',
      start: 'now',
      folder: '/var/lib/hilum',
      pollMs: 500,
      scanEveryMs: 3_600_000,
      checkEveryMs: 600_000,
      checkedForMs: 3 * 86_400_000,
      patience: { deadlineMs: 1_800_000, holdMs: 600_000 },
    });
  });

  it('come from the environment before the file, and from the file before the local environment', () => {
    const file = fileWith(
      JSON.stringify({ HILUM_BUCKET: 'from-file', HILUM_EDGE_POLL_MS: 250, HILUM_EDGE_START: 'all' }),
    );
    const environment = { HILUM_BUCKET: 'from-environment', HILUM_TOOLS_PARAMETER: '/x', HILUM_EDGE_START: '' };

    const config = readEdgeConfig({ environment, file, defaults: [enough] });

    expect(config).toMatchObject({ bucket: 'from-environment', pollMs: 250, start: 'all', folder: '/var/lib/hilum' });
  });

  it('tell the AWS SDK what they say of region, address and profile, the environment first', () => {
    const file = fileWith(
      JSON.stringify({ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_PROFILE: 'edge' }),
    );

    const { aws } = readEdgeConfig({ environment: { ...enough, AWS_REGION: 'us-east-1' }, file });

    expect(aws).toEqual({
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_PROFILE: 'edge',
    });
  });

  it('are not taken from the local Orthanc or cloud for another one', () => {
    const local = [
      { HILUM_ORTHANC_URL: 'http://127.0.0.1:8042', HILUM_ORTHANC_USERNAME: 'local', HILUM_ORTHANC_PASSWORD: 'local' },
      { HILUM_BUCKET: 'local-bucket', HILUM_TOOLS_PARAMETER: '/local/tools' },
    ];
    const elsewhere = { HILUM_EDGE_FOLDER: '/f', HILUM_ORTHANC_URL: 'https://pacs.example', HILUM_BUCKET: 'hospital' };

    expect(() => readEdgeConfig({ environment: elsewhere, defaults: local })).toThrow(
      /HILUM_ORTHANC_USERNAME is not set.*HILUM_TOOLS_PARAMETER is not set: .*ToolsParameterName/,
    );
    const { orthanc, bucket } = readEdgeConfig({
      environment: { HILUM_EDGE_FOLDER: '/f', HILUM_ORTHANC_USERNAME: 'other', HILUM_BUCKET: 'local-bucket' },
      defaults: local,
    });
    expect([orthanc.username, orthanc.url, bucket]).toEqual(['other', 'http://127.0.0.1:8042', 'local-bucket']);
  });

  it('take what the connection to Orthanc is checked with from files', () => {
    const site = createAuthority('Site Authority');
    const { certificate, key } = site.issue({ use: 'client' });
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const environment = {
      ...{ ...enough, HILUM_ORTHANC_URL: 'https://pacs.example', HILUM_CA_FILE: file('ca.pem', site.certificate) },
      HILUM_CLIENT_CERTIFICATE_FILE: file('edge.pem', certificate),
      ...{ HILUM_CLIENT_KEY_FILE: file('edge.key', key), HILUM_PLAIN_HTTP_HOST: 'orthanc' },
    };

    const { orthanc } = readEdgeConfig({ environment });

    expect(orthanc).toMatchObject({ ca: site.certificate, certificate, key, plainHttpHost: 'orthanc' });
    expect(orthanc.dicomWebUrl).toBe('https://pacs.example/dicom-web/');
  });

  it('take the password from a file', () => {
    const { HILUM_ORTHANC_PASSWORD: _, ...rest } = enough;
    const HILUM_ORTHANC_PASSWORD_FILE = fileWith('from a file\n');

    expect(readEdgeConfig({ environment: { ...rest, HILUM_ORTHANC_PASSWORD_FILE } }).orthanc.password).toBe(
      'from a file',
    );
  });

  it.each([
    [{ HILUM_BUCKET: undefined }, /HILUM_BUCKET is not set: .*BucketName.*hilum local up/],
    [{ HILUM_BUCKET: 'No Bucket' }, /HILUM_BUCKET is wrong/],
    [{ HILUM_ORTHANC_URL: 'ftp://orthanc' }, /HILUM_ORTHANC_URL is wrong: .*http:\/\//],
    [{ HILUM_ORTHANC_URL: 'http://pacs.example' }, /pacs\.example must be reached over https.*HILUM_PLAIN_HTTP_HOST/],
    [{ HILUM_DICOMWEB_URL: 'http://127.0.0.1:8043/dicom-web' }, /must begin with the same https:\/\/host:port/],
    [{ HILUM_PLAIN_HTTP_HOST: 'pacs.example' }, /HILUM_PLAIN_HTTP_HOST .*without a dot/],
    [{ HILUM_CA_FILE: '/nowhere' }, /HILUM_CA_FILE names \/nowhere, but/],
    [{ HILUM_CA_FILE: fileWith('no certificate') }, /HILUM_CA_FILE .*holds no certificate/],
    [{ HILUM_CLIENT_KEY_FILE: fileWith('no key') }, /HILUM_CLIENT_CERTIFICATE_FILE .*belong together/],
    [
      { HILUM_ORTHANC_URL: undefined, HILUM_ORTHANC_USERNAME: undefined },
      /HILUM_ORTHANC_URL is not set.*HILUM_ORTHANC_USERNAME is not set/,
    ],
    [{ HILUM_ORTHANC_PASSWORD: undefined }, /HILUM_ORTHANC_PASSWORD is not set: .*HILUM_ORTHANC_PASSWORD_FILE/],
    [
      { HILUM_ORTHANC_PASSWORD: undefined, HILUM_ORTHANC_PASSWORD_FILE: '/nowhere' },
      /HILUM_ORTHANC_PASSWORD_FILE names \/nowhere/,
    ],
    [{ HILUM_EDGE_LANE: 'fast' }, /HILUM_EDGE_LANE is wrong: set it to live or backfill/],
    [{ HILUM_EDGE_START: 'then' }, /HILUM_EDGE_START is wrong: set it to now or all/],
    [{ HILUM_EDGE_POLL_MS: 'soon' }, /HILUM_EDGE_POLL_MS is wrong: set it to a number of milliseconds/],
    [{ HILUM_EDGE_CHECK_MINUTES: '0' }, /HILUM_EDGE_CHECK_MINUTES is wrong: set it to a number of minutes/],
    [{ HILUM_EDGE_CHECK_DAYS: '15' }, /HILUM_EDGE_CHECK_DAYS is wrong: set it to a number of days, 0 to 14/],
    [{ HILUM_EDGE_HEALTH_PORT: '99999' }, /HILUM_EDGE_HEALTH_PORT is wrong: set it to a port of this machine/],
    [{ HILUM_EDGE_SCAN_MINUTES: '0' }, /HILUM_EDGE_SCAN_MINUTES is wrong: set it to a number of minutes/],
  ])('that are missing or wrong are named with their fix: %o', (changed, message) => {
    const reading = () => readEdgeConfig({ environment: { ...enough, ...changed } });

    expect(reading).toThrow(ConfigurationError);
    expect(reading).toThrow(message);
    // The messages may name the archive's secret.
    expect(reading).not.toThrow(/(?<!archive's )secret/);
  });

  it.each([
    ['{"HILUM_BUCKT": "x"}', /there is no setting HILUM_BUCKT \(did you mean HILUM_BUCKET\?\)/],
    ['{"hilum_bucket": "x"}', /there is no setting hilum_bucket \(did you mean HILUM_BUCKET\?\)/],
    ['{"AWS_REGIN": "x", "HILUM_EDGE_POL_MS": 1}', /mean AWS_REGION\?\)\. .*mean HILUM_EDGE_POLL_MS\?/],
    ['{"PORT": 1}', /there is no setting PORT; the settings are HILUM_ORTHANC_URL, /],
    ['{"HILUM_BUCKET": ["x"]}', /HILUM_BUCKET must be a string or a number/],
    ['{"AWS_SECRET_ACCESS_KEY": "x"}', /AWS_SECRET_ACCESS_KEY does not belong in it: name a profile \(AWS_PROFILE\)/],
    ['[]', /holds no settings: it must be a JSON object/],
    ['{', /not JSON/],
  ])('in the file %s are reported with what is wrong', (text, message) => {
    expect(() => readEdgeConfig({ environment: enough, file: fileWith(text) })).toThrow(message);
  });

  it('are those that edge/README.md lists, and its example is read', () => {
    const page = readFileSync(join(ROOT, 'edge/README.md'), 'utf8');
    const listed = [...page.matchAll(/^\| (`(?:HILUM|AWS)_[^|]+) \|/gm)].flatMap(
      ([, cell = '']) => cell.match(/[A-Z]\w+/g) ?? [],
    );
    const [, example = ''] = /```json\n(.+?)```/s.exec(page) ?? [];
    const file = fileWith(example.replace('/etc/hilum/orthanc-password', fileWith('secret')).replace('…', 'studies'));

    const unknown = () => readEdgeConfig({ environment: enough, file: fileWith('{"X": 1}') });
    const { orthanc, aws } = readEdgeConfig({ environment: { HILUM_EDGE_FOLDER: '/f' }, file });

    expect([...new Set(listed)].sort()).toEqual(settingsIn(unknown));
    expect([orthanc.password, aws]).toEqual(['secret', { AWS_REGION: 'eu-central-1' }]);
  });

  it('in a file that does not exist are an error that names the file', () => {
    expect(() => readEdgeConfig({ environment: enough, file: join(folder, 'none') })).toThrow(/--config names .*none/);
  });
});

/** The names of all settings, which the refusal of an unknown one lists. */
function settingsIn(refused: () => unknown): readonly string[] {
  try {
    refused();
  } catch (error) {
    return (
      String(error)
        .split('the settings are ')[1]
        ?.match(/[A-Z]\w+/g) ?? []
    ).sort();
  }
  return [];
}

/** The command's answers to wrong usage and to refusals of the system: for each a sentence and an exit code. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nearestOf } from '#cli/suggest.ts';
import { runHilum } from '../fixtures/hilum.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-answers-'));
const at = (...names: readonly string[]): string => join(folder, ...names);
const HOME = { HILUM_HOME: at('no-home') };

beforeAll(() => {
  for (const [index, study] of ['a', 'b'].entries()) {
    mkdirSync(at('in', study), { recursive: true });
    const StudyInstanceUID = `1.2.${index + 1}`;
    writeFileSync(
      at('in', study, '1.dcm'),
      makeRadiographFile({ StudyInstanceUID, SOPInstanceUID: `${StudyInstanceUID}.1` }),
    );
  }
  writeFileSync(at('file'), 'a file');
  mkdirSync(at('empty'));
  symlinkSync(at('nowhere'), at('broken'));
  symlinkSync('loop', at('loop'));
  symlinkSync(at('in'), at('link-to-in'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (out: string, ...more: readonly string[]): readonly string[] => [
  'run',
  at('in'),
  '--tool',
  'caries',
  '--out',
  out,
  ...more,
];

/** Wrong usage: the arguments, and the sentence. */
const WRONG: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
  [['inspct'], /unknown command 'inspct'\n\(Did you mean inspect\?\)/],
  [['help', 'inspct'], /There is no command inspct \(did you mean inspect\?\)\. Choose one of: run, /],
  [['local', 'uo'], /unknown command 'uo'\n\(Did you mean up\?\)/],
  [['models', 'pul', 'x'], /There is no command pul \(did you mean pull\?\)/],
  [['run', at('in'), '--tools', 'caries', '--out', at('out')], /unknown option '--tools'\n\(Did you mean --tool\?\)/],
  [['run', at('in'), '--out', at('out')], /--tool <id> is missing\. For example: bin\/hilum run study\//],
  [['run', at('in'), '--tool', 'caries'], /--out <folder> is missing\. For example: bin\/hilum run study\//],
  [['run', at('in'), '--tool', 'caries', '--out', ''], /--out <folder> is empty/],
  [
    ['run', at('in'), '--tool', 'caries', '--out', at('out'), '--at', '2026-01-31T08:15:00'],
    /--at takes a time with its offset from UTC, such as 2026-01-31T08:15:00\+01:00, or two; not 2026-01-31T08:15:00\n/,
  ],
  [
    ['run', at('in'), '--tool', 'caries', '--out', at('out'), '--at', '2026-01-31T08:15:00Z,2026-01-31,'],
    /--at takes a time with its offset from UTC/,
  ],
  [
    ['run', '--tool', 'caries', '--out', at('out')],
    /missing required argument 'path'\nFor example: bin\/hilum run study\//,
  ],
  [
    ['run', at('in'), '--tool', 'cares', '--out', at('out')],
    /no tool cares \(did you mean caries\?\)\. Choose one of: .*vertebral-/,
  ],
  [['models', 'pull', 'brain-meshne'], /no model brain-meshne \(did you mean brain-meshnet\?\)\. Choose one of: /],
  [['models', 'pull', 'caries-lesion', 'spine-sagittal'], /too many arguments for 'pull'/],
  [run('/proc'), /--out \/proc cannot be written: no folder can be made in \/proc/],
  [['inspect', ''], /There is no file or folder ''/],
  [['run', at('none'), '--tool', 'caries', '--out', at('out')], /There is no file or folder .*none/],
  [['run', at('empty'), '--tool', 'caries', '--out', at('out')], /There are no files in .*empty/],
  [['inspect', at('loop')], /loop leads nowhere: its symbolic links go in a circle/],
  [['inspect', at('broken')], /There is no file or folder .*broken/],
  [['inspect', at('x'.repeat(300))], /longer than a path may be/],
  [run(at('file')), /--out .*file is not a folder, and none can be made there: .*file is a file/],
  [run(at('file', 'below')), /--out .*below is not a folder.*: .*file is a file/],
  [run(at('broken')), /--out .*: .*broken is a link to .*nowhere, which does not exist/],
  [run(at('broken', 'below')), /--out .*: .*broken is a link to .*nowhere, which does not exist/],
  [run(at('loop')), /--out .*: its symbolic links lead in a circle/],
  [run(at('x'.repeat(300))), /--out .* longer than the file system allows/],
  [run('/dev/null'), /--out \/dev\/null is not a folder.*\/dev\/null is a device, a pipe or/],
  [run(at('in')), /--out .*in is an input folder .*: a second run would read/],
  [run(at('in', 'a', 'new', 'deep')), /--out .*deep lies in an input folder/],
  [run(at('link-to-in', 'out')), /--out .*link-to-in\/out lies in an input folder/],
  [['status', ''], /status takes a StudyInstanceUID, not ''/],
  [['status', 'abc'], /status takes a StudyInstanceUID, not abc: a UID consists of digits and dots/],
  [['status', '1.2/3'], /status takes a StudyInstanceUID, not 1\.2\/3/],
  [['status', `1.${'2'.repeat(70)}`], /it has 72 characters, and a UID at most 64/],
  [['status', '--state', 'fialed'], /no state fialed \(did you mean failed\?\)\. Choose one of: received, /],
  [['status', '--limit', '0'], /--limit takes a whole number from 1 to /],
  [['status', '--since', '2026-13-01'], /--since takes a time such as 2026-01-31 .*, not 2026-13-01/],
  [['status', '--after', 'x'], /--after takes what the end of the last page says, not x/],
  [['status', '1.2', '--after', '2026-01-01T00:00:00.000Z/0'], /--after continues a list of all studies/],
  [['edge', 'resnd'], /too many arguments for 'edge'/],
  [['edge', 'resend'], /resend takes a StudyInstanceUID, or --since with a time/],
  [['edge', 'resend', 'abc'], /resend takes a StudyInstanceUID, not abc/],
  [['edge', 'resend', '1.2', '--since', '2026-01-01'], /resend takes a study or --since, not both/],
  [['edge', 'resend', '--since', 'yesterday'], /--since takes a time such as 2026-01-31.*, not yesterday/],
  [['edge', 'resend', '--since', '2026-02-31T25:00'], /--since takes a time such as .*, not 2026-02-31T25:00/],
  [['edge', 'resend', '--since', '9999-01-01'], /--since takes .*, and 9999-01-01 lies in the future/],
  [['redrive', '--study', 'x'], /--study takes a StudyInstanceUID, not x/],
  [['redrive', '--since', 'x'], /--since takes a time such as 2026-01-31 .*, not x/],
  [['redrive', '1.2.3'], /too many arguments for 'redrive'/],
  [['deliver', 'abc'], /deliver takes the id of a run, not abc: it needs at least its first 6 characters/],
  [
    ['deliver', '1.2.840'],
    /deliver takes the id of a run, not 1\.2\.840: an id consists of .*`bin\/hilum status STUDY`/,
  ],
  [['deliver', 'a'.repeat(33)], /it has 33 characters, and an id 32/],
  [['deliver'], /missing required argument 'run'\nFor example: bin\/hilum deliver 3f2a9c04/],
  [['rerun'], /missing required argument 'study'\nFor example: bin\/hilum rerun 1\.2/],
  [['rerun', 'abc'], /rerun takes a StudyInstanceUID, not abc/],
  [['replay', 'xyz'], /replay takes the id of a run, not xyz: an id consists of the digits/],
  [['viewer', '--port', '0'], /--port takes a whole number from 1 to 65535/],
  [['viewer', '--port', '99999'], /--port takes a whole number from 1 to 65535/],
  [['viewer', '--study', '...'], /--study takes a StudyInstanceUID/],
  [['demo', '--timeout', '-1'], /--timeout takes a whole number of seconds from 1 to 86400/],
  [['demo', '--timeout', '1e9'], /--timeout takes a whole number of seconds from 1 to 86400/],
  [['local', 'up', '--stable-age', '1.5'], /--stable-age takes a whole number of seconds from 1 to 86400/],
];

describe('wrong usage', () => {
  it.each(WRONG)('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await runHilum(args, HOME);

    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('unexpected');
    expect([code, stdout]).toEqual([2, '']);
    expect(existsSync(at('out'))).toBe(false);
  });
});

/** What the machine refuses: the arguments, the environment and the sentence. */
const REFUSED: readonly (readonly [
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  sentence: RegExp,
])[] = [
  [
    ['local', 'up'],
    { HILUM_HOME: at('file') },
    /file cannot be made: a file of that name is in the way.* HILUM_HOME .*\(EEXIST\)/,
  ],
  [
    ['local', 'up'],
    { HILUM_HOME: at('file', 'home') },
    /home cannot be made: a part of its path is not a folder.*\(ENOTDIR\)/,
  ],
  [['local', 'up'], { HILUM_HOME: '/proc/none' }, /\/proc\/none cannot be made: .* HILUM_HOME/],
  [
    ['edge', 'resend', '1.2.3'],
    { HILUM_EDGE_FOLDER: at('empty') },
    /No edge has worked in .*empty: HILUM_EDGE_FOLDER names the folder/,
  ],
  [
    ['models', 'pull', 'brain-meshnet'],
    { HILUM_MODELS_DIR: at('file') },
    /HILUM_MODELS_DIR names .*file, which is not a readable folder/,
  ],
];

describe('what the machine refuses', () => {
  it.each(REFUSED)('%j with %j', async (args, env, sentence) => {
    const { code, stderr } = await runHilum(args, { ...HOME, ...env });

    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('unexpected');
    expect(code).toBe(1);
  });

  it('names the damaged state file of the local environment', async () => {
    mkdirSync(at('damaged'));
    writeFileSync(at('damaged', 'local.json'), '{');

    const { code, stderr } = await runHilum(['local', 'status'], { HILUM_HOME: at('damaged') });

    expect([code, stderr]).toEqual([1, expect.stringMatching(/local\.json is damaged \(it is not JSON\): /)]);
  });

  it('ends with a sentence if its own output cannot be written', () => {
    const command = `"${process.execPath}" "${join(import.meta.dirname, '../../cli/hilum.ts')}" tools > /dev/full`;
    const script = `${command}; [ $? = 1 ] || exit 9`;

    const stderr = execFileSync('sh', ['-c', `{ ${script}; } 2>&1`], { encoding: 'utf8' });

    expect(stderr).toMatch(/^hilum: Standard output cannot be written: the disk is full\./);
  });

  it('writes no part of a study whose files are too large, and names the file that could not be written', () => {
    const hilum = `"${process.execPath}" "${join(import.meta.dirname, '../../cli/hilum.ts')}"`;
    const script = `ulimit -f 1; ${hilum} run "${at('in')}" --tool caries --out "${at('small')}" 2>&1; [ $? = 1 ] || exit 9`;

    const told = execFileSync('bash', ['-c', script], { encoding: 'utf8' });

    expect(told).toMatch(/small\/1\.2\.1\/\S+\.dcm cannot be written: the file would be larger than.*\(EFBIG\)/);
    expect(existsSync(at('small'))).toBe(false);
  });
});

describe('an input that cannot all be read', () => {
  it('is answered from the readable files, and names the others', async () => {
    mkdirSync(at('partly'));
    symlinkSync('../in/a', at('partly', 'study'));
    symlinkSync('.', at('partly', 'itself'));
    symlinkSync('nowhere', at('partly', 'dead'));
    symlinkSync('circle', at('partly', 'circle'));

    const { code, stdout, stderr } = await runHilum(
      ['run', at('partly'), '--tool', 'caries', '--out', at('answers')],
      HOME,
    );

    expect(code).toBe(0);
    expect(stdout).toMatch(/^1\.2\.1: not-applicable/);
    expect(stdout).toContain('2 files were refused in its folders or above them');
    expect(stdout).toContain(`1 study: 1 not-applicable.\nWritten to ${at('answers')}/<StudyInstanceUID>/`);
    expect(stderr).toMatch(/refused .*circle: It is a link that leads in a circle \(unreadable\)/);
    expect(stderr).toMatch(/refused .*dead: It is no longer there, or is a link that leads nowhere \(unreadable\)/);
    expect(readdirSync(at('answers'))).toEqual(['1.2.1']);
  });
});

describe('the runs table that cannot be read', () => {
  const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-central-1' };
  const status = (env: Readonly<Record<string, string>>) =>
    runHilum(['status', '1.2.3'], { ...HOME, HILUM_RUNS_TABLE: 'runs', ...env });

  it.each([
    ['ExpiredTokenException', /credentials have expired: sign in again/],
    ['AccessDeniedException', /may not use it: give their role the permission/],
    ['ResourceNotFoundException', /it does not exist: check the name, the account, the region/],
    ['UnrecognizedClientException', /the credentials are not valid there/],
    ['', /the server at that address is not AWS: check AWS_ENDPOINT_URL/],
  ])('is reported with its reason: %s', async (type, sentence) => {
    const table = createServer((_request, response) => {
      if (type === '') response.end('<html>');
      else
        response.writeHead(400, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ __type: type }));
    });
    await new Promise<void>((resolve) => table.listen(0, '127.0.0.1', resolve));
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(table.address() as AddressInfo).port}`;
    const { code, stderr } = await status({ ...CREDENTIALS, AWS_ENDPOINT_URL });
    table.close();

    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    expect(stderr).toContain('the runs table (HILUM_RUNS_TABLE)');
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'nobody listens',
      { ...CREDENTIALS, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      /nothing answers: .*AWS_ENDPOINT_URL.*ECONNREFUSED/,
    ],
    ['no address', { ...CREDENTIALS, AWS_ENDPOINT_URL: 'nonsense' }, /AWS_ENDPOINT_URL is not an address/],
    [
      'no credentials',
      {
        AWS_REGION: 'eu-central-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
        AWS_CONFIG_FILE: '/nowhere',
      },
      /no credentials were found: set AWS_PROFILE/,
    ],
    [
      'no table',
      { HILUM_RUNS_TABLE: '' },
      /no local environment was started .*hilum local up`, or set HILUM_RUNS_TABLE/,
    ],
  ])('is reported with its fix: %s', async (_what, env, sentence) => {
    const { code, stderr } = await status(env);

    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  });
});

describe('a suggestion', () => {
  const NAMES = ['brain-tissue', 'caries', 'vertebral-fracture'];

  it.each([
    ['cares', 'caries'],
    ['Caries', 'caries'],
    ['acries', 'caries'],
    ['brain', 'brain-tissue'],
    ['vertebral_fracture', 'vertebral-fracture'],
    ['none', undefined],
    ['', undefined],
  ])('for %j is %j', (typed, meant) => {
    expect(nearestOf(typed, NAMES)).toBe(meant);
  });
});

/** The command's answers to right and wrong usage. */
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runHilum } from '../fixtures/hilum.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const hilum = (...args: readonly string[]) => runHilum(args, { HILUM_HOME: join(tmpdir(), 'hilum-no-such-home') });

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hilum-cli-'));
  out = await mkdtemp(join(tmpdir(), 'hilum-cli-out-'));
});

describe('hilum', () => {
  it.each([
    'run',
    'inspect',
    'tools',
    'models',
    'local',
    'doctor',
    'demo',
    'edge',
    'status',
    'rerun',
    'deliver',
    'replay',
    'redrive',
  ])('explains %s', async (command) => {
    const { code, stdout } = await hilum(command, '--help');

    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: hilum ${command}`);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no command', [], /Usage: hilum/],
    ['a command that is not there', ['runn'], /unknown command 'runn'/],
    ['an option that is not there', ['tools', '--jsonn'], /unknown option '--jsonn'/],
    ['run without a tool', ['run', '.', '--out', 'x'], /--tool/],
    ['run without a place to write', ['run', '.', '--tool', 'caries'], /--out/],
    [
      'a tool that is not there',
      ['run', '.', '--tool', 'none', '--out', 'x'],
      /There is no tool none\. Choose one of: .*caries/,
    ],
    ['a path that is not there', ['inspect', '/no/such/file'], /There is no file or folder \/no\/such\/file/],
    [
      'a model that is not there',
      ['models', 'pull', 'none'],
      /There is no model none\. Choose one of: .*brain-meshnet/,
    ],
    ['a demo without time', ['demo', '--timeout', 'soon'], /--timeout takes a whole number of seconds/],
  ])('answers wrong usage with exit code 2 and a sentence: %s', async (_what, args, sentence) => {
    const { code, stderr } = await hilum(...args);

    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says what to do if there is no deployment, without a stack trace', async () => {
    const { code, stderr } = await hilum('status');

    expect(code).toBe(1);
    expect(stderr).toMatch(/hilum local up/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('hilum tools', () => {
  it('prints each tool with its version for scripts', async () => {
    const { code, stdout } = await hilum('tools', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ id: 'caries', version: expect.stringMatching(/^\d+\.\d+\.\d+\+r\d+/) }),
    );
  });
});

describe('hilum models', () => {
  it('prints each model with its digest, licence, state and tools for scripts', async () => {
    const { code, stdout } = await hilum('models', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({
        id: 'brain-meshnet',
        version: '1.0.0',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        licence: 'BSD-2-Clause',
        state: expect.stringMatching(/^(present|missing)$/),
        tools: ['brain-tissue'],
      }),
    );
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ id: 'caries-lesion', state: 'present' }));
  });

  it('fetches nothing for a model that comes with Hilum', async () => {
    const { code, stdout } = await hilum('models', 'pull', 'caries-lesion');

    expect(code).toBe(0);
    expect(stdout).toMatch(/comes with Hilum/);
  });
});

describe('hilum inspect', () => {
  it('prints no file name with terminal control characters, and reads neither devices nor files that are plainly not DICOM', async () => {
    await writeFile(join(folder, 'a\x1b]0;owned\x07.dcm'), 'not DICOM');

    const named = await hilum('inspect', folder);
    const device = await hilum('inspect', '/dev/zero');

    expect(named.code).toBe(0);
    expect(named.stdout).toContain('a?]0;owned?.dcm');
    expect(named.stdout).toContain('not-dicom');
    expect(device.code).toBe(2);
    expect(device.stderr).toContain('neither a file nor a folder');
  });

  it('describes each file, and refuses a file that is not DICOM with a code', async () => {
    const dicom = join(folder, 'a.dcm');
    const text = join(folder, 'b.txt');
    await writeFile(dicom, makeRadiographFile());
    await writeFile(text, 'no DICOM');

    const { code, stdout } = await hilum('inspect', folder, '--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        path: dicom,
        ok: true,
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
        Modality: 'DX',
        TransferSyntaxUID: '1.2.840.10008.1.2.1',
        Rows: 4,
        Columns: 4,
        // SHA-256 of 0, 100 … 1500 as 16-bit little-endian words.
        pixelSha256: 'f9e7392385a7534b4d6fc92b4efb95f70101bd5704a9011d692da6a2a9a14d5f',
      },
      { path: text, ok: false, code: 'not-dicom', message: expect.stringMatching(/./) },
    ]);
  });
});

describe('hilum run', () => {
  const run = (path: string, tool: string) => hilum('run', path, '--tool', tool, '--out', out, '--json');

  it('says that a tool does not take a study, which is an answer', async () => {
    await writeFile(join(folder, 'a.dcm'), makeRadiographFile());

    const { code, stdout } = await run(join(folder, 'a.dcm'), 'vertebral-fracture');

    const [report, ...others] = JSON.parse(stdout) as readonly { readonly StudyInstanceUID: string }[];
    expect(code).toBe(0);
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      tool: 'vertebral-fracture',
      outcome: 'not-applicable',
      reason: { code: expect.stringMatching(/./), message: expect.stringMatching(/./) },
      findings: [],
      objects: [
        { kind: 'non-result', SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.22' },
        { kind: 'secondary-capture', SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' },
        { kind: 'pdf', SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1' },
      ],
    });
    const written = await readFile(join(out, report?.StudyInstanceUID ?? '', 'result.json'), 'utf8');
    expect(JSON.parse(written)).toEqual(report);
  });

  it('fails with the code of a refused file if there is no other file', async () => {
    await writeFile(join(folder, 'a.dcm'), 'no DICOM');

    const { code, stdout, stderr } = await run(join(folder, 'a.dcm'), 'caries');

    expect(code).toBe(1);
    expect(stderr).toContain('(not-dicom)');
    expect(JSON.parse(stdout)).toMatchObject([
      { outcome: 'failed', reason: { code: 'not-dicom' }, refused: [{ code: 'not-dicom' }] },
    ]);
  });

  it('names in each study’s report the refused files near it', async () => {
    for (const study of ['a', 'b']) await mkdir(join(folder, study, 'deeper'), { recursive: true });
    await writeFile(
      join(folder, 'a', '1.dcm'),
      makeRadiographFile({ StudyInstanceUID: '1.2.1', SOPInstanceUID: '1.2.1.1' }),
    );
    await writeFile(
      join(folder, 'b', '2.dcm'),
      makeRadiographFile({ StudyInstanceUID: '1.2.2', SOPInstanceUID: '1.2.2.1' }),
    );
    for (const name of ['of-both.txt', 'a/deeper/of-a.txt', 'a/of-a.txt', 'b/of-b.txt'])
      await writeFile(join(folder, name), 'no DICOM');

    const { stdout } = await run(folder, 'vertebral-fracture');

    const reports = JSON.parse(stdout) as readonly { readonly refused: readonly { readonly path: string }[] }[];
    expect(reports.map(({ refused }) => refused.map(({ path }) => relative(folder, path)))).toEqual([
      ['a/deeper/of-a.txt', 'a/of-a.txt', 'of-both.txt'],
      ['b/of-b.txt', 'of-both.txt'],
    ]);
    expect(reports[0]?.refused[0]).toMatchObject({ code: 'not-dicom', message: expect.stringMatching(/./) });
    expect(JSON.parse(await readFile(join(out, '1.2.2', 'result.json'), 'utf8'))).toEqual(reports[1]);
  });

  it('takes copies of an instance once', async () => {
    await writeFile(join(folder, 'a.dcm'), makeRadiographFile());
    await writeFile(join(folder, 'b.dcm'), makeRadiographFile());

    const [report, ...others] = JSON.parse((await run(folder, 'vertebral-fracture')).stdout) as readonly unknown[];

    expect(others).toEqual([]);
    expect(report).toMatchObject({
      refused: [],
      objects: [{ kind: 'non-result' }, { kind: 'secondary-capture' }, { kind: 'pdf' }],
    });
  });
});

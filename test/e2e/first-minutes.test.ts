/**
 * A newcomer's first minutes, in a copy of the tree: README's command, then the next steps that it prints, typed as they
 * are printed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { makeHome, updateState } from '#localstack/home.ts';
import { localDown, localStatus } from '#localstack/local.ts';
import { freePort } from '#localstack/processes.ts';
import { makeBitewing } from '#phantoms/dental.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { describeWith } from '../fixtures/lanes.ts';

const WITHIN = { timeout: 120_000, interval: 500 };

describeWith(['cloud', 'orthanc', 'postgresql', 'ohif'], 'the first minutes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-first-'));
  const tree = join(folder, 'hilum');
  const home = join(tree, '.hilum');
  const running: ChildProcess[] = [];
  /** What the demo printed. */
  let words = '';

  beforeAll(async () => {
    copyTree(tree);
    makeHome(home);
    const ports = { postgresql: await freePort(), orthanc: await freePort(), cloud: await freePort() };
    updateState(home, { ports, viewerPort: await freePort() });
    const demo = await typed('npm run demo');
    expect(demo).toMatchObject({ code: 0 });
    words = demo.text;
  }, 300_000);
  afterAll(async () => {
    for (const child of running) child.kill('SIGTERM');
    await localDown({ home, purge: true });
    rmSync(folder, { recursive: true });
  });

  /** Starts a command line in the tree, as a person would type it. */
  function type(line: string): ChildProcess {
    const names = Object.keys(process.env).filter((name) =>
      /^(HILUM_HOME|HILUM_EDGE|AWS_|NODE_|VITEST|npm_)/.test(name),
    );
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)));
    const child = spawn('sh', ['-c', `exec ${line}`], { cwd: tree, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    return child;
  }
  async function typed(line: string) {
    const child = type(line);
    const [out = [], err = [], [code]] = await Promise.all([
      child.stdout?.toArray(),
      child.stderr?.toArray(),
      once(child, 'close'),
    ]);
    return { code: Number(code), text: out.join(''), complaint: err.join('') };
  }
  /** The one command of the next steps that does this. */
  function printed(what: RegExp): string {
    const [command, ...others] = [...words.matchAll(/`([^`]+)`/g)].flatMap(([, line = '']) =>
      what.test(line) ? [line] : [],
    );
    expect([command, others]).toEqual([expect.any(String), []]);
    return command ?? '';
  }
  /** Puts files into Orthanc as the page does that the next steps name, with the user and the password that they name. */
  async function upload(files: readonly Uint8Array[]): Promise<void> {
    const [, address = '', user = '', passwordFile = ''] =
      /(http:\S+\/app\/explorer\.html)\s+user +(\S+)\s+password +in (\S+)/.exec(words) ?? [];
    const authorization = `Basic ${Buffer.from(`${user}:${readFileSync(passwordFile, 'utf8').trim()}`).toString('base64')}`;
    const page = await fetch(address, { headers: { authorization } });
    expect([page.status, (await page.text()).includes('id="upload"')]).toEqual([200, true]);
    expect(words).toContain(`${address}#upload`);
    expect(statSync(passwordFile).mode & 0o077).toBe(0);
    for (const body of files) {
      const answer = await fetch(new URL('../instances', address), {
        method: 'POST',
        headers: { authorization },
        body,
      });
      expect(answer.status).toBe(200);
    }
  }

  it('end with words: where to look, what to start next, how to stop; no JSON, no password, no line too long', () => {
    const next = words.slice(words.indexOf('LOOK AT THE RESULTS'));
    const { orthancPassword } = JSON.parse(readFileSync(join(home, 'secrets.json'), 'utf8'));

    expect(words).not.toContain('{"');
    expect(words).not.toContain(orthancPassword);
    expect(next.match(/^[A-Z][A-Z ]+$/gm)).toEqual(['LOOK AT THE RESULTS', 'SEND A STUDY OF YOUR OWN', 'STOP']);
    expect(Math.max(...next.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('lead a study of one’s own through the tools and into the viewer by the steps that are printed', async () => {
    const files = radiographPhantomToDicom(makeBitewing({ seed: 31 }), { seed: 31 });
    const { StudyInstanceUID } = indexInstance(files[0] ?? new Uint8Array());
    const edge = type(printed(/ edge$/));
    await expect.poll(() => edge.stderr?.read()?.toString() ?? '', WITHIN).toContain('tools-deployed');

    await upload(files);

    const status = printed(/ status$/);
    const runs = async () => JSON.parse((await typed(`${status} --json`)).text) as readonly Run[];
    const delivered = async () =>
      (await runs()).filter((run) => run.StudyInstanceUID === StudyInstanceUID && run.state === 'delivered');
    await expect.poll(async () => (await delivered()).map(({ tool }) => tool), WITHIN).toEqual(['caries']);
    expect((await typed(status)).text).toContain(StudyInstanceUID);

    const viewer = type(printed(/ viewer$/));
    const [said] = (await once(viewer.stdout ?? viewer, 'data')) as [Buffer];
    const [address = ''] = /http:\S+\//.exec(said.toString()) ?? [];
    expect(words).toContain(address);
    const page = await fetch(`${address}viewer?StudyInstanceUIDs=${StudyInstanceUID}`);
    const series = await fetch(`${address}dicom-web/studies/${StudyInstanceUID}/series`);
    const modalities = (await series.json()) as readonly { readonly '00080060': { readonly Value: [string] } }[];
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(modalities.map((one) => one['00080060'].Value[0])).toEqual(expect.arrayContaining(['IO', 'SEG', 'SR']));

    const refused = await typed('npm run --silent demo');
    expect([refused.code, refused.text]).toEqual([1, expect.not.stringContaining('deploying')]);
    expect(refused.complaint).toContain(`process ${edge.pid}. First stop it (\`kill ${edge.pid}\`)`);
    for (const child of [edge, viewer]) {
      child.kill('SIGINT');
      expect((await once(child, 'exit'))[0]).toBe(0);
    }
  }, 240_000);

  it('take a folder of one’s own in one step', async () => {
    const own = join(folder, 'own study');
    mkdirSync(own);
    for (const [index, bytes] of radiographPhantomToDicom(makeBitewing({ seed: 32 }), { seed: 32 }).entries())
      writeFileSync(join(own, `${index}.dcm`), bytes);

    const { code, text } = await typed(printed(/ demo --study FOLDER$/).replace('FOLDER', `'${own}'`));

    expect([code, text]).toEqual([0, expect.stringMatching(/^ +found: Suspected caries/m)]);
  });

  it('end where the last step says', async () => {
    const stopped = await typed(printed(/ local down$/));
    const states = (await localStatus({ home })).map(({ state }) => state);
    const purged = await typed(printed(/ local down --purge$/));

    expect([stopped.code, states, purged.code]).toEqual([0, ['stopped', 'stopped', 'stopped'], 0]);
  });
});

interface Run {
  readonly StudyInstanceUID: string;
  readonly tool: string;
  readonly state: string;
}

/** Copies the present files of the clone, and links what the set-up installs. */
function copyTree(tree: string): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  const files = listed.stdout.toString().split('\0');
  // A file that is deleted and not yet committed is listed too.
  for (const file of files.filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(ROOT, file), join(tree, file), { verbatimSymlinks: true });
  }
  for (const name of ['node_modules', '.venv', '.cache']) {
    rmSync(join(tree, name), { force: true });
    symlinkSync(join(ROOT, name), join(tree, name));
  }
}

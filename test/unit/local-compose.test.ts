import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { endpointOf } from '#adapters/trust/endpoint.ts';
import { ORTHANC_IN_DOCKER, writeDockerSecrets } from '../../localstack/docker.ts';
import { ROOT } from '../../localstack/parts.mjs';

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}
interface ComposeService {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

const { services, secrets } = parse(readFileSync(join(ROOT, 'localstack/compose.yaml'), 'utf8')) as ComposeFile;
const shared = JSON.parse(readFileSync(join(ROOT, 'localstack/orthanc/orthanc.json'), 'utf8'));

it('opens every port on the loopback interface only, and none to the database', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);

  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  expect(services['postgresql']?.ports).toBeUndefined();
});

it('reaches Orthanc without TLS at the service’s name only, which does not leave the network of the containers', () => {
  const { plainHttpHost, dicomWebUrlForFunctions } = ORTHANC_IN_DOCKER;

  expect(services[plainHttpHost]).toBeDefined();
  expect(endpointOf(dicomWebUrlForFunctions, plainHttpHost).transport).toBe('plain-host');
  expect(() => endpointOf(dicomWebUrlForFunctions)).toThrow(/plainHttpHost/);
});

it('pins every image to one version and checks the health of every service', () => {
  const images = Object.values(services).map(({ image }) => image);

  expect(Object.keys(services).sort()).toEqual(['localstack', 'orthanc', 'postgresql']);
  expect(images.filter((image) => !/:\d+\.\d+(\.\d+)?(-[a-z]+)?$/.test(image))).toEqual([]);
  expect(Object.values(services).filter(({ healthcheck }) => healthcheck === undefined)).toEqual([]);
});

it('contains no password: passwords are in files that the environment names, and the token is in the environment', () => {
  const settings = Object.values(services).flatMap(({ environment = {} }) => Object.entries(environment));
  const secretive = settings.filter(([name]) => /PASSWORD|TOKEN|SECRET|USERS/.test(name));
  const files = Object.values(secrets).map(({ file }) => file);

  expect(secretive.length).toBe(2);
  expect(secretive.filter(([, value]) => !/^(\/run\/secrets\/\w+|\$\{\w+:-\})$/.test(value))).toEqual([]);
  expect(files.filter((file) => !/^\$\{HILUM_DOCKER_SECRETS:\?/.test(file))).toEqual([]);
  expect(settings.map(([name]) => name)).not.toContain('VERBOSE_STARTUP');
});

it('gives Orthanc the configuration that the native one has, with authentication on and no DIMSE listener', () => {
  const { volumes = [] } = services['orthanc'] ?? {};

  expect(volumes).toContain('./orthanc/orthanc.json:/etc/orthanc/shared.json:ro');
  expect(shared).toMatchObject({
    AuthenticationEnabled: true,
    OverwriteInstances: false,
    DicomServerEnabled: false,
    PostgreSQL: { EnableIndex: true, EnableStorage: true },
  });
  expect(JSON.stringify(shared)).not.toMatch(/password/i);
});

it('gives Orthanc the filter that keeps other web pages out, as the native one has it', () => {
  const { LuaScripts } = JSON.parse(readFileSync(join(ROOT, 'localstack/orthanc/docker.json'), 'utf8'));

  expect(LuaScripts).toEqual(['/etc/orthanc/own_pages.lua']);
  expect(services['orthanc']?.volumes).toContain('./orthanc/own_pages.lua:/etc/orthanc/own_pages.lua:ro');
});

it('has OHIF as a plugin, on DICOMweb, and its button on a study of Explorer 2', () => {
  const docker = JSON.parse(readFileSync(join(ROOT, 'localstack/orthanc/docker.json'), 'utf8'));

  expect(services['orthanc']?.environment).toMatchObject({
    DICOM_WEB_PLUGIN_ENABLED: 'true',
    ORTHANC_EXPLORER_2_ENABLED: 'true',
    OHIF_PLUGIN_ENABLED: 'true',
  });
  expect(docker).toMatchObject({
    OHIF: { DataSource: 'dicom-web' },
    OrthancExplorer2: { IsDefaultOrthancUI: true, UiOptions: { EnableOpenInOhifViewer3: true } },
  });
});

it('generates the files that the compose file names, in a folder that only the owner can access', () => {
  const home = mkdtempSync(join(tmpdir(), 'hilum-compose-'));
  const passwords = { orthancPassword: 'one', postgresPassword: 'two', orthancDatabasePassword: 'three' };
  const cloudKey = { accessKeyId: 'four', secretAccessKey: 'five' };

  writeDockerSecrets({ home, secrets: { ...passwords, cloudKey } });

  const folder = join(home, 'docker-secrets');
  const named = Object.values(secrets).map(({ file }) => file.split('/').at(-1));
  expect(readdirSync(folder).sort()).toEqual(named.sort());
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(JSON.parse(readFileSync(join(folder, 'orthanc.json'), 'utf8'))).toEqual({
    RegisteredUsers: { hilum: 'one' },
    PostgreSQL: { Password: 'three' },
  });
  rmSync(home, { recursive: true });
});

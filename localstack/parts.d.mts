/** One thing that Hilum needs on a machine. */
export interface Part {
  readonly what: string;
  readonly present: () => boolean;
  /** The command that gets it. */
  readonly fix: string;
  /** True if everything else works without it. */
  readonly optional?: true;
  /** Debian packages that bring it. */
  readonly packages?: readonly string[];
  /** The part's virtual environment. */
  readonly venv?: VenvName;
}
export type PartName =
  | 'node'
  | 'packages'
  | 'cloud'
  | 'orthanc'
  | 'viewerLink'
  | 'newerOrthanc'
  | 'ohif'
  | 'postgresql'
  | 'judges'
  | 'dicom3tools'
  | 'dcmtk'
  | 'pixelmed'
  | 'poppler'
  | 'peers'
  | 'strace'
  | 'openssl'
  | 'torch'
  | 'training'
  | 'chromium'
  | 'models'
  | 'data';
export type VenvName = 'cloud' | 'judges' | 'bench' | 'training';

export { ROOT } from './place.mjs';

export const PARTS: Readonly<Record<PartName, Part>>;
/** What each npm command needs. */
export const PURPOSES: Readonly<Record<'demo' | 'test' | 'build' | 'bench', readonly PartName[]>>;
export const VENVS: Readonly<Record<VenvName, { readonly folder: string; readonly requirements: string }>>;

/** The full path of a program: in `folders`, on PATH, or in a usual folder. */
export function findProgram(name: string, folders?: readonly string[]): string | undefined;
/** The folder with initdb, postgres and psql of the newest PostgreSQL. */
export function postgresFolder(): string | undefined;
/** The plugin files of Orthanc that Hilum loads, or undefined if one of them is not installed. */
export function orthancPlugins(): readonly string[] | undefined;
/** The Java archives that run PixelMed's validators from a script. */
export function javaArchives(): readonly string[] | undefined;
/** The plugin that adds a link to the viewer to Orthanc's pages, or undefined if it is not installed. */
export function orthancPythonPlugin(): string | undefined;
/** The full path of Chromium or Chrome. */
export function findChromium(): string | undefined;
/** SHA-256 of the requirement file that a virtual environment is made from. */
export function requirementsDigest(venv: VenvName): string;
/** The folder of real test data: HILUM_DATA, else ../shared/data beside the clone. It need not exist. */
export function dataFolder(): string;
/** True as root on Debian or Ubuntu: the set-up may install packages. */
export function canInstallPackages(): boolean;
/** True if `docker compose` can be called and an engine answers. */
export function hasDockerCompose(): boolean;

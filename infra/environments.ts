/**
 * What is deployed where. `cdk deploy -c environment=NAME` takes one of these; `config.ts` explains every setting. A hospital
 * adds its own here.
 */
import type { Environment, Tools } from './config.ts';

/** The tools, each model with the SHA-256 that was reviewed. To take a tool out, see docs/deploy.md, "A tool leaves". */
const TOOLS: Tools = {
  'brain-tissue': {
    models: { 'brain-meshnet': '02850fb059badf0717d26f61048293b7422b2453fb48db8ae95d046059bfd90f' },
  },
  caries: {
    models: { 'caries-lesion': '7da31f8e6dd302507ace33d0100c0cc888b2de5dbfc023f8cdfdf882d63d3c17' },
  },
  'vertebral-fracture': {
    models: { 'spine-sagittal': 'fbb0dd3b58cb6bbba99fc21c355f7fe127bf73a401b46eca56ea523332020dc0' },
  },
};

export const ENVIRONMENTS: Readonly<Record<string, Environment>> = {
  /** The local cloud of `bin/hilum local up`: every tool whose models are here, and masks for Hilum's own viewer. */
  local: { stage: 'dev', packaging: 'zip', tools: 'found', wholeByteMasks: false },

  /** A trial in the account and the region of the credentials. */
  dev: { stage: 'dev', tools: TOOLS, noncurrentVersionDays: 7 },

  /** It is refused until it says the account, the region, and who receives the alarms. */
  prod: { stage: 'prod', tools: TOOLS, noncurrentVersionDays: 30, alarmAddresses: [] },
};

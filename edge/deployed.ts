/** The tools that the edge forwards studies for: those that the deployment lists, and not those in the edge's own folders. */
import type { Clock } from '#core/ports.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import type { DeployedTools } from '#pipeline/ports.ts';
import type { Log } from './log.ts';
import { type Wants, wantsOf } from './wanted.ts';

export interface DeployedWantsOptions {
  /** The edge's own manifests, which say which images a deployed tool takes. */
  readonly catalog: readonly ToolEntry[];
  readonly deployed: DeployedTools;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DeployedWants {
  /**
   * The wants of the deployed tools. The list is read again if it is older than a minute. A tool without a manifest at this
   * edge is ignored, and logged once.
   *
   * @throws the errors of `DeployedTools`, because without the list the edge cannot know what to forward
   */
  current(signal?: AbortSignal): Promise<Wants>;
}

const ASK_EVERY_MS = 60_000;
const ANSWER_WITHIN_MS = 30_000;

export function createDeployedWants({ catalog, deployed, clock, log }: DeployedWantsOptions): DeployedWants {
  let last: { readonly wants: Wants; readonly versions: string; readonly askedAt: number } | undefined;

  function told(versions: ReadonlyMap<string, string>): Wants {
    const known = new Map(catalog.map((entry) => [entry.manifest.id, entry]));
    const tools = catalog.filter(({ manifest }) => versions.has(manifest.id));
    log.info('tools-deployed', { tools: tools.map(({ manifest }) => manifest.id).join(', ') });
    for (const [tool, deployedVersion] of versions) {
      const entry = known.get(tool);
      if (entry === undefined) log.warn('tool-unknown', { tool, deployedVersion });
      else if (toolVersion(entry) !== deployedVersion)
        log.warn('tool-of-another-version', { tool, deployedVersion, edgeVersion: toolVersion(entry) });
    }
    return wantsOf(tools);
  }

  return {
    async current(signal) {
      const askedAt = clock.now();
      // A clock that was set back must not delay the next look.
      const agoMs = askedAt - (last?.askedAt ?? 0);
      if (last !== undefined && agoMs >= 0 && agoMs < ASK_EVERY_MS) return last.wants;
      const answer = await deployed.versions({ deadlineMs: askedAt + ANSWER_WITHIN_MS, ...(signal && { signal }) });
      const versions = JSON.stringify([...answer].sort());
      last = { wants: last?.versions === versions ? last.wants : told(answer), versions, askedAt };
      return last.wants;
    },
  };
}

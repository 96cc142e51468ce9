/** Mutations of encapsulated pixel data: of its fragments, its Basic Offset Table and its codestreams. */
import type { Random } from '#phantoms/random.ts';
import type { Tree } from './tree.ts';
import { anyBytes, changedBytes } from './values.ts';

/** Changes the list in place; the fragments themselves are shared with the seed and replaced. */
export function mutateFragments(fragments: Uint8Array[], other: Tree | undefined, random: Random): void {
  while (fragments.length < 2) fragments.push(new Uint8Array(0));
  const at = random.int(0, fragments.length - 1);
  const fragment = fragments[at] ?? new Uint8Array(0);
  switch (random.int(0, 12)) {
    case 0:
      fragments.splice(at, 1);
      break;
    case 1:
      fragments.splice(at, 0, fragment);
      break;
    case 2: {
      const cut = random.int(0, fragment.length);
      fragments.splice(at, 1, fragment.subarray(0, cut), fragment.subarray(cut));
      break;
    }
    case 3:
      fragments.push(...fragments.splice(at, 1));
      break;
    case 4:
      fragments[0] = anyBytes(random, random.int(0, 6) * 4);
      break;
    case 5:
      fragments[0] = new Uint8Array(4 * random.int(0, fragments.length));
      break;
    case 6: {
      const theirs = other?.nodes.find((node) => node.fragments !== undefined)?.fragments?.at(-1);
      if (theirs !== undefined) fragments[fragments.length - 1] = theirs;
      break;
    }
    default:
      fragments[Math.max(1, at)] = changedStream(fragments[Math.max(1, at)] ?? fragment, random);
  }
}

/** Codestreams are changed most in their headers, where sizes and tables stand, and behind markers. */
function changedStream(stream: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.4) || stream.length < 8) return changedBytes(random, stream);
  const changed = Uint8Array.from(stream);
  const marker = random.chance(0.5) ? stream.indexOf(0xff, random.int(0, stream.length - 1)) : -1;
  const start = marker >= 0 ? marker : 0;
  for (let n = random.int(1, 3); n > 0; n -= 1) {
    const at = Math.min(changed.length - 1, start + random.int(0, marker >= 0 ? 20 : 80));
    changed[at] = random.chance(0.5) ? (changed[at] ?? 0) ^ (1 << random.int(0, 7)) : random.int(0, 255);
  }
  return changed;
}

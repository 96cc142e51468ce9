import type { Part } from './parts.mjs';

/** What the npm package needs on a machine; `PARTS` is what a clone needs. */
export const PACKAGE_PARTS: Readonly<Record<'onnxruntime' | 'models' | 'fetching', Part>>;

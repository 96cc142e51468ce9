#!/usr/bin/env node
// The hilum command as npm installs it. Old versions of Node must understand this file, because it says which version is
// needed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 6)) {
  // Stack traces then name the lines of the sources.
  if (process.env.HILUM_DEBUG === '1') process.setSourceMapsEnabled(true);
  const clone = new URL('../cli/hilum.ts', import.meta.url);
  import(existsSync(fileURLToPath(clone)) ? clone.href : new URL('../dist/cli/hilum.js', import.meta.url).href);
} else {
  console.error(
    `hilum: this is Node.js ${process.versions.node}. Hilum needs Node.js 24.6 or newer: https://nodejs.org`,
  );
  process.exitCode = 1;
}

/** Serves OHIF's files. All files are listed once, at the start, so that no requested path can leave the folder. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { appConfig, EXTENSION_ROOT } from './app-config.ts';

/** An answer. */
export interface Page {
  readonly headers: Readonly<Record<string, string>>;
  /** A file, or the bytes themselves. */
  readonly body: { readonly file: string } | { readonly text: string };
}

/** Hilum's extension of OHIF, which the browser loads as it is. */
const EXTENSION = join(import.meta.dirname, 'ohif');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Reads OHIF's folder. `find` returns the file at a path, or the application (`index.html`) for the paths of its views. */
export function openPages(folder: string): { readonly find: (path: string) => Page | undefined } {
  const index = readFileSync(join(folder, 'index.html'), 'utf8');
  const policy = contentSecurityPolicy(index);
  const page = (type: string, body: Page['body'], isUnchanging: boolean): Page => ({
    headers: {
      'content-type': type,
      'cache-control': isUnchanging ? 'private, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': policy,
    },
    body,
  });
  const application = page(TYPES['.html'] ?? '', { text: index }, false);
  const pages = new Map<string, Page>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    // A file with a digest in its name never changes.
    pages.set(path, page(type, { file }, /\.[0-9a-f]{16}\.js$|^\/[0-9a-f]{16}\.\w+$/.test(path)));
  }
  for (const name of readdirSync(EXTENSION).filter((one) => one.endsWith('.js')))
    pages.set(`${EXTENSION_ROOT}/${name}`, page(TYPES['.js'] ?? '', { file: join(EXTENSION, name) }, false));
  pages.set('/index.html', application);
  pages.set('/app-config.js', page(TYPES['.js'] ?? '', { text: appConfig() }, false));
  return { find: (path) => pages.get(path) ?? (isRoute(path) ? application : undefined) };
}

/** The paths of OHIF's views have no extension: `/`, `/viewer`, `/segmentation`. */
const isRoute = (path: string): boolean => /^\/[a-z0-9-]*$/i.test(path);

/**
 * Allows content of this origin only. OHIF compiles functions at run time and needs `unsafe-eval`; without it, SEG never
 * loads. Inline scripts of its page are allowed by their digests. `object-src blob:` is for PDF.
 */
function contentSecurityPolicy(index: string): string {
  const inline = [...index.matchAll(/<script>([^<]+)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    `default-src 'self'`,
    `script-src 'self' 'unsafe-eval' blob: ${inline.join(' ')}`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `font-src 'self' data:`,
    `connect-src 'self' data: blob:`,
    `worker-src 'self' blob:`,
    `object-src 'self' blob:`,
    `frame-src 'self' blob:`,
    `frame-ancestors 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

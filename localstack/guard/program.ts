/** The guard as a process: `node program.ts HOME PORT`, in the folder of MiniStack's socket. */
import { cloudKey, keyFile } from '../home.ts';
import { SOCKET_NAME } from '../ministack.ts';
import { createGuard } from './server.ts';

const [home = '', port = ''] = process.argv.slice(2);
const server = createGuard({ port: Number(port), key: cloudKey(home), keyFile: keyFile(home) }, SOCKET_NAME);
server.listen({ port: Number(port), host: '127.0.0.1' });
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  // A call to MiniStack that is still under way may never be answered.
  setTimeout(() => process.exit(), 2_000).unref();
});

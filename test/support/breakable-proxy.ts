import { connect, createServer, type Socket } from 'node:net';

/** `through`: as if it were not there; `down`: connections are refused; `silent`: bytes go nowhere and nothing comes. */
export type ProxyState = 'through' | 'down' | 'silent';

/** A TCP server in front of another one that can be broken and mended: what a caller sees of a server that dies, hangs and comes back. */
export interface BreakableProxy {
  readonly endpoint: string;
  /** Ends the connections that there are; those to come are as the state says. */
  become(state: ProxyState): Promise<void>;
  close(): Promise<void>;
}

export async function breakableProxy(target: string): Promise<BreakableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let state: ProxyState = 'through';
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    return socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    keep(socket);
    if (state === 'silent') return void socket.resume();
    const onward = keep(connect(Number(port), hostname));
    socket.pipe(onward).pipe(socket);
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  const listen = (at: number): Promise<void> => new Promise((done) => server.listen(at, '127.0.0.1', done));
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((done) => (server.listening ? server.close(() => done()) : done()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${own}`,
    become: async (next) => {
      await cut();
      state = next;
      if (next !== 'down') await listen(own);
    },
    close: cut,
  };
}

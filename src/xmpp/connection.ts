import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where a component's stream goes to. */
export interface ConnectTo {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; `ca` is PEM to trust instead of the system's authorities. Source: RFC 7590. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

/** Begins a connection; `connected` is called when bytes can be sent, with TLS after its handshake. */
export function openConnection({ host, port, tls }: ConnectTo, connected: () => void): Socket {
  const socket = tls
    ? connectTls({
        host,
        port,
        ...(isIP(host) ? {} : { servername: host }),
        ...(tls.ca ? { ca: tls.ca } : {}),
      })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  socket.once(tls ? "secureConnect" : "connect", connected);
  return socket;
}

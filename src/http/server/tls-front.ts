import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Seconds } from "../../slot/slot.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, and after it those that lead to the authority. */
  readonly cert: string;
  readonly key: string;
}

/** The certificate that new connections get. */
export interface ServedCertificate {
  /** The file that it was read from. */
  readonly path: string;
  readonly expires: Date;
}

export interface TlsFrontOptions {
  readonly files: TlsFiles;
  /** How often the files are looked at. */
  readonly every: Seconds;
  /** Is given each connection when it may be read. */
  readonly onConnection: (socket: TLSSocket) => void;
  readonly onChanged: () => void;
  /** Is told of files that cannot be used; those before stay in use. */
  readonly onRefused: (error: unknown) => void;
}

/** A certificate or key that cannot be used. */
export class TlsFilesError extends Error {
  readonly code = "bad-certificate";
  constructor(files: TlsFiles, why: string, cause?: unknown) {
    super(
      `http.tls.cert (${files.cert}) and http.tls.key (${files.key}): ${why} Expected: a PEM certificate with its chain, and its PEM private key without a passphrase.`,
      { cause },
    );
    this.name = "TlsFilesError";
  }
}

/**
 * Takes TLS connections for an HTTP server. The certificate can change while it runs: new connections get the new
 * one, and those that are open or just being opened go on. That is why this does not use node:https, whose
 * certificate is fixed.
 */
export class TlsFront {
  readonly server: Server;
  readonly #options: TlsFrontOptions;
  readonly #sockets = new Set<TLSSocket>();
  readonly #timer: ReturnType<typeof setInterval>;
  #files: TlsFiles;
  #stamp: string;
  #isOver = false;
  #certificate: ServedCertificate;

  /** @throws {TlsFilesError} */
  constructor(options: TlsFrontOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#stamp = stampOf(options.files);
    const pair = readTlsFiles(options.files);
    this.#certificate = certificateOf(options.files, pair);
    // HTTP/1.1 only: RFC 7301.
    this.server = createServer({
      ...pair,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: 20_000,
    });
    this.server.on("secureConnection", (socket) => {
      if (this.#isOver) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      options.onConnection(socket);
    });
    // A handshake that fails is the other side's affair.
    this.server.on("tlsClientError", (_, socket) => socket.destroy());
    this.#timer = setInterval(() => this.#look(), options.every * 1000);
    this.#timer.unref();
  }

  /** What new connections get: of files that cannot be used, those before. */
  get certificate(): ServedCertificate {
    return this.#certificate;
  }

  /** Reads these files from now on. */
  use(files: TlsFiles): void {
    const isSame = files.cert === this.#files.cert && files.key === this.#files.key;
    this.#files = files;
    if (isSame) this.#look();
    else this.#read();
  }

  #read(): void {
    this.#stamp = stampOf(this.#files);
    try {
      const pair = readTlsFiles(this.#files);
      this.server.setSecureContext(pair);
      this.#certificate = certificateOf(this.#files, pair);
    } catch (error) {
      this.#options.onRefused(error);
      return;
    }
    this.#options.onChanged();
  }

  /** Takes no new connection. */
  close(): void {
    clearInterval(this.#timer);
    this.server.close();
  }

  /** Ends the connections that are left, and those whose handshake is not over yet when it is. */
  destroyAll(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #look(): void {
    if (stampOf(this.#files) !== this.#stamp) this.#read();
  }
}

/** A certificate with its chain, and its key; both PEM. */
interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** The first certificate in the file is the server's own. Source: RFC 8446 §4.4.2 */
function certificateOf({ cert: path }: TlsFiles, { cert }: TlsPair): ServedCertificate {
  return { path, expires: new Date(new X509Certificate(cert).validTo) };
}

/**
 * Reads a certificate and its key.
 *
 * @throws {TlsFilesError} when they are not there, not PEM, or do not belong together.
 */
export function readTlsFiles(files: TlsFiles): TlsPair {
  try {
    const cert = readFileSync(files.cert, "utf8");
    const key = readFileSync(files.key, "utf8");
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new TlsFilesError(files, "the key does not belong to the certificate.");
    }
    return { cert, key };
  } catch (error) {
    if (error instanceof TlsFilesError) throw error;
    const isMissing = error instanceof Error && "syscall" in error;
    throw new TlsFilesError(files, isMissing ? `${error.message}.` : "slotd cannot read them.", error);
  }
}

/** What changes when a file is written, replaced, or reached by another symbolic link. */
function stampOf({ cert, key }: TlsFiles): string {
  const stamps = [cert, key].map((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? "missing" : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
  });
  return stamps.join(", ");
}

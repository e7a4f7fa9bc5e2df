import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressKey } from "../../../src/address/address-key.ts";
import { addressToken } from "../../../src/address/address-token.ts";
import type { OpenDomains } from "../../../src/admin/open-domains.ts";
import { openForCommand } from "../../../src/app/open-for-command.ts";
import { ledgers } from "../../../src/app/parts/ledgers.ts";
import { listeners } from "../../../src/app/parts/listeners.ts";
import { type App, start } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { createLog } from "../../../src/ops/log.ts";
import { openDiskStore } from "../../../src/store/disk/disk-store.ts";
import { configOf } from "../config/load-text.ts";

export const secret = "the receiver's secret";

/** What a raw request was answered. */
export interface Answered {
  readonly status: number;
  readonly head: string;
  readonly text: string;
}

/** Keeps the body of an upload back. */
export interface Hold {
  /** Called when slotd asks for the body. */
  begun(): void;
  /** The body is sent when it resolves. */
  readonly until: Promise<void>;
}

/** A slotd with receivers on disk, as it runs, without an XMPP server. */
export interface ReceiverScene {
  readonly config: Config;
  readonly ledger: Ledger | undefined;
  /** The lines of the log so far. */
  readonly log: string;
  /** A PUT as it is on the wire. */
  put(path: string, body: string, headers?: readonly string[], hold?: Hold): Promise<Answered>;
  request(method: string, path: string, headers?: readonly string[]): Promise<Answered>;
  /** What is stored for a path below a base of files.example.org. */
  stored(
    space: string,
    key: string,
  ): Promise<{ name: string; type: string; expiry: Date | undefined } | undefined>;
  /** Puts a file where an import does. */
  store(
    file: { readonly space: string; readonly key: string; readonly name: string },
    text: string,
  ): Promise<void>;
  /** Goes by another text of the file. */
  reload(toml: string): Promise<void>;
  /** Stores and ledgers as a command has them. */
  command<T>(work: (open: OpenDomains) => Promise<T>): Promise<T>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export const host = "files.example.org";

export function tokenOf(base: string, path: string): string {
  return addressToken(`${host}${base}`, addressKey("path", path) ?? "");
}

export function v1(path: string, size: number, key: string = secret): string {
  return createHmac("sha256", key).update(`${path} ${size}`).digest("hex");
}

export async function startReceivers(toml: string): Promise<ReceiverScene> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-receivers-"));
  let log = "";
  const { logger } = createLog({ level: "debug", format: "json" }, (line) => {
    log += line;
  });
  const load = (text: string): Config =>
    configOf(
      `domains = ["example.org"]\nbackend = "disk"\nxmpp.component = "off"\ndisk.path = "${folder}"\nhttp.listen = "127.0.0.1:0"\nhttp.public_url = "https://upload.example.org"\n${text}`,
    );
  let config = load(toml);
  const app: App = await start(config, logger);
  const { address } = app.of(listeners)[0]?.server ?? {};
  const port = address !== undefined && "port" in address ? address.port : 0;
  const store = await openDiskStore(folder, {
    now: () => new Date(),
    randomBytes: (n) => Buffer.alloc(n, 7),
  });
  const send = (head: readonly string[], body: string, hold?: Hold) =>
    new Promise<Answered>((resolve, reject) => {
      let received = "";
      const expects = head.some((line) => /^expect:/i.test(line)) || hold !== undefined;
      const lines = hold === undefined ? head : [...head, "Expect: 100-continue"];
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
        if (!expects) socket.write(body);
      });
      socket.on("data", async (data) => {
        const isFirst = received === "";
        received += data.toString("latin1");
        if (!isFirst || !received.startsWith("HTTP/1.1 100")) return;
        hold?.begun();
        await hold?.until;
        socket.write(body);
      });
      socket.on("error", reject);
      socket.on("close", () => {
        const answer = received.replace(/^HTTP\/1\.1 100[^\r]*\r\n\r\n/, "");
        const [lines = "", text = ""] = answer.split("\r\n\r\n");
        resolve({ status: Number(lines.split(" ")[1]), head: lines, text });
      });
    });
  return {
    get config() {
      return config;
    },
    get ledger() {
      return app.of(ledgers)[0]?.ledger;
    },
    get log() {
      return log;
    },
    put: (path, body, headers = [], hold) =>
      send(
        [`PUT ${path} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers],
        body,
        hold,
      ),
    request: (method, path, headers = []) =>
      send([`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...headers], ""),
    async stored(space, key) {
      const object = await store.open(addressToken(space, key));
      await object?.close();
      return object && { name: object.filename, type: object.contentType, expiry: object.expiry };
    },
    store: ({ space, key, name }, text) =>
      store.put(
        {
          ...{ token: addressToken(space, key), filename: name, contentType: "text/plain" },
          size: Buffer.byteLength(text),
        },
        (async function* () {
          yield Buffer.from(text);
        })(),
      ),
    async reload(text) {
      config = load(text);
      await app.reload(config);
    },
    async command(work) {
      const open = await openForCommand(config, logger);
      try {
        return await work(open);
      } finally {
        await open.close();
      }
    },
    metrics: async () => (await app.metrics.text()).text,
    async stop() {
      await app.stop();
      await rm(folder, { recursive: true });
    },
  };
}

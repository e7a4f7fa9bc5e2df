import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { openRaw, readAnswers } from "../../peers/clients/raw-http.ts";
import { freePorts, isPortOpen } from "../../peers/ports.ts";
import { waitUntil } from "../../peers/process.ts";
import { startSlotd, withoutXmpp } from "../../peers/slotd.ts";
import type { Attack, Measure } from "../attack.ts";
import { CpuTime } from "../cpu-time.ts";
import { type HttpTarget, MIB, startHttpTarget } from "./http-target.ts";

const former = `
[former.prosody]
kind = "prosody"
urls = ["https://upload.test/file_share"]
[former.ejabberd]
kind = "ejabberd"
urls = ["https://upload.test/file_share", "https://upload.test/upload/deep/er"]
`;

/** Asks for each path, many at a time, and counts the answers by status. */
async function askAll(port: number, paths: readonly string[]): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  const left = paths.values();
  const one = async (socket: Socket): Promise<void> => {
    for (const path of left) {
      const status = await statusOf(socket, path);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    socket.destroy();
  };
  const sockets = await Promise.all(Array.from({ length: 50 }, () => openRaw({ port })));
  await Promise.all(sockets.map(one));
  return statuses;
}

function statusOf(socket: Socket, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const over = () => socket.off("data", onData).off("close", onClose);
    const onClose = () => reject(new Error("the connection was closed"));
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      const [answer] = readAnswers(Buffer.concat(chunks), ["GET"]).answers;
      if (answer === undefined) return;
      over();
      resolve(answer.status);
    };
    socket.on("data", onData).on("close", onClose);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: upload.test\r\n\r\n`);
  });
}

/** Milliseconds on a processor for each of these paths, and the highest memory above rest. */
async function costOf(target: HttpTarget, paths: readonly string[]) {
  const rest = await target.rest();
  const cpu = new CpuTime(target.slotd.process.pid);
  const begun = cpu.read();
  const port = "port" in target.place ? target.place.port : 0;
  const statuses = await askAll(port, paths);
  return {
    each: (cpu.read() - begun) / paths.length,
    memory: (target.vitals().memory - rest.memory) / MIB,
    missed: statuses.get(404) ?? 0,
  };
}

/** Random addresses, short ones and such as are hard to read. */
const randomAddresses: Attack = {
  name: "http-random-addresses",
  promise: "a random address of a former service costs little more than a random URL of slotd's own",
  needs: [],
  async run({ isShort }): Promise<Measure[]> {
    const target = await startHttpTarget({ tables: former });
    const count = isShort ? 1_000 : 30_000;
    const random = () => randomBytes(16).toString("hex");
    const many = (make: () => string) => Array.from({ length: count }, make);
    const shapes = [
      () => `/file_share/${random()}${"/%C3%A9".repeat(1_000)}`,
      () => `/file_share/${random()}${"/".repeat(7_000)}`,
      () => `/file_share/${random()}/${"%2e".repeat(2_400)}`,
      () => `/upload/deep/er/${random()}${"/a".repeat(3_500)}`,
    ];
    try {
      await costOf(
        target,
        many(() => `/${random()}/a.txt`),
      );
      const own = await costOf(
        target,
        many(() => `/${random()}/a.txt`),
      );
      const old = await costOf(
        target,
        many(() => `/file_share/${random()}/a.txt`),
      );
      const hard = await costOf(
        target,
        many(() => shapes[randomBytes(1)[0]! % shapes.length]!()),
      );
      return [
        {
          what: "an address beside an own URL, both of no file",
          measured: old.each / own.each,
          unit: "x",
          atMost: 3,
        },
        { what: "an address of 7 KiB", measured: hard.each, unit: "ms", atMost: 3 },
        { what: "memory above rest", measured: Math.max(old.memory, hard.memory), unit: "MiB", atMost: 100 },
        {
          what: "answered that there is no file",
          measured: old.missed + hard.missed,
          unit: "answers",
          atLeast: 2 * count,
        },
      ];
    } finally {
      await target.stop();
    }
  },
};

/** The same where each has to be looked for in a bucket that somebody pays for. */
const bought: Attack = {
  name: "s3-random-addresses",
  promise: "a stranger's random addresses buy 60 requests at the provider, and one a second after that",
  needs: [],
  async run({ isShort }): Promise<Measure[]> {
    let heads = 0;
    const bucket = createServer((request, response) => {
      if (request.method === "HEAD" && request.url?.includes("/file?")) heads += 1;
      response.writeHead(404).end();
    });
    const [port = 0, noServer = 0, store = 0] = await freePorts(3);
    await new Promise<void>((resolve) => bucket.listen(store, "127.0.0.1", resolve));
    const slotd = await startSlotd({
      components: 0,
      config: `domains = ["example.org"]
${withoutXmpp(noServer)}
[s3]
bucket_url = "http://127.0.0.1:${store}/bucket"
region = "r"
access_key_id = "A"
secret_access_key = "s"
[http]
listen = "127.0.0.1:${port}"
public_url = "https://upload.test"
${former}`,
    });
    try {
      await waitUntil("the HTTP server", () => isPortOpen(port));
      const count = isShort ? 1_000 : 30_000;
      const begun = performance.now();
      const paths = Array.from({ length: count }, () => `/file_share/${randomBytes(16).toString("hex")}/a`);
      const statuses = await askAll(port, paths);
      const seconds = Math.ceil((performance.now() - begun) / 1000);
      return [
        {
          what: `requests at the provider in ${seconds} s`,
          measured: heads,
          unit: "answers",
          atLeast: 60,
          atMost: 60 + seconds,
        },
        {
          what: "refused with 429",
          measured: statuses.get(429) ?? 0,
          unit: "answers",
          atLeast: count - 60 - seconds,
        },
      ];
    } finally {
      await slotd.stop();
      bucket.closeAllConnections();
      bucket.close();
    }
  },
};

export const addressAttacks: readonly Attack[] = [randomAddresses, bought];

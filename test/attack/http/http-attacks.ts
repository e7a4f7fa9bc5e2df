import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { openRaw } from "../../peers/clients/raw-http.ts";
import { sleep } from "../../peers/process.ts";
import type { Attack, Measure } from "../attack.ts";
import { type HttpTarget, head, leastMedianGet, MIB, medianGet, startHttpTarget } from "./http-target.ts";

/** Highest memory and descriptors above rest while something goes on. */
async function highest(target: HttpTarget, within: number): Promise<{ memory: number; descriptors: number }> {
  const most = { memory: 0, descriptors: 0 };
  for (const end = performance.now() + within; performance.now() < end; await sleep(50)) {
    const { memory, descriptors } = target.vitals();
    most.memory = Math.max(most.memory, memory);
    most.descriptors = Math.max(most.descriptors, descriptors);
  }
  return most;
}

/** Opens connections that send `bytes` and never read. */
async function neverReading(target: HttpTarget, count: number, bytes: Buffer): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i += 100) {
    const some = Array.from({ length: Math.min(100, count - i) }, () => openRaw(target.place));
    sockets.push(...(await Promise.all(some)));
  }
  for (const socket of sockets) {
    socket.pause();
    socket.write(bytes);
  }
  return sockets;
}

/** Those above `rest`: none, or what is left after 3 s. */
async function descriptorsLeft(target: HttpTarget, rest: number): Promise<number> {
  const end = performance.now() + 3_000;
  while (target.vitals().descriptors > rest && performance.now() < end) await sleep(25);
  return Math.max(0, target.vitals().descriptors - rest);
}

/** Many clients that take nothing of what they asked for. */
const stalled: Attack = {
  name: "http-stalled-downloads",
  promise: "downloads that nobody takes are limited for each address, and cost little",
  needs: [],
  async run({ isShort }): Promise<Measure[]> {
    const target = await startHttpTarget();
    const count = isShort ? 1_000 : 3_000;
    try {
      const small = await target.file(randomBytes(1_000));
      const large = await target.file(randomBytes(20 * MIB));
      const request = Buffer.from(head("GET", large));
      for (const socket of await neverReading(target, 100, request)) socket.destroy();
      const rest = await target.rest();
      const sockets = await neverReading(target, count, request);
      const most = await highest(target, 1_500);
      const answers = await Promise.all(sockets.map(statusOf));
      for (const socket of sockets) socket.destroy();
      const accepted = answers.filter((status) => status === 200).length;
      const refused = answers.filter((status) => status === 429).length;
      const left = await descriptorsLeft(target, rest.descriptors);
      await medianGet(target.place, small, 3);
      return [
        { what: "accepted of one address", measured: accepted, unit: "answers", atMost: 500, atLeast: 500 },
        { what: "all others refused with 429", measured: refused, unit: "answers", atLeast: count - 500 },
        {
          what: `memory above rest with ${count} connections`,
          measured: (most.memory - rest.memory) / MIB,
          unit: "MiB",
          atMost: 150,
        },
        { what: "descriptors left when they have gone", measured: left, unit: "descriptors", atMost: 0 },
      ];
    } finally {
      await target.stop();
    }
  },
};

/** The status of the answer that has come; undefined when none has. */
function statusOf(socket: Socket): Promise<number | undefined> {
  return new Promise((resolve) => {
    socket.once("data", (chunk: Buffer) => resolve(Number(chunk.subarray(9, 12).toString())));
    socket.once("close", () => resolve(undefined));
    setTimeout(() => resolve(undefined), 3_000);
    socket.resume();
  });
}

function silent(name: string, isTls: boolean): Attack {
  return {
    name,
    promise: `5,000 ${isTls ? "TLS" : "plain"} connections that read nothing cost little, and other clients do not notice`,
    needs: [],
    async run({ isShort }): Promise<Measure[]> {
      const target = await startHttpTarget({ isTls });
      const count = isShort ? (isTls ? 200 : 1_000) : 5_000;
      try {
        const small = await target.file(randomBytes(1_000));
        const large = await target.file(randomBytes(20 * MIB));
        await medianGet(target.place, small, 300);
        const alone = await medianGet(target.place, small, 300);
        const rest = await target.rest();
        const requests = [head("GET", large), head("GET", small), "", "GET /half HTTP/1.1\r\nHost: x\r\n"];
        const sockets: Socket[] = [];
        for (const request of requests)
          sockets.push(...(await neverReading(target, count / requests.length, Buffer.from(request))));
        const [most, beside] = await Promise.all([
          highest(target, 1_000),
          leastMedianGet(target.place, small, 300, 2 * alone),
        ]);
        const isOpen = sockets.filter((socket) => !socket.destroyed).length;
        for (const socket of sockets) socket.destroy();
        return [
          { what: "connections open", measured: isOpen, unit: "descriptors", atLeast: count },
          {
            what: `memory above rest with ${count} connections`,
            measured: (most.memory - rest.memory) / MIB,
            unit: "MiB",
            atMost: isTls ? 700 : 200,
          },
          { what: "other clients' median", measured: beside / alone, unit: "x", atMost: 2 },
        ];
      } finally {
        await target.stop();
      }
    },
  };
}

function pipelined(name: string, isTls: boolean): Attack {
  return {
    name,
    promise: `any number of requests on one ${isTls ? "TLS " : ""}connection that is not read cost what one does`,
    needs: [],
    async run({ isShort }): Promise<Measure[]> {
      const target = await startHttpTarget({ isTls });
      try {
        const small = await target.file(randomBytes(1_000));
        const large = await target.file(randomBytes(20 * MIB));
        const connections = isShort ? 1 : 20;
        const requests = Buffer.from(head("GET", large).repeat(20_000));
        const tiny = Buffer.from("GET / HTTP/1.1\r\n\r\n".repeat(40_000));
        // What one request on as many connections costs, and the warm-up of this very attack.
        const measures: Measure[] = [];
        const warm = await neverReading(target, connections, Buffer.from(head("GET", large)));
        await sleep(300);
        for (const socket of [...warm, ...(await neverReading(target, connections, requests))])
          socket.destroy();
        await medianGet(target.place, small, 300);
        const alone = await medianGet(target.place, small, 300);
        for (const [what, bytes] of [
          ["requests for a large file", requests],
          ["the smallest requests", tiny],
        ] as const) {
          const rest = await target.rest();
          const sockets = await neverReading(target, connections, bytes);
          const [most, beside] = await Promise.all([
            highest(target, 1_000),
            leastMedianGet(target.place, small, 100, 2 * alone),
          ]);
          for (const socket of sockets) socket.destroy();
          const left = await descriptorsLeft(target, rest.descriptors);
          const over = `${what}, ${connections} connections`;
          measures.push(
            {
              what: `${over}: memory above rest`,
              measured: (most.memory - rest.memory) / MIB,
              unit: "MiB",
              atMost: 16 + (isTls ? 3 : 2) * (connections - 1),
            },
            {
              what: `${over}: descriptors above rest, the connections' and a file for each`,
              measured: most.descriptors - rest.descriptors,
              unit: "descriptors",
              atMost: 2 * connections + 2,
            },
            {
              what: `${over}: descriptors left when the client has gone, after 3 s at most`,
              measured: left,
              unit: "descriptors",
              atMost: 0,
            },
            { what: `${over}: other clients' median`, measured: beside / alone, unit: "x", atMost: 2 },
          );
        }
        return measures;
      } finally {
        await target.stop();
      }
    },
  };
}

export const httpAttacks: readonly Attack[] = [
  pipelined("http-pipelined", false),
  pipelined("http-pipelined-tls", true),
  stalled,
  silent("http-silent", false),
  silent("http-silent-tls", true),
];

import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { crashSlot, put, startBucket } from "../peers/crash.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { targetOf } from "../unit/http/http-fixture.ts";

const idle = 2000;
const slow = 200;

function open(port: number, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text, () => resolve(socket)));
    socket.on("error", reject);
  });
}

/** The times of 60 uploads of 100 KiB, one after the other, sorted; milliseconds. */
async function uploadTimes(port: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < 60; i += 1) {
    const begun = performance.now();
    expect(await put(port, randomBytes(32).toString("hex"), 100 * 1024)).toBe(201);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

test("2,000 idle connections and 200 slow uploads leave a normal upload's latency unharmed", async () => {
  const folder = makeFolder("crowd");
  const [port = 0] = await freePorts(1);
  const bucket = await startBucket(folder, port);
  const sockets: Socket[] = [];
  try {
    await uploadTimes(port);
    const alone = await uploadTimes(port);
    for (let i = 0; i < idle; i += 100) {
      const text = i < idle / 2 ? "GET /x HTTP/1.1\r\nHost: x\r\n\r\n" : "";
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(port, text)))));
    }
    const slots = Array.from({ length: slow }, () =>
      targetOf(crashSlot(port, randomBytes(32).toString("hex"), 1e6).putUrl),
    );
    const head = (target: string) =>
      `PUT ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000000\r\n\r\n`;
    const uploads = await Promise.all(slots.map((target) => open(port, head(target))));
    sockets.push(...uploads);
    const drip = setInterval(() => {
      for (const socket of uploads) socket.write("xxxxxxxxxx");
    }, 100);
    await waitUntil("the slow uploads to be under way", () => {
      return readdirSync(`${folder}/data/incoming`).length === slow;
    });
    const crowded = await uploadTimes(port);
    clearInterval(drip);
    const at = (times: number[], part: number) => times[Math.floor(times.length * part)]!;
    console.log(
      `upload of 100 KiB: p50 ${at(alone, 0.5).toFixed(1)} ms alone, ${at(crowded, 0.5).toFixed(1)} ms in the crowd; ` +
        `p90 ${at(alone, 0.9).toFixed(1)} and ${at(crowded, 0.9).toFixed(1)}; ${(bucket.memory().now / 2 ** 20).toFixed(0)} MiB`,
    );
    expect(sockets.filter((socket) => socket.destroyed)).toEqual([]);
    // Half as much again, and what a busy machine adds.
    expect(at(crowded, 0.5)).toBeLessThan(at(alone, 0.5) * 1.5 + 10);
  } finally {
    for (const socket of sockets) socket.destroy();
    await bucket.stop();
    removeFolder(folder);
  }
}, 60_000);

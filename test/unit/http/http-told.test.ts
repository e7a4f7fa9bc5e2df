import { afterEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { parseProxies } from "../../../src/http/client-address.ts";
import type { HttpEvent, HttpRequestFacts } from "../../../src/http/http-event.ts";
import { type Fixture, startFixture, targetOf } from "./http-fixture.ts";

const running: Fixture[] = [];
afterEach(async () => {
  for (const fixture of running.splice(0)) await fixture.stop();
});

/** What was told of each request: the event, and the address it came from. */
async function start(isTrusted: boolean) {
  const told: { event: HttpEvent; client: string; method: string }[] = [];
  const fixture = await startFixture({
    server: {
      proxies: parseProxies(isTrusted ? ["127.0.0.1"] : [])!,
      // As the log does: the address is asked for when the request is over.
      onEvent: (event: HttpEvent, request: HttpRequestFacts) =>
        told.push({ event, client: request.client, method: request.method }),
    },
  });
  running.push(fixture);
  return { fixture, told };
}

/** Sends the head of a PUT and a part of its body, and goes away: with a reset, or in good order. */
async function breakOff(fixture: Fixture, target: string, ending: "reset" | "end"): Promise<void> {
  const socket = connect(fixture.port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => undefined).resume();
  const head = `PUT ${target} HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\nContent-Length: 5\r\n`;
  socket.write(`${head}X-Forwarded-For: 203.0.113.9\r\n\r\nhe`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (ending === "reset") socket.resetAndDestroy();
  else socket.end();
  await closed;
}

for (const ending of ["reset", "end"] as const) {
  for (const isTrusted of [false, true]) {
    const client = isTrusted ? "203.0.113.9" : "127.0.0.1";
    const whose = isTrusted ? "as a trusted proxy says it" : "not what a stranger says";
    test(`an upload that breaks off (${ending}) is told once, with its address, ${whose}`, async () => {
      const { fixture, told } = await start(isTrusted);
      await breakOff(fixture, targetOf(fixture.slot({ size: 5 }).putUrl), ending);
      while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await fixture.server.stop();
      expect(told).toMatchObject([{ event: { kind: "upload-aborted" }, method: "PUT", client }]);
      expect(told.length).toBe(1);
    });

    test(`a refused upload that breaks off (${ending}) is told once, ${whose}`, async () => {
      const { fixture, told } = await start(isTrusted);
      const target = targetOf(fixture.slot({ size: 5 }).putUrl).replace(/.$/, "x");
      await breakOff(fixture, target, ending);
      while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await fixture.server.stop();
      expect(told).toMatchObject([
        { event: { kind: "refused", method: "PUT", reason: "bad-signature" }, method: "PUT", client },
      ]);
      expect(told.length).toBe(1);
    });
  }
}

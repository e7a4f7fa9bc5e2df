import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Finding } from "../../../src/check/finding.ts";
import { receiverChecks } from "../../../src/check/http/receiver-check.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function check(
  name: string,
  headers: Record<string, string> | undefined,
  secret = "x".repeat(32),
): Promise<Finding> {
  server = createServer((request, response) => {
    expect(request.method).toBe("OPTIONS");
    response.writeHead(headers === undefined ? 502 : 204, headers).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const receiver = { name: "main", url: `http://127.0.0.1:${port}/up/`, secret, protocol: "jwt" as const };
  const one = receiverChecks.find((each) => each.name === name);
  if (one === undefined) throw new Error("there is no such check");
  const { signal } = new AbortController();
  return one.run({
    receiver,
    listen: "127.0.0.1:8080",
    origin: "https://chat.example",
    ca: undefined,
    signal,
  });
}

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "Authorization, Content-Type",
};

test("a receiver whose URL reaches slotd is right", async () => {
  expect(await check("receiver-url", cors)).toMatchObject({ level: "ok" });
});

test("one that a proxy does not pass on, or whose headers it removes, is told with what to do", async () => {
  expect(await check("receiver-url", undefined)).toMatchObject({
    level: "wrong",
    text: expect.stringContaining("502"),
  });
  const { "access-control-allow-headers": _, ...noHeaders } = cors;
  expect(await check("receiver-url", noHeaders)).toMatchObject({ level: "wrong" });
  expect(
    await check("receiver-url", { ...cors, "access-control-allow-headers": "Content-Type" }),
  ).toMatchObject({
    level: "wrong",
    text: expect.stringContaining("Authorization"),
  });
  expect(await check("receiver-url", { "access-control-allow-headers": "x" })).toMatchObject({
    level: "warn",
  });
});

test("a short secret is told, and not shown", async () => {
  const finding = await check("receiver-secret", cors, "hunter2");
  expect(finding).toMatchObject({ level: "warn", text: expect.stringContaining("7 bytes") });
  expect(JSON.stringify(finding)).not.toContain("hunter2");
  expect(await check("receiver-secret", cors)).toMatchObject({ level: "ok" });
});

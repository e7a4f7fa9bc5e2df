import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { StoreConnectionError, StoreRequest } from "../../../../src/store/s3/store-request.ts";

let server: Server | undefined;
const requests: StoreRequest[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const request of requests.splice(0)) request.abort();
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
});

/** A store that does as it is told with the bytes of a request; `seen` is all that has come. */
async function storeThat(
  does: (socket: Socket, seen: string) => void,
  size = 5,
  stallTimeout = 5,
): Promise<StoreRequest> {
  const listening = createServer((socket) => {
    let seen = "";
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      seen += chunk.toString("latin1");
      does(socket, seen);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const headers = { "content-length": String(size), expect: "100-continue" };
  const request = new StoreRequest("PUT", `http://127.0.0.1:${port}/b/%2e%20?q=%2B`, headers, stallTimeout);
  requests.push(request);
  return request;
}

const answer = (status: string, body = "") =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const hello = Buffer.from("hello");

describe("a request to a store", () => {
  test("sends path and query as they are, and the body when it is wanted", async () => {
    let first = "";
    const request = await storeThat((socket, seen) => {
      first ||= seen;
      if (seen.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      if (seen.endsWith("hello")) socket.write(answer("200 OK"));
    });
    expect(await request.wanted(2_000)).toBe("continue");
    await request.write(hello);
    expect(await request.finish(2_000)).toEqual({ status: 200, code: "", message: "" });
    expect(first).toStartWith("PUT /b/%2e%20?q=%2B HTTP/1.1\r\n");
  });

  test("tells why the store refuses before the body", async () => {
    const xml = "<Error><Code>QuotaExceeded</Code><Message>No\nroom</Message></Error>";
    const request = await storeThat((socket) => socket.write(answer("403 Forbidden", xml)));
    expect(await request.wanted(2_000)).toBe("answered");
    expect(request.isOver).toBe(true);
    expect(await request.answer(0)).toEqual({ status: 403, code: "QuotaExceeded", message: "No room" });
  });

  test("does not wait for ever for a store that never says that it wants the body", async () => {
    const request = await storeThat((socket, seen) => {
      if (seen.endsWith("hello")) socket.write(answer("200 OK"));
    });
    expect(await request.wanted(20)).toBe("late");
    await request.write(hello);
    expect((await request.finish(2_000)).status).toBe(200);
  });

  test("sends no more than the store takes, and gives up when it takes nothing", async () => {
    const request = await storeThat((socket) => socket.pause(), 1e9, 0.2);
    const piece = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 1000; sent += 1) await request.write(piece);
    })();
    await expect(sending).rejects.toThrow("The store accepted no data for 0.2 s.");
    expect(sent).toBeLessThan(100);
  });

  test("fails as a connection when the store goes away in the middle", async () => {
    const request = await storeThat((socket, seen) => {
      if (seen.includes("hello")) socket.destroy();
    }, 10);
    expect(await request.wanted(20)).toBe("late");
    await request.write(hello);
    await expect(request.finish(2_000)).rejects.toThrow(StoreConnectionError);
  });

  test("fails when no answer comes", async () => {
    const request = await storeThat(() => undefined);
    await request.write(hello);
    await expect(request.finish(50)).rejects.toThrow("The store did not respond within 0.05 s.");
  });
});

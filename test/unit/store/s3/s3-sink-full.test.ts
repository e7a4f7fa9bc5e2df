import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { fixedCredentials } from "../../../../src/store/credentials.ts";
import { s3Sink } from "../../../../src/store/s3/s3-sink.ts";

// A stand-in: neither Ceph nor Swift says all of these.
let server: Server;
let answer: { readonly status: number; readonly code: string };
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.once("end", () => {
      response.writeHead(answer.status, { "Content-Type": "application/xml" });
      response.end(`<?xml version="1.0"?><Error><Code>${answer.code}</Code><Message>No.</Message></Error>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function* body(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10);
}

test.each([
  [403, "QuotaExceeded", "full"],
  [507, "InsufficientStorage", "full"],
  [503, "SlowDown", "upstream"],
  [403, "AccessDenied", "upstream"],
])(
  "a store that answers %d %s makes the upload fail as %s, with the store's code",
  async (status, code, failure) => {
    answer = { status, code };
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const sink = s3Sink(
      {
        bucketUrl: `http://127.0.0.1:${port}/bucket`,
        region: "us-east-1",
        credentials: fixedCredentials({ accessKeyId: "KEY", secretAccessKey: "secret" }),
        addAcl: false,
      },
      { now: () => new Date() },
    );
    const meta = { token: "0".repeat(64), filename: "a.txt", size: 10, contentType: "text/plain" };
    const outcome = await sink.put(meta, body()).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ name: "PutError", code: failure });
    expect(String(outcome)).toContain(code);
  },
);

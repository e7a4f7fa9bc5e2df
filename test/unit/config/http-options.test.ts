import { expect, test } from "bun:test";
import { describeConfig } from "../../../src/config/reference/describe.ts";
import { configOf, domainOf, messageOf, minimal } from "./load-text.ts";

test("reads what the HTTP server and the disk go by", () => {
  const config = configOf(`${minimal}
[disk]
reserve = "5GiB"
fsync = false
[http]
tls.cert = "cert.pem"
tls.key = "/keys/key.pem"
cors_origins = ["https://Chat.example.org", "http://localhost:8080"]
inline_types = []
max_uploads = 3
min_rate = 0
trusted_proxies = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]
`);
  expect(config.disk).toEqual({ reserve: 5 * 1024 ** 3, fsync: false });
  expect(config.http).toMatchObject({
    tls: { cert: "/conf/cert.pem", key: "/keys/key.pem" },
    corsOrigins: ["https://chat.example.org", "http://localhost:8080"],
    inlineTypes: [],
    maxUploads: 3,
    minRate: 0,
    trustedProxies: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"],
  });
  expect(config.domains[0]?.http.publicUrl).toBe("https://127.0.0.1:5080");
  expect(describeConfig(config)).toContain('[http.tls]\ncert = "/conf/cert.pem"');
});

test("reads a Unix socket to listen on, from the folder of the file", () => {
  const listen = 'http.listen = "unix:run/http.sock"\nhttp.public_url = "https://a.example"';
  expect(domainOf(`${minimal}\n${listen}`).http.listen).toEqual({ unix: "/conf/run/http.sock" });
  expect(domainOf(`${minimal}\nhttp.listen = "[::1]:80"`).http.listen).toEqual({ host: "::1", port: 80 });
});

test.each([
  ['http.tls.cert = "c.pem"', "expected http.tls.key as well"],
  ['http.tls.key = "k.pem"', "expected http.tls.cert as well"],
  ['http.listen = "unix:/s"', "expected http.public_url as well"],
  ['http.listen = "unix:"', 'or "unix:" and the path of a socket'],
  ['http.cors_origins = ["https://a.example/path"]', 'got "https://a.example/path"'],
  ['http.cors_origins = ["chat.example"]', 'got "chat.example"'],
  ['http.inline_types = ["image"]', 'got "image"'],
  ['http.trusted_proxies = ["10.0.0.0/33"]', 'got "10.0.0.0/33"'],
  ['http.trusted_proxies = ["localhost"]', 'got "localhost"'],
  ["http.max_uploads = 0", "got 0"],
  ['http.min_rate = "fast"', 'got "fast"'],
  ["disk.reserve = -1", "got -1"],
])("refuses %s", (line, expected) => {
  expect(messageOf(`${minimal}\n${line}\n`)).toContain(expected);
});

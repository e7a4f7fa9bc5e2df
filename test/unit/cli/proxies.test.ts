import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type ProxyName, proxies, proxyText } from "../../../src/cli/init/proxies.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const upstream = { urls: [new URL("https://upload.example.org")], listen: "127.0.0.1:5080" };
const languages = { nginx: "nginx", caddy: "caddyfile", haproxy: "haproxy" } as const satisfies Record<
  ProxyName,
  string
>;

test.each(proxies)("docs/reverse-proxy.md has for %s what slotd init prints", (name) => {
  const block = new RegExp(`\`\`\`${languages[name]}\n(.*?)\`\`\``, "s").exec(read("docs/reverse-proxy.md"));
  expect(block?.[1]).toBe(`${proxyText[name](upstream)}\n`);
});

test("deploy/compose/Caddyfile has the same lines", () => {
  const [, site] = read("deploy/compose/Caddyfile").split(/^(?=\{\$UPLOAD_HOST\})/m);
  const expected = proxyText.caddy(upstream);
  expect(site).toBe(
    `${expected.replace("upload.example.org", "{$UPLOAD_HOST}").replace("127.0.0.1:5080", "{$SLOTD_ADDRESS}")}\n`,
  );
});

test("old URLs keep their hosts, ports and paths, beside the public one", () => {
  const urls = ["https://a.example", "https://a.example:5443/upload", "https://a.example/file_share/"]
    .concat("http://b.example:12121", "https://a.example:5443/up%20load")
    .map((url) => new URL(url));
  const texts = proxies.map((name) => proxyText[name]({ urls, listen: "127.0.0.1:5080" }));
  const [nginx = "", caddy = "", haproxy = ""] = texts;
  expect([...(nginx.match(/^ +(listen \d+.*|location .*)$/gm) ?? [])]).toEqual([
    ...["    listen 443 ssl;", "    location / {", "    location /file_share/ {"],
    ...["    listen 5443 ssl;", "    location /upload/ {", '    location "/up load/" {'],
    ...["    listen 12121;", "    location / {"],
  ]);
  expect(nginx.match(/ssl_certificate /g)).toHaveLength(2);
  expect(caddy.match(/^\S.* \{$/gm)).toEqual(["a.example {", "a.example:5443 {", "http://b.example:12121 {"]);
  expect(caddy.match(/reverse_proxy.*/g)).toEqual([
    "reverse_proxy 127.0.0.1:5080 {",
    "reverse_proxy /file_share/* 127.0.0.1:5080 {",
    "reverse_proxy /upload/* 127.0.0.1:5080 {",
    "reverse_proxy /up%20load/* 127.0.0.1:5080 {",
    "reverse_proxy 127.0.0.1:5080 {",
  ]);
  const tls = "ssl crt /etc/haproxy/a.example.pem alpn http/1.1";
  expect(haproxy.match(/bind :.*/g)).toEqual([`bind :443 ${tls}`, `bind :5443 ${tls}`, "bind :12121"]);
});

test("several hosts and a path are in each", () => {
  const urls = [new URL("https://a.example/up"), new URL("https://b.example:8443/up/")];
  for (const name of proxies) {
    const text = proxyText[name]({ urls, listen: "127.0.0.1:5080" });
    expect(text).toContain("a.example");
    expect(text).toContain("b.example");
    expect(text).toContain("/up/");
  }
  expect(proxyText.nginx({ urls, listen: "127.0.0.1:5080" })).toContain("listen [::]:8443 ssl;");
});

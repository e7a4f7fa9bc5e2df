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

test("for nginx, several paths of one host and port are in one server", () => {
  const bases = [
    "https://a.example:5281/file_share",
    "https://a.example:5281/upload",
    "https://a.example/upload",
  ];
  const text = proxyText.nginx({ urls: bases.map((url) => new URL(url)), listen: "127.0.0.1:5080" });
  expect(text.match(/^server \{/gm)).toHaveLength(2);
  expect(text.match(/listen 5281 ssl;/g)).toHaveLength(1);
  expect(text.match(/location \/file_share\/ \{/g)).toHaveLength(1);
  expect(text.match(/location \/upload\/ \{/g)).toHaveLength(2);
});

test("for nginx, a plain http base has no certificate", () => {
  const text = proxyText.nginx({ urls: [new URL("http://a.example:12121")], listen: "127.0.0.1:5080" });
  expect(text).toContain("listen 12121;");
  expect(text).toContain("location / {");
  expect(text).not.toContain("ssl");
});

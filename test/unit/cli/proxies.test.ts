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

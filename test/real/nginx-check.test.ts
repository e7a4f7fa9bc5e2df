import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { giveFolder, isRoot, makeFolder, removeFolder, startProcess } from "../peers/process.ts";
import { check } from "./check.ts";

/** What `slotd check` finds of files on disk behind an nginx whose location has these lines. */
async function behindNginx(lines: readonly string[], old: (port: number) => string = () => "") {
  const [port = 0, listen = 0, xmpp = 0] = await freePorts(3);
  const folder = makeFolder("nginx-check");
  mkdirSync(join(folder, "tmp"));
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temporary = kinds.map((name) => `  ${name}_temp_path ${join(folder, "tmp", name)};`);
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    [
      ...["daemon off;", "worker_processes 1;", ...(isRoot() ? ["user www-data;"] : [])],
      ...[`pid ${join(folder, "pid")};`, "error_log stderr;", "events {}", "http {", "  access_log off;"],
      ...temporary,
      `  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${listen};`,
      ...lines,
      "  } }",
      "}",
    ].join("\n"),
  );
  if (isRoot()) giveFolder(join(folder, "tmp"), "www-data");
  const isReady = () => isPortOpen(port);
  const nginx = await startProcess({ name: "nginx", command: ["nginx", "-c", file], folder, isReady });
  try {
    const { findings } = await check(`domains = ["example.test"]
backend = "disk"
max_file_size = "20MiB"
[xmpp]
address = "127.0.0.1:${xmpp}"
secret = "s"
[disk]
path = "${join(folder, "data")}"
[http]
listen = "127.0.0.1:${listen}"
public_url = "http://127.0.0.1:${port}"
${old(port)}`);
    return findings.filter(({ check, level }) =>
      old(port) === "" ? level === "wrong" && check !== "handshake" : check === "former-url",
    );
  } finally {
    await nginx.stop();
    removeFolder(folder);
  }
}

const right = [
  ...["proxy_http_version 1.1;", "proxy_set_header Host $http_host;", "client_max_body_size 0;"],
  ...["proxy_request_buffering off;", "proxy_buffering off;"],
];

describe("slotd check behind nginx", () => {
  test("finds nothing wrong when all is passed on as it came", async () => {
    expect(await behindNginx(right)).toEqual([]);
  });

  test("finds that larger files are refused by nginx's own limit, without sending one", async () => {
    const wrong = await behindNginx(right.filter((line) => !line.startsWith("client_max")));
    expect(wrong.map((finding) => finding.check)).toEqual(["public-size"]);
    expect(wrong[0]?.text).toContain("refused on the way (413), though max_file_size allows it");
    expect(wrong[0]?.advice).toContain("client_max_body_size 0;");
  });

  test("finds that the path is changed", async () => {
    const wrong = await behindNginx([...right, "rewrite ^/(.*)$ /files/$1 break;"]);
    expect(wrong.map((finding) => finding.check)).toEqual(["public-url"]);
    expect(wrong[0]?.text).toContain("a proxy changes the path or the query");
  });

  describe("says of the old URLs of a former service", () => {
    const former = (url: (port: number) => string) => (port: number) =>
      `[former.old]\nkind = "openfire"\nurls = ["${url(port)}"]\n`;
    const here = former((port) => `http://127.0.0.1:${port}/upload`);

    test("that they reach slotd", async () => {
      const [finding] = await behindNginx(right, here);
      expect(finding).toMatchObject({ level: "ok", text: expect.stringContaining("/upload reaches slotd") });
    });

    test("that the Host header is lost", async () => {
      const lines = right.map((line) => line.replace("$http_host", "other.example"));
      const [finding] = await behindNginx(lines, here);
      expect(finding).toMatchObject({
        level: "warn",
        text: expect.stringContaining("not as an old address (400)"),
      });
    });

    test("that another service still answers", async () => {
      const [finding] = await behindNginx([...right, "if ($uri ~ ^/upload/) { return 403; }"], here);
      expect(finding).toMatchObject({
        level: "warn",
        text: expect.stringContaining("by another service (403)"),
      });
    });

    test("that their name is not known here", async () => {
      const [finding] = await behindNginx(
        right,
        former(() => "http://up.old.invalid:5443/upload"),
      );
      expect(finding).toMatchObject({
        level: "warn",
        text: expect.stringContaining("up.old.invalid:5443 cannot be reached"),
      });
      expect(finding?.advice).toContain("keep both");
    });
  });

  test("finds that the CORS headers are there twice", async () => {
    const wrong = await behindNginx([...right, "add_header Access-Control-Allow-Origin '*' always;"]);
    expect(wrong.map((finding) => finding.check)).toEqual(["public-cors"]);
  });
});

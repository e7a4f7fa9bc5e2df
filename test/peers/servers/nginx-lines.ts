import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "../certificates.ts";
import { allOpen } from "../ports.ts";
import { giveFolder, isRoot, makeFolder, removeFolder, startProcess } from "../process.ts";

const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/**
 * Starts nginx (Debian package nginx-light) with server blocks that slotd printed. Only the addresses and the places of
 * the certificates are other ones: it listens on loopback, and the certificate is that of the server whose place it
 * takes.
 *
 * @param ports where the blocks listen.
 */
export async function startNginxWith(
  blocks: string,
  ports: readonly number[],
  certificates: Certificates,
): Promise<{ stop(): Promise<void> }> {
  const folder = makeFolder("nginx");
  const own = blocks
    .replace(/listen (\d+) ssl;/g, "listen 127.0.0.1:$1 ssl;")
    .replace(/^\s*listen \[::\]:\d+ ssl;\n/gm, "")
    .replace(/ssl_certificate\s+\S+;/g, `ssl_certificate ${certificates.chain};`)
    .replace(/ssl_certificate_key\s+\S+;/g, `ssl_certificate_key ${certificates.key};`);
  const file = join(folder, "nginx.conf");
  mkdirSync(join(folder, "tmp"));
  const lines = [
    ...["daemon off;", "worker_processes 1;", ...(isRoot() ? ["user www-data;"] : [])],
    ...[`pid ${join(folder, "pid")};`, "error_log stderr;", "events {}", "http {", "access_log off;"],
    ...temporary.map((name) => `${name}_temp_path ${join(folder, "tmp", name)};`),
    own,
    "}",
  ];
  writeFileSync(file, lines.join("\n"));
  giveFolder(join(folder, "tmp"), "www-data");
  const env = { PATH: `${process.env.PATH}:/usr/sbin` };
  const command = ["nginx", "-c", file, "-e", "stderr"] as const;
  try {
    const server = await startProcess({ name: "nginx", command, folder, env, isReady: allOpen(ports) });
    return {
      async stop() {
        await server.stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

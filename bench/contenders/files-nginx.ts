import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "../../test/peers/certificates.ts";
import { allOpen } from "../../test/peers/ports.ts";
import { isRoot, makeFolder, removeFolder, startProcess } from "../../test/peers/process.ts";

/** A web server on loopback whose files anyone may read and write. */
export interface NginxFiles {
  readonly pid: number;
  /** Where the files are. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts nginx as it is fastest: sendfile, one worker, no log, connections that stay; PUT by its DAV module. */
export async function startNginxFiles(
  ports: { readonly plain: number; readonly tls: number },
  certificates: Certificates,
): Promise<NginxFiles> {
  const folder = makeFolder("nginx-files");
  for (const name of ["files", "body"]) mkdirSync(join(folder, name));
  const file = join(folder, "nginx.conf");
  const lines = [
    ...["daemon off;", "worker_processes 1;", `pid ${join(folder, "nginx.pid")};`, "error_log stderr warn;"],
    ...(isRoot() ? ["user root;"] : []),
    "events { worker_connections 4096; }",
    "http {",
    "  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;",
    `  client_max_body_size 0; client_body_temp_path ${join(folder, "body")};`,
    "  server {",
    `    listen 127.0.0.1:${ports.plain}; listen 127.0.0.1:${ports.tls} ssl;`,
    `    ssl_certificate ${certificates.chain}; ssl_certificate_key ${certificates.key};`,
    `    location / { root ${join(folder, "files")}; dav_methods PUT; create_full_put_path on; }`,
    "  }",
    "}",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const server = await startProcess({
    name: "nginx",
    command: ["nginx", "-c", file, "-e", "stderr"],
    folder,
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    isReady: allOpen([ports.plain, ports.tls]),
  });
  return {
    pid: server.pid,
    folder: join(folder, "files"),
    async stop() {
      await server.stop();
      removeFolder(folder);
    },
  };
}

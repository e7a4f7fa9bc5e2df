import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../certificates.ts";
import { allOpen } from "../ports.ts";
import {
  giveFolder,
  isRoot,
  type ManagedProcess,
  makeFolder,
  removeFolder,
  startProcess,
} from "../process.ts";

export interface Nginx {
  /** It speaks TLS here, with a certificate of `ca` for localhost and 127.0.0.1. */
  readonly port: number;
  /** The path of a PEM file. */
  readonly ca: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const document = join(import.meta.dirname, "../../../docs/reverse-proxy.md");

/** The server block of docs/reverse-proxy.md, with nothing changed but addresses and the places of files. */
function documentedServer(port: number, upstream: string, certificates: Certificates): string {
  const block = /```nginx\n(.*?)```/s.exec(readFileSync(document, "utf8"))?.[1];
  if (block === undefined) throw new Error("docs/reverse-proxy.md has no nginx block");
  const replaced = block
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
    .replace("    listen [::]:443 ssl;\n", "")
    .replace("upload.example.org;", "localhost;")
    .replace(/ssl_certificate {5}\S+;/, `ssl_certificate ${certificates.chain};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${certificates.key};`)
    .replace("http://127.0.0.1:5080;", `${upstream};`);
  for (const left of ["443", "example.org", "5080"]) {
    if (replaced.includes(left)) throw new Error(`the nginx block still has ${left}:\n${replaced}`);
  }
  return replaced;
}

/**
 * Starts nginx (Debian package nginx-light) with the configuration of the documentation before an HTTP server.
 *
 * @param upstream as `proxy_pass` takes it.
 */
export async function startNginx(port: number, upstream: string): Promise<Nginx> {
  const folder = makeFolder("nginx");
  const certificates = makeCertificates(folder, ["localhost"]);
  mkdirSync(join(folder, "tmp"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${join(folder, "tmp", name)};`,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    [
      "daemon off;",
      "worker_processes 1;",
      ...(isRoot() ? ["user www-data;"] : []),
      `pid ${join(folder, "nginx.pid")};`,
      "error_log stderr warn;",
      "events { worker_connections 1024; }",
      "http {",
      "  access_log off;",
      ...temporary,
      documentedServer(port, upstream, certificates),
      "}",
      "",
    ].join("\n"),
  );
  giveFolder(folder, "www-data");
  let server: ManagedProcess;
  try {
    server = await startProcess({
      name: "nginx",
      command: ["nginx", "-c", file, "-e", "stderr"],
      folder,
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
      isReady: allOpen([port]),
    });
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
  return {
    port,
    ca: certificates.ca,
    async stop() {
      await server.stop();
      removeFolder(folder);
    },
  };
}

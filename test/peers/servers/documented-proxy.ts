import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ProxyName, proxyText } from "../../../src/cli/init/proxies.ts";
import { type Certificates, makeCertificates } from "../certificates.ts";
import { allOpen } from "../ports.ts";
import { giveFolder, isRoot, makeFolder, removeFolder, startProcess } from "../process.ts";

/** A reverse proxy with TLS before an HTTP server. */
export interface DocumentedProxy {
  /** A PEM file: the authority of its certificate for localhost and 127.0.0.1. */
  readonly ca: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

interface Plan {
  readonly folder: string;
  /** What `slotd init` prints for https://127.0.0.1:PORT/up and the old URLs. */
  readonly text: string;
  readonly certificates: Certificates;
}

interface Started {
  readonly file: string;
  readonly config: string;
  readonly command: readonly [string, ...string[]];
}

/** How each is started with the printed lines, in which addresses and certificates alone are other ones. */
const starts: Readonly<Record<ProxyName, (plan: Plan) => Started>> = { nginx, caddy, haproxy };

function nginx({ folder, text, certificates }: Plan): Started {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const own = text
    .replace(/listen (\d+)/g, "listen 127.0.0.1:$1")
    .replace(/ {4}listen \[::\].*\n/g, "")
    .replace(/ssl_certificate {5}\S+;/g, `ssl_certificate ${certificates.chain};`)
    .replace(/ssl_certificate_key \S+;/g, `ssl_certificate_key ${certificates.key};`);
  const file = join(folder, "nginx.conf");
  const lines = [
    ...["daemon off;", "worker_processes 1;", ...(isRoot() ? ["user www-data;"] : [])],
    ...[`pid ${join(folder, "pid")};`, "error_log stderr;", "events {}", "http {", "access_log off;"],
    ...kinds.map((name) => `${name}_temp_path ${join(folder, "tmp", name)};`),
    own,
    "}",
  ];
  return { file, config: lines.join("\n"), command: ["nginx", "-c", file, "-e", "stderr"] };
}

function caddy({ folder, text, certificates }: Plan): Started {
  const { chain, key } = certificates;
  const own = text.replace(/^(\S.*) \{\n/gm, `$1 {\n    bind 127.0.0.1\n    tls ${chain} ${key}\n`);
  const global = `{\n    admin off\n    auto_https disable_redirects\n    storage file_system ${folder}\n}\n`;
  const file = join(folder, "Caddyfile");
  return { file, config: `${global}${own}\n`, command: ["caddy", "run", "--config", file] };
}

function haproxy({ folder, text, certificates }: Plan): Started {
  const own = text
    .replaceAll("bind :", "bind 127.0.0.1:")
    .replace(/ {4}bind \[::\].*\n/g, "")
    .replace(/crt \S+/g, `crt ${certificates.bundle}`);
  const file = join(folder, "haproxy.cfg");
  return { file, config: `${own}\n`, command: ["haproxy", "-db", "-f", file] };
}

/**
 * Starts a Debian proxy with what `slotd init` prints for it.
 *
 * @param listen the HTTP server's host and port.
 * @param oldUrls of former services, https on 127.0.0.1.
 */
export async function startDocumentedProxy(
  name: ProxyName,
  port: number,
  listen: string,
  oldUrls: readonly URL[] = [],
): Promise<DocumentedProxy> {
  const folder = makeFolder(name);
  const certificates = makeCertificates(folder, ["localhost"]);
  const text = proxyText[name]({ urls: [new URL(`https://127.0.0.1:${port}/up`), ...oldUrls], listen });
  const { file, config, command } = starts[name]({ folder, text, certificates });
  mkdirSync(join(folder, "tmp"));
  writeFileSync(file, config);
  giveFolder(join(folder, "tmp"), "www-data");
  const ports = [...new Set([port, ...oldUrls.map((url) => Number(url.port))])];
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, HOME: folder };
  try {
    const server = await startProcess({ name, command, folder, env, isReady: allOpen(ports) });
    const stop = async (): Promise<void> => {
      await server.stop();
      removeFolder(folder);
    };
    return { ca: certificates.ca, stop };
  } catch (error) {
    const lines = `${error instanceof Error ? error.message : error}\n${readFileSync(file, "utf8")}`;
    removeFolder(folder);
    throw new Error(lines, { cause: error });
  }
}

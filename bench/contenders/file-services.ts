import { join } from "node:path";
import { type Certificates, makeCertificates } from "../../test/peers/certificates.ts";
import { freePorts } from "../../test/peers/ports.ts";
import { giveFolder, makeFolder, removeFolder } from "../../test/peers/process.ts";
import { startEjabberd } from "../../test/peers/servers/ejabberd.ts";
import { startProsody } from "../../test/peers/servers/prosody.ts";
import type { XmppServer } from "../../test/peers/servers/xmpp-server.ts";
import { startSlotd } from "../../test/peers/slotd.ts";
import { onServerCore } from "../cores.ts";
import { type C2sClient, connectC2s } from "../load/c2s-client.ts";
import { secret } from "./components.ts";
import { startNginxFiles } from "./files-nginx.ts";
import { diskConfig } from "./slotd-config.ts";

export const DOMAIN = "example.test";

/** Where a file goes, and what has to be sent with it. */
export interface UploadTarget {
  readonly putUrl: string;
  readonly getUrl: string;
  /** "Name: value". */
  readonly headers: readonly string[];
}

/** Something that takes and serves files. */
export interface FileService {
  readonly pid: number;
  /** Under which it keeps the files; undefined: nowhere. */
  readonly folder?: string;
  /** As many places for files of this size. */
  targets(count: number, size: number): Promise<UploadTarget[]>;
  stop(): Promise<void>;
}

function unescapeXml(text: string): string {
  return text.replaceAll("&apos;", "'").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

/** Asks a service for slots through the XMPP server, as clients do. */
async function slots(client: C2sClient, to: string, count: number, size: number): Promise<UploadTarget[]> {
  const targets: UploadTarget[] = [];
  const url = (answer: string, name: string) =>
    unescapeXml(new RegExp(`<${name}[^>]*\\surl=['"]([^'"]+)`).exec(answer)?.[1] ?? "");
  const request = `<request xmlns='urn:xmpp:http:upload:0' filename='photo.jpg' size='${size}' content-type='image/jpeg'/>`;
  for (const answer of await client.ask(to, request, count)) {
    const putUrl = url(answer, "put");
    if (putUrl === "") throw new Error(`${to} gave no slot: ${answer}`);
    const headers = [...answer.matchAll(/<header[^>]*name=['"]([^'"]+)['"][^>]*>([^<]*)</g)].map(
      ([, name, value]) => `${name}: ${unescapeXml(value ?? "")}`,
    );
    targets.push({ putUrl, getUrl: url(answer, "get"), headers: [...headers, "Content-Type: image/jpeg"] });
  }
  return targets;
}

function clientOf(server: XmppServer): Promise<C2sClient> {
  const { user, password } = server.accounts.find(({ domain }) => domain === DOMAIN) ?? {
    user: "",
    password: "",
  };
  return connectC2s({ port: server.c2sPort, domain: DOMAIN, user, password });
}

async function ownModule(server: XmppServer, to: string, folder: string): Promise<FileService> {
  const client = await clientOf(server);
  return {
    pid: server.pid,
    folder,
    targets: (count, size) => slots(client, to, count, size),
    async stop() {
      client.close();
      await server.stop();
    },
  };
}

/** Prosody's mod_http_file_share. */
export async function prosodyFiles(isTls: boolean): Promise<FileService> {
  const [port = 0] = await freePorts(1);
  const folder = makeFolder("prosody-tls");
  const { key, chain } = makeCertificates(folder, [DOMAIN]);
  giveFolder(folder, "prosody");
  const server = await onServerCore(() =>
    startProsody({
      domains: [DOMAIN],
      components: {},
      extra: [
        "storage_archive_item_limit = 100000000",
        `http_ports = { ${isTls ? "" : port} }`,
        `https_ports = { ${isTls ? port : ""} }`,
        `http_interfaces = { "127.0.0.1" }`,
        `https_interfaces = { "127.0.0.1" }`,
        `https_ssl = { key = "${key}"; certificate = "${chain}" }`,
      ],
      hosts: [
        `Component "share.${DOMAIN}" "http_file_share"`,
        '  http_host = "127.0.0.1"',
        `  http_external_url = "${isTls ? "https" : "http"}://127.0.0.1:${port}/"`,
        "  http_file_share_size_limit = 100*1024*1024",
        "  http_file_share_daily_quota = math.huge",
        `  http_file_share_access = { "${DOMAIN}" }`,
      ],
    }),
  );
  const own = await ownModule(server, `share.${DOMAIN}`, join(server.folder, "data"));
  return { ...own, stop: () => own.stop().finally(() => removeFolder(folder)) };
}

/** ejabberd's mod_http_upload. */
export async function ejabberdFiles(isTls: boolean): Promise<FileService> {
  const [port = 0] = await freePorts(1);
  const folder = makeFolder("ejabberd-uploads");
  const { bundle } = makeCertificates(folder, [DOMAIN]);
  giveFolder(folder, "ejabberd");
  const server = await onServerCore(() =>
    startEjabberd({
      domains: [DOMAIN],
      components: {},
      listeners: [
        {
          ...{ port, ip: "127.0.0.1", module: "ejabberd_http" },
          ...(isTls && { tls: true, certfile: bundle }),
          request_handlers: { "/upload": "mod_http_upload" },
        },
      ],
      extra: [
        "append_host_config:",
        `  "${DOMAIN}":`,
        "    modules:",
        "      mod_http_upload:",
        `        hosts: [ "share.${DOMAIN}" ]`,
        `        docroot: "${join(folder, "files")}"`,
        `        put_url: "${isTls ? "https" : "http"}://127.0.0.1:${port}/upload"`,
        "        access: all",
        "        max_size: infinity",
      ],
    }),
  );
  const own = await ownModule(server, `share.${DOMAIN}`, join(folder, "files"));
  return { ...own, stop: () => own.stop().finally(() => removeFolder(folder)) };
}

/** slotd with files on disk, and a Prosody through which slots are asked for. `fsync`: as configured when nothing is said, or not. */
export async function slotdFiles(isTls: boolean, fsync = true): Promise<FileService> {
  const [port = 0] = await freePorts(1);
  const folder = makeFolder("slotd-tls");
  const { key, chain } = makeCertificates(folder, [DOMAIN]);
  const xmpp = await startProsody({ domains: [DOMAIN], components: { [`upload.${DOMAIN}`]: secret } });
  const tls = isTls ? `tls.cert = "${chain}"\ntls.key = "${key}"` : "";
  const slotd = await onServerCore(() =>
    startSlotd({
      config: diskConfig(
        xmpp.componentPort,
        DOMAIN,
        `listen = "127.0.0.1:${port}"\n${tls}`,
        `expiration_time = 3600\ndisk.fsync = ${fsync}`,
      ),
    }),
  );
  const client = await clientOf(xmpp);
  return {
    pid: slotd.process.pid,
    folder: join(slotd.folder, "data", "objects"),
    targets: (count, size) => slots(client, `upload.${DOMAIN}`, count, size),
    async stop() {
      client.close();
      await slotd.stop();
      await xmpp.stop();
      removeFolder(folder);
    },
  };
}

/** nginx, where every path is a place for a file. */
export async function nginxFiles(isTls: boolean): Promise<FileService> {
  const [plain = 0, tls = 0] = await freePorts(2);
  const folder = makeFolder("nginx-tls");
  const certificates: Certificates = makeCertificates(folder, [DOMAIN]);
  const nginx = await onServerCore(() => startNginxFiles({ plain, tls }, certificates));
  let number = 0;
  return {
    pid: nginx.pid,
    folder: nginx.folder,
    async targets(count) {
      return Array.from({ length: count }, () => {
        number += 1;
        const url = `${isTls ? "https" : "http"}://127.0.0.1:${isTls ? tls : plain}/${number}/photo.jpg`;
        return { putUrl: url, getUrl: url, headers: ["Content-Type: image/jpeg"] };
      });
    },
    async stop() {
      await nginx.stop();
      removeFolder(folder);
    },
  };
}

/** What slotd's HTTP server is held against, by name. */
export const peerFiles: Readonly<Record<string, (isTls: boolean) => Promise<FileService>>> = {
  nginx: nginxFiles,
  Prosody: prosodyFiles,
  ejabberd: ejabberdFiles,
};

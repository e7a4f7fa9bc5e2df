import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../ports.ts";
import { giveFolder, makeFolder, removeFolder } from "../../process.ts";
import { startEjabberd } from "../ejabberd.ts";
import type { FormerService } from "./former-service.ts";

interface Plan {
  readonly name: string;
  readonly domains: readonly string[];
  readonly jidInUrl: "sha1" | "node";
  /** As ejabberd.yml has it; the port is filled in. */
  readonly putUrl: string;
  readonly isReachable: boolean;
}

/** YAML lines of mod_http_upload for each domain, in which JSON is YAML. */
function moduleLines(plan: Plan, docroot: string, port: number): readonly string[] {
  const module = {
    docroot,
    put_url: plan.putUrl.replace("PORT", `${port}`),
    jid_in_url: plan.jidInUrl,
    access: "all",
    max_size: 1_048_576,
  };
  const hosts = plan.domains.map((domain) => [domain, { modules: { mod_http_upload: module } }]);
  return [`append_host_config: ${JSON.stringify(Object.fromEntries(hosts))}`];
}

async function start(plan: Plan): Promise<FormerService> {
  const [port = 0] = await freePorts(1);
  const home = makeFolder("former-ejabberd");
  const folder = join(home, "upload");
  mkdirSync(folder);
  giveFolder(home, "ejabberd");
  chmodSync(home, 0o755);
  try {
    const xmpp = await startEjabberd({
      components: {},
      domains: ["example.test", "example2.test"],
      users: ["alice", "o.brien"],
      extra: moduleLines(plan, folder, port),
      httpsUpload: port,
    });
    return {
      ...{ name: plan.name, kind: "ejabberd", folder, port, xmpp },
      urls: plan.domains.map((domain) => plan.putUrl.replace("PORT", `${port}`).replace("@HOST@", domain)),
      component: (domain) => `upload.${domain}`,
      domains: plan.domains,
      isReachable: plan.isReachable,
      shutDown: () => xmpp.shutDown(),
      async stop() {
        await xmpp.stop();
        removeFolder(home);
      },
    };
  } catch (error) {
    removeFolder(home);
    throw error;
  }
}

/** ejabberd's mod_http_upload as it is by default: the uploader is a SHA-1 in the URL. */
export function startEjabberdSha1(): Promise<FormerService> {
  return start({
    name: "ejabberd mod_http_upload, sha1",
    domains: ["example.test"],
    jidInUrl: "sha1",
    putUrl: "https://localhost:PORT/upload",
    isReachable: true,
  });
}

/** ejabberd's mod_http_upload with the user's name in the URL. */
export function startEjabberdNode(): Promise<FormerService> {
  return start({
    name: "ejabberd mod_http_upload, node",
    domains: ["example.test"],
    jidInUrl: "node",
    putUrl: "https://localhost:PORT/upload",
    isReachable: true,
  });
}

/** ejabberd with two virtual hosts that share one docroot. */
export function startEjabberdShared(): Promise<FormerService> {
  return start({
    name: "ejabberd mod_http_upload, one docroot for two hosts",
    domains: ["example.test", "example2.test"],
    jidInUrl: "sha1",
    putUrl: "https://@HOST@:PORT/upload",
    isReachable: false,
  });
}

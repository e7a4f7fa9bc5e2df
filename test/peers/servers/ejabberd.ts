import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  startXmppServer,
  type XmppCommand,
  type XmppPlan,
  type XmppServer,
  type XmppServerOptions,
} from "./xmpp-server.ts";

export interface EjabberdOptions extends XmppServerOptions {
  /** Whether the component port speaks TLS, with a certificate of the server's `ca`. Left out: plain TCP. */
  readonly componentTls?: boolean;
  /** Modules beside those that every test needs, with their options. */
  readonly modules?: Readonly<Record<string, object>>;
  /** More listeners, as ejabberd.yml has them. */
  readonly listeners?: readonly object[];
}

// JSON is YAML.
function configuration(plan: XmppPlan, options: EjabberdOptions): string {
  const { ports, certificates } = plan;
  const listener = (port: number, module: string, rest: object) => ({
    port,
    ip: "127.0.0.1",
    module,
    ...rest,
  });
  const passwords = Object.entries(options.components).map(([domain, password]) => [domain, { password }]);
  const componentTls = options.componentTls ? { tls: true, certfile: certificates.bundle } : {};
  const settings = {
    hosts: plan.domains,
    loglevel: "info",
    certfiles: [certificates.bundle],
    acme: { auto: false },
    auth_method: "internal",
    auth_password_format: "plain",
    s2s_access: "none",
    listen: [
      listener(ports.c2s, "ejabberd_c2s", { access: "all", starttls: false }),
      listener(ports.c2sTls, "ejabberd_c2s", { access: "all", tls: true }),
      listener(ports.component, "ejabberd_service", {
        access: "all",
        global_routes: false,
        hosts: Object.fromEntries(passwords),
        ...componentTls,
      }),
      ...(options.listeners ?? []),
    ],
    modules: {
      mod_disco: {},
      mod_offline: {},
      mod_ping: {},
      mod_roster: {},
      mod_version: {},
      ...options.modules,
    },
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return [...lines, ...(options.extra ?? []), ""].join("\n");
}

/** Erlang: registers the accounts, which are there already after a restart, then says that all is ready. */
function afterStart(plan: XmppPlan, readyFile: string): string {
  const binary = (text: string) => `<<"${text}">>`;
  const register = plan.accounts.map(
    ({ user, domain, password }) =>
      `ejabberd_auth:try_register(${[user, domain, password].map(binary).join(", ")})`,
  );
  return `${[...register, `ok = file:write_file("${readyFile}", <<>>)`].join(", ")}.`;
}

/** Where Debian keeps ejabberd's Erlang code: a folder that depends on the architecture. */
function libraryFolder(): string {
  const has = (folder: string) => readdirSync(folder).some((name) => name.startsWith("ejabberd-"));
  const folders = readdirSync("/usr/lib", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
    .map((entry) => join("/usr/lib", entry.name));
  const found = folders.find(has);
  if (!found) throw new Error("ejabberd is not installed: no ejabberd-* under /usr/lib/*-linux-*");
  return found;
}

/** As ejabberdctl runs it, but without Erlang distribution: no epmd, no cookie, and the same process all along. */
function command(plan: XmppPlan): XmppCommand {
  const readyFile = join(plan.folder, "ready");
  const inetFile = join(plan.folder, "inetrc");
  mkdirSync(join(plan.folder, "data"));
  mkdirSync(join(plan.folder, "log"));
  writeFileSync(inetFile, `{lookup, ["file", "native"]}.\n{host, {127,0,0,1}, ["localhost"]}.\n`);
  return {
    name: "ejabberd",
    command: [
      ...(["erl", "+K", "true", "-noinput", "-mnesia", "dir", `"${join(plan.folder, "data")}"`] as const),
      ...["-os_mon", "start_memsup", "false", "start_cpu_sup", "false", "start_disksup", "false"],
      ...["-s", "ejabberd", "-eval", afterStart(plan, readyFile)],
    ],
    env: {
      HOME: plan.folder,
      EJABBERD_CONFIG_PATH: join(plan.folder, "ejabberd.yml"),
      EJABBERD_LOG_PATH: join(plan.folder, "log", "server.log"),
      ERL_CRASH_DUMP_BYTES: "0",
      ERL_INETRC: inetFile,
      ERL_LIBS: libraryFolder(),
    },
    user: "ejabberd",
    prepare: () => rmSync(readyFile, { force: true }),
    isReady: () => existsSync(readyFile),
  };
}

/**
 * Starts ejabberd (Debian package ejabberd) on loopback. As root it runs as the user ejabberd.
 *
 * A component's domain is in disco#items of its parent domain only while it is connected.
 *
 * @throws {Error} with the end of its log when it does not come up.
 */
export function startEjabberd(options: EjabberdOptions): Promise<XmppServer> {
  return startXmppServer("ejabberd", options, (plan) => {
    writeFileSync(join(plan.folder, "ejabberd.yml"), configuration(plan, options));
    return command(plan);
  });
}

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../ports.ts";
import {
  giveFolder,
  isRoot,
  type ManagedProcess,
  makeFolder,
  removeFolder,
  runToEnd,
  startProcess,
  waitUntil,
} from "../process.ts";

/** A real PostgreSQL on loopback, with data of its own in a temporary folder. */
export interface Postgres {
  readonly process: ManagedProcess;
  readonly port: number;
  /** Makes an empty database. Gives its URL, with user and password. */
  makeDatabase(name: string): Promise<string>;
  /** Carries out SQL in a database; gives what psql prints, unaligned. */
  psql(database: string, sql: string): Promise<string>;
  /** Ends it without warning; what it has committed is there after restart(). */
  kill9(): Promise<void>;
  restart(): Promise<void>;
  /** Nothing of it runs; its connections stay open. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

const user = "slotd";
/** Has to be encoded in a URL. */
const password = "p@ss/w:rd";

/** Debian keeps the programs of each version apart; elsewhere they are in the PATH. */
function program(name: string): string {
  const versions = "/usr/lib/postgresql";
  const [newest] = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  return newest === undefined ? name : join(versions, newest, "bin", name);
}

/** Those of its processes that serve one connection each are in groups of their own. */
function signalChildren(pid: number, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  for (const child of children) process.kill(Number(child), signal);
}

/** Root may not run PostgreSQL. */
const systemUser = "postgres";

async function makeData(folder: string, passwordFile: string): Promise<void> {
  const { ok, output } = await runToEnd({
    name: "initdb",
    command: [
      program("initdb"),
      ...["-D", folder, "-U", user, "--pwfile", passwordFile],
      ...["-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
    ],
    ...(isRoot() ? { user: systemUser } : {}),
  });
  if (!ok) throw new Error(`initdb failed:\n${output}`);
}

/** Starts PostgreSQL. It does not sync, for speed: what it commits survives its own end, not that of the machine. */
export async function startPostgres(): Promise<Postgres> {
  const folder = makeFolder("postgres");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${password}\n`);
  giveFolder(folder, systemUser);
  const [port = 0] = await freePorts(1);
  const environment = { PGPASSWORD: password, PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: user };
  const run = promisify(execFile);
  const psql = async (database: string, sql: string): Promise<string> => {
    const command = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql];
    const { stdout } = await run(program("psql"), command, { env: { ...process.env, ...environment } });
    return stdout.trim();
  };
  const settings = {
    ...{ listen_addresses: "127.0.0.1", port, unix_socket_directories: "", max_connections: 50 },
    ...{ fsync: "off", full_page_writes: "off", synchronous_commit: "on", logging_collector: "off" },
  };
  const isReady = async (): Promise<boolean> => {
    try {
      return (await psql("postgres", "SELECT 1")) === "1";
    } catch {
      return false;
    }
  };
  const start = (): Promise<ManagedProcess> =>
    startProcess({
      name: "postgres",
      command: [
        program("postgres"),
        ...["-D", join(folder, "data")],
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      folder,
      user: systemUser,
      isReady,
    });
  try {
    await makeData(join(folder, "data"), passwordFile);
    let running = await start();
    return {
      get process() {
        return running;
      },
      port,
      psql,
      makeDatabase: async (name) => {
        await psql("postgres", `CREATE DATABASE "${name}"`);
        return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`;
      },
      kill9: () => running.kill9(),
      restart: async () => {
        // The server's children notice its end a moment later, and hold its memory until then.
        await waitUntil("PostgreSQL to start again", async () => {
          try {
            running = await start();
            return true;
          } catch (error) {
            if (error instanceof Error && /shared memory block|lock file/.test(error.message)) return false;
            throw error;
          }
        });
      },
      freeze: () => {
        running.freeze();
        signalChildren(running.pid, "SIGSTOP");
      },
      thaw: () => {
        signalChildren(running.pid, "SIGCONT");
        running.thaw();
      },
      stop: async () => {
        // Its quick way: connections are cut, and what was committed stays.
        running.signal("SIGINT");
        await running.stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../ports.ts";
import { makeFolder, removeFolder, startProcess } from "../process.ts";

/** One series of an instant query's answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One alert rule as Prometheus sees it. */
export interface Rule {
  readonly name: string;
  /** "ok" when its expression could be evaluated. */
  readonly health: string;
  /** "inactive", "pending" or "firing". */
  readonly state: string;
}

/** A real Prometheus that scrapes one target every second. */
export interface Prometheus {
  /** Evaluates an expression now. @throws when it is wrong. */
  query(expression: string): Promise<Sample[]>;
  rules(): Promise<Rule[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus (Debian package prometheus) on loopback; the job is called "slotd". */
export async function startPrometheus(target: string, ruleFile: string): Promise<Prometheus> {
  const folder = makeFolder("prometheus");
  const [port] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [ruleFile],
      scrape_configs: [{ job_name: "slotd", static_configs: [{ targets: [target] }] }],
    }),
  );
  const process = await startProcess({
    name: "prometheus",
    command: [
      "prometheus",
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    folder,
    isReady: () =>
      fetch(`${origin}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
  const ask = async (path: string): Promise<Answer> => {
    const answer = (await (await fetch(`${origin}/api/v1/${path}`)).json()) as Answer;
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
    return answer;
  };
  return {
    async query(expression) {
      const { data } = await ask(`query?query=${encodeURIComponent(expression)}`);
      return (data?.result ?? []).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async rules() {
      return ((await ask("rules")).data?.groups ?? []).flatMap((group) => group.rules);
    },
    async stop() {
      await process.stop();
      removeFolder(folder);
    },
  };
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
    readonly groups?: readonly { readonly rules: Rule[] }[];
  };
}

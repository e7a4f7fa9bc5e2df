import { resolve } from "node:path";
import { type FormerKindName, formerKindNames, formerKinds } from "../../address/former-kinds.ts";
import type { Config, DomainConfig } from "../../config/config.ts";
import { parseByteSize, parseDuration } from "../../config/values.ts";
import type { Addressing } from "../../import/addressing.ts";
import type { ImportOptions } from "../../import/import-files.ts";
import type { PlanSettings } from "../../import/plan-file.ts";
import { longestArrival } from "../../slot/upload-life.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { servedDomain } from "../served-domain.ts";
import { type FormerBase, formerBase } from "./former-base.ts";

/** What `slotd import` was asked for. */
export interface ImportRequest {
  readonly kind: FormerKindName;
  /** Absolute. */
  readonly folder: string;
  readonly domain: DomainConfig;
  readonly base: FormerBase;
  readonly addressing: Addressing;
  readonly keptFor: PlanSettings["keptFor"];
  readonly run: Pick<
    ImportOptions,
    "parallel" | "maxRate" | "isDryRun" | "comparesContent" | "uploadsMayTake"
  >;
  /** Absolute paths of the files that the import writes. */
  readonly report: string;
  readonly list: string;
  readonly accounts: string | undefined;
  readonly source: { readonly database?: string; readonly component?: string; readonly minAge?: number };
}

/** Files copied at the same time, where nothing else is said. */
const usualParallel = 8;

/** @throws {UsageError} for what cannot be carried out. */
export function importRequest(args: Arguments, config: Config, io: CommandIo): ImportRequest {
  const [kindWord = "", path = ""] = args.operands;
  const kind = formerKindNames.find((name) => name === kindWord);
  if (kind === undefined || path === "")
    throw new UsageError('"slotd import" needs KIND and PATH, or --verify LIST');
  const base = formerBase(kind, args.texts("url"), config);
  const domain = domainOf(args, config, base);
  const fileOf = (option: "report" | "list") =>
    resolve(io.cwd, args.text(option) ?? `slotd-import-${kind}.${option === "list" ? "list" : "report"}`);
  const accounts = args.text("accounts");
  return {
    ...{ kind, domain, base, accounts: accounts === undefined ? undefined : resolve(io.cwd, accounts) },
    folder: resolve(io.cwd, path),
    addressing: { rule: formerKinds[kind].rule, space: base.space, urls: base.urls },
    keptFor: keptFor(args, domain),
    run: {
      parallel: args.number("parallel") ?? usualParallel,
      maxRate: maxRate(args),
      isDryRun: args.has("dry-run"),
      comparesContent: args.has("compare"),
      uploadsMayTake: args.text("min-age") === "0" ? 0 : longestArrival,
    },
    ...{ report: fileOf("report"), list: fileOf("list") },
    source: sourceOptions(args, io),
  };
}

function domainOf(args: Arguments, config: Config, { domain: named }: FormerBase): DomainConfig {
  const asked = servedDomain(args, config);
  const [only, ...others] = config.domains;
  const ofBase = config.domains.find(({ domain }) => domain === named);
  if (asked !== undefined && ofBase !== undefined && asked !== ofBase) {
    throw new UsageError(
      `--domain is ${asked.domain}, and the configuration gives the files of this base to ${ofBase.domain}; expected the same domain`,
    );
  }
  const domain = asked ?? ofBase ?? (others.length === 0 ? only : undefined);
  if (domain !== undefined) return domain;
  throw new UsageError('"slotd import" needs --domain DOMAIN where slotd serves several domains');
}

function keptFor(args: Arguments, { purpose }: DomainConfig): PlanSettings["keptFor"] {
  const text = args.text("expires-after");
  if (text === "never") return undefined;
  if (text === undefined) {
    const { retention } = purpose.message;
    return retention === undefined ? undefined : { by: "own", seconds: retention };
  }
  const seconds = parseDuration(text);
  if (seconds !== undefined) return { by: "former", seconds };
  throw new UsageError(`expected --expires-after TIME to be a time such as 30d, or never, got "${text}"`);
}

function maxRate(args: Arguments): number | undefined {
  const text = args.text("max-rate");
  const rate = text === undefined ? undefined : parseByteSize(text);
  if (text === undefined || rate !== undefined) return rate;
  throw new UsageError(`expected --max-rate SIZE to be a size such as 20MB, got "${text}"`);
}

function sourceOptions(args: Arguments, io: CommandIo): ImportRequest["source"] {
  const database = args.text("database");
  const component = args.text("component");
  const age = args.text("min-age");
  const minAge = age === "0" ? 0 : age === undefined ? undefined : parseDuration(age);
  if (age !== undefined && minAge === undefined)
    throw new UsageError(`expected --min-age TIME to be a time such as 60s, or 0, got "${age}"`);
  const isUrl = database !== undefined && /^postgres(ql)?:\/\//.test(database);
  return {
    ...(database !== undefined && { database: isUrl ? database : resolve(io.cwd, database) }),
    ...(component !== undefined && { component }),
    ...(minAge !== undefined && { minAge }),
  };
}

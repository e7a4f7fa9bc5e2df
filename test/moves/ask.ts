import type { FormerKindName } from "../../src/address/former-kinds.ts";
import type { FormerService } from "../peers/servers/former/former-service.ts";
import { type Answer, exchange, requestOf, sha256 } from "./exchange.ts";
import type { Upload } from "./fill.ts";

/** How a URL is written, or what is asked of it. */
export type Variant =
  | "as handed out"
  | "HEAD"
  | "lower-case hex"
  | "all encoded"
  | "with a query"
  | "another name"
  | "without a name"
  | "without a name, slash"
  | "doubled slash"
  | "another slot"
  | "another base"
  | "bytes=0-9"
  | "preflight";

/** One request that is sent to the former service, and to slotd later. */
export interface Question {
  /** Of the service that the URL is of. */
  readonly kind: FormerKindName;
  readonly variant: Variant;
  readonly upload: Upload;
  readonly method: "GET" | "HEAD" | "OPTIONS";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is compared of an answer. */
export interface Said {
  readonly status: number;
  /** SHA-256 of a body of a GET that succeeded. */
  readonly sha256: string | undefined;
  readonly type: string | undefined;
  readonly disposition: Disposition | undefined;
}

export interface Disposition {
  readonly kind: string;
  readonly filename: string | undefined;
}

const hexDigits = /%[0-9A-Fa-f]{2}/g;

function replaceLast(url: string, change: (segment: string) => string): string {
  const at = url.lastIndexOf("/") + 1;
  return url.slice(0, at) + change(url.slice(at));
}

/** Every byte as %XX. */
function encodeAll(segment: string): string {
  const bytes = Buffer.from(decodeURIComponent(segment));
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** A slot that nobody has: the last segment but one backwards, with an x. */
function anotherSlot(url: string): string {
  const segments = url.split("/");
  const slot = segments.at(-2) ?? "";
  segments[segments.length - 2] = `x${[...slot].slice(1).reverse().join("")}`;
  return segments.join("/");
}

function variantsOf(
  url: string,
  base: string,
  urls: readonly string[],
): readonly (readonly [Variant, string])[] {
  const lower = url.replace(hexDigits, (hex) => hex.toLowerCase());
  return [
    ...(lower === url ? [] : ([["lower-case hex", lower]] as const)),
    ["all encoded", replaceLast(url, encodeAll)],
    ["with a query", `${url}?a=b`],
    ["another name", replaceLast(url, () => "other.html")],
    ["without a name", replaceLast(url, () => "").slice(0, -1)],
    ["without a name, slash", replaceLast(url, () => "")],
    ["doubled slash", `${base}/${url.slice(base.length)}`],
    ["another slot", anotherSlot(url)],
    ...urls
      .filter((other) => other !== base)
      .map((other) => ["another base", other + url.slice(base.length)] as const),
  ];
}

/** The base of the URL of an upload. */
export function baseOf({ urls }: Pick<FormerService, "urls">, { getUrl }: Upload): string {
  const base = urls.find((url) => getUrl.startsWith(`${url}/`));
  if (base === undefined) throw new Error(`${getUrl} has none of the bases ${urls.join(", ")}`);
  return base;
}

/** Where there may be no file: slotd asks a bucket for only so many of those, for one client. */
const oftenMissing: readonly Variant[] = [
  "another name",
  "without a name",
  "doubled slash",
  "another slot",
  "another base",
];

/** What is asked about uploads: about the first eight also what may lead to no file. */
export function questionsAbout(
  uploads: readonly Upload[],
  service: Pick<FormerService, "kind" | "urls">,
): readonly Question[] {
  return uploads.flatMap((upload, at) =>
    questionsOf(upload, service).filter(({ variant }) => at < 8 || !oftenMissing.includes(variant)),
  );
}

function questionsOf(upload: Upload, service: Pick<FormerService, "kind" | "urls">): readonly Question[] {
  const { getUrl } = upload;
  const { kind } = service;
  const ask = (
    variant: Variant,
    method: Question["method"],
    url: string,
    headers: Question["headers"] = {},
  ): Question => ({ kind, variant, upload, method, url, headers });
  return [
    ask("as handed out", "GET", getUrl),
    ask("HEAD", "HEAD", getUrl),
    ...variantsOf(getUrl, baseOf(service, upload), service.urls).map(([variant, url]) =>
      ask(variant, "GET", url),
    ),
    ask("bytes=0-9", "GET", getUrl, { Range: "bytes=0-9" }),
    ask("preflight", "OPTIONS", getUrl, {
      Origin: "https://chat.example.test",
      "Access-Control-Request-Method": "GET",
    }),
  ];
}

/** What an answer says. Header fields may be raw UTF-8, as ejabberd's are. */
export function saidBy(question: Question, answer: Answer): Said {
  const text = (name: string) => {
    const value = answer.headers.get(name);
    return value === undefined ? undefined : Buffer.from(value, "latin1").toString("utf8");
  };
  const isFile = answer.status === 200 || answer.status === 206;
  if (!isFile || question.method === "OPTIONS")
    return { status: answer.status, sha256: undefined, type: undefined, disposition: undefined };
  return {
    status: answer.status,
    sha256: question.method === "GET" ? sha256(answer.body) : undefined,
    type: text("content-type"),
    disposition: dispositionOf(text("content-disposition")),
  };
}

/** Reads a Content-Disposition. The filename is that of filename*, or else of filename. Source: RFC 6266. */
export function dispositionOf(header: string | undefined): Disposition | undefined {
  if (header === undefined) return undefined;
  const kind = /^[^;\s]*/.exec(header)?.[0] ?? "";
  const extended = /filename\*=UTF-8''([^;\s]*)/i.exec(header)?.[1];
  const quoted = /filename="((?:[^"\\]|\\.)*)"/.exec(header)?.[1]?.replace(/\\(.)/g, "$1");
  return { kind, filename: extended === undefined ? quoted : decodeURIComponent(extended) };
}

/** The answer to a question, or that of the bucket to which slotd redirects. */
async function follow(port: number, question: Question, isTls: boolean): Promise<Answer> {
  const { method, url, headers } = question;
  const answer = await exchange(port, requestOf(method, url, headers), isTls);
  const location = [302, 307].includes(answer.status) ? answer.headers.get("location") : undefined;
  if (location === undefined || method === "OPTIONS") return answer;
  const { protocol, port: storePort } = new URL(location);
  return exchange(Number(storePort), requestOf(method, location, headers), protocol === "https:");
}

/** Asks all, eight at a time. */
export async function askAll(
  port: number,
  questions: readonly Question[],
  isTls = true,
): Promise<ReadonlyMap<Question, Said>> {
  const said = new Map<Question, Said>();
  const left = questions.values();
  const worker = async () => {
    for (const question of left) {
      said.set(question, saidBy(question, await follow(port, question, isTls)));
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return said;
}

import type { Refusal } from "./refusal.ts";

/** Which media types a domain takes. */
export interface MediaTypeRules {
  /** Globs such as "image/*"; undefined: every type. */
  readonly allowed: readonly string[] | undefined;
  /** Globs; what one of them matches is refused even when it is allowed. */
  readonly denied: readonly string[];
}

/**
 * Holds a declared media type, without its parameters, against the rules. Where there are any, a type must be
 * declared: a slot without one takes a file of every type.
 *
 * @returns the refusal, whose text names what is allowed, or undefined when the type may be uploaded.
 */
export function refuseMediaType(contentType: string | undefined, rules: MediaTypeRules): Refusal | undefined {
  const { allowed, denied } = rules;
  if (allowed === undefined && denied.length === 0) return undefined;
  if (contentType === undefined) {
    return refusal(`The request must declare the content type of the file. ${whatMayCome(rules)}`);
  }
  const essence = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const matches = (glob: string): boolean => matchesGlob(essence, glob);
  if ((allowed?.some(matches) ?? true) && !denied.some(matches)) return undefined;
  return refusal(`The service does not accept files of the type ${essence}. ${whatMayCome(rules)}`);
}

/** Whether a media type without parameters, lowercase, is one that a glob stands for; `*` is any text without "/". */
export function matchesGlob(essence: string, glob: string): boolean {
  if (glob === "*") return true;
  const parts = glob.toLowerCase().split("/");
  const texts = essence.split("/");
  return parts.length === texts.length && parts.every((part, at) => matchesPart(texts[at] ?? "", part));
}

/** Each piece is looked for after the one before it: linear, whatever the glob. */
function matchesPart(text: string, glob: string): boolean {
  const pieces = glob.split("*");
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (pieces.length === 1) return text === glob;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > text.length - last.length) return false;
    at = found + piece.length;
  }
  return true;
}

function whatMayCome({ allowed, denied }: MediaTypeRules): string {
  const but = denied.length === 0 ? "" : ` except ${denied.join(", ")}`;
  return allowed === undefined
    ? `Expected any type${but}.`
    : `Expected one of ${allowed.join(", ")}${denied.length === 0 ? "" : `,${but}`}.`;
}

function refusal(text: string): Refusal {
  return { kind: "type-not-allowed", text };
}

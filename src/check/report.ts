import { printableJson, unprintable } from "../slot/printable.ts";
import type { Finding, Fix, Level } from "./finding.ts";
import type { Result } from "./run-checks.ts";

/** What each level is called at the start of a line. */
const words = { ok: "ok", warn: "WARNING", wrong: "WRONG", skipped: "-" } as const satisfies Record<
  Level,
  string
>;

const WIDTH = 8;

/** Writes results for people as they come: a heading for each scope, a line for each check, the advice beneath. */
export class TextReport {
  readonly #write: (text: string) => void;
  #scope: string | undefined;
  /** What something wrong is in the way of; it is told in one line. */
  #blocked: string[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  tell({ scope, check, finding, isFixed, skippedFor }: Result): void {
    if (skippedFor !== undefined) {
      this.#blocked.push(check);
      return;
    }
    this.#heading(scope);
    this.#line(words[finding.level], `${check}: ${isFixed ? "fixed. " : ""}${finding.text}`);
    if (finding.advice !== undefined && (finding.level === "wrong" || finding.level === "warn")) {
      this.#line("", `-> ${finding.advice}`);
      for (const { title, text } of finding.paste ?? []) this.#block(`${title}:`, text);
    }
  }

  /** Shows what is about to be put. */
  tellFix(scope: string, { what, shown }: Fix): void {
    this.#heading(scope);
    this.#block(`--fix sets ${what}:`, shown);
  }

  /** Writes the last line: how it went as a whole. */
  end(results: readonly Result[]): void {
    this.#flush();
    this.#write(`\n${summary(results)}\n`);
  }

  #flush(): void {
    if (this.#blocked.length > 0)
      this.#line("-", `not checked until this is fixed: ${this.#blocked.join(", ")}.`);
    this.#blocked = [];
  }

  #heading(scope: string): void {
    this.#flush();
    if (scope === this.#scope) return;
    this.#write(`${this.#scope === undefined ? "" : "\n"}${scope}\n`);
    this.#scope = scope;
  }

  #line(word: string, text: string): void {
    this.#write(`  ${word.padEnd(WIDTH)}${printable(text)}\n`);
  }

  #block(title: string, text: string): void {
    const indent = " ".repeat(WIDTH + 2);
    const lines = text.split("\n").map((line) => `${indent}    ${printable(line)}\n`);
    this.#write(`${indent}${printable(title)}\n${lines.join("")}`);
  }
}

function summary(results: readonly Result[]): string {
  const count = (level: Level): number => results.filter(({ finding }) => finding.level === level).length;
  const [bad, doubtful] = [count("wrong"), count("warn")];
  if (bad === 0 && doubtful === 0) return "Everything is ok.";
  const parts = [
    ...(bad > 0 ? [`${bad} problem${bad === 1 ? "" : "s"}`] : []),
    ...(doubtful > 0 ? [`${doubtful} warning${doubtful === 1 ? "" : "s"}`] : []),
  ];
  return `${parts.join(", ")}.`;
}

/** The same data for programs. */
export function jsonReport(results: readonly Result[]): string {
  const findings = results.map(({ scope, check, finding, isFixed }) => ({
    ...{ scope, check, ...plain(finding) },
    ...(isFixed ? { fixed: true } : {}),
  }));
  return `${printableJson(JSON.stringify({ ok: !hasWrong(results), findings }, undefined, 2))}\n`;
}

/** Whether anything is wrong, so that the check fails. */
export function hasWrong(results: readonly Result[]): boolean {
  return results.some(({ finding }) => finding.level === "wrong");
}

function plain({ level, text, advice, paste }: Finding): Omit<Finding, "fix"> {
  return {
    level,
    text,
    ...(advice === undefined ? {} : { advice }),
    ...(paste === undefined ? {} : { paste }),
  };
}

/** What a store or a server says must not steer the terminal. */
function printable(text: string): string {
  return text.replace(unprintable, "\uFFFD");
}

import type { CommandIo } from "../../../src/cli/command.ts";

export interface FakeIo extends CommandIo {
  readonly out: () => string;
  readonly err: () => string;
}

/** A world that keeps what is written; its random bytes count up from 1, differently in every call. */
export function fakeIo(cwd: string, env: Record<string, string> = {}): FakeIo {
  const out: string[] = [];
  const err: string[] = [];
  let last = 0;
  return {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    out: () => out.join(""),
    err: () => err.join(""),
    env,
    cwd,
    isTerminal: false,
    randomBytes: (size) => Uint8Array.from({ length: size }, () => ++last % 256),
    now: () => new Date("2026-01-02T03:04:05Z"),
    lowerPriority: () => undefined,
  };
}

/** How something was found to be. Only "wrong" makes the check fail. */
export type Level = "ok" | "warn" | "wrong" | "skipped";

/** Something to be put into another program, ready to be pasted. */
export interface Paste {
  /** What it is and where it goes. */
  readonly title: string;
  readonly text: string;
}

/** What would set a finding right by itself. */
export interface Fix {
  /** What is put where, in one clause: "a CORS rule on the bucket uploads". */
  readonly what: string;
  /** Exactly what is sent. */
  readonly shown: string;
  /** @throws {Error} that says why it could not be done. */
  apply(): Promise<void>;
}

/** What one check found. Neither a secret nor a signature nor a whole URL of an object is in it. */
export interface Finding {
  readonly level: Level;
  /** What holds or does not, in whole sentences. */
  readonly text: string;
  /** What to do, in whole sentences. */
  readonly advice?: string;
  readonly paste?: readonly Paste[];
  readonly fix?: Fix;
}

export function ok(text: string): Finding {
  return { level: "ok", text };
}

export function skipped(text: string): Finding {
  return { level: "skipped", text };
}

export function warn(text: string, advice: string, more: Pick<Finding, "paste" | "fix"> = {}): Finding {
  return { level: "warn", text, advice, ...more };
}

export function wrong(text: string, advice: string, more: Pick<Finding, "paste" | "fix"> = {}): Finding {
  return { level: "wrong", text, advice, ...more };
}

/** What a command may use of the world around it. */
export interface CommandIo {
  /** Writes text as it is, line breaks included. */
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths on the command line start here. */
  readonly cwd: string;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Unguessable bytes. */
  randomBytes(size: number): Uint8Array;
  now(): Date;
  /**
   * Has the system give processors to others first, such as a slotd that issues slots beside this command. For commands
   * that mostly read: one that holds the ledger's write lock would make the others wait for it.
   */
  lowerPriority(): void;
}

/** One option of a command. */
export interface CommandOption {
  /** Without the dashes. */
  readonly name: string;
  /** What its value is called in the help; absent for one that takes none. */
  readonly value?: string;
  /** A whole number from `min` to `max`; any text when absent. */
  readonly range?: { readonly min: number; readonly max: number };
  /** The only values that it takes; any when absent. */
  readonly choices?: readonly string[];
  readonly isRequired?: boolean;
  readonly isRepeatable?: boolean;
  readonly summary: string;
}

/** A word that a command takes beside its options. */
export interface Operand {
  readonly value: string;
  readonly summary: string;
  /** The only words that it may be; any when absent. */
  readonly choices?: readonly string[];
  readonly isOptional?: boolean;
}

/** One command of slotd. */
export interface Command {
  readonly name: string;
  /** One sentence, for the list of commands. */
  readonly summary: string;
  readonly options: readonly CommandOption[];
  /** The words that it takes beside options, in their order; those that may be left out come last. */
  readonly operands?: readonly Operand[];
  /** @returns the exit code: 0, or 1 when it could not be done. */
  run(args: Arguments, io: CommandIo): Promise<number>;
}

/** The options that were given to a command, checked against what it takes. */
export class Arguments {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  /** The words beside the options, in their order. */
  readonly operands: readonly string[];

  constructor(values: ReadonlyMap<string, readonly string[]>, operands: readonly string[] = []) {
    this.#values = values;
    this.operands = operands;
  }

  /** The first word beside the options; "" where none was given. */
  get operand(): string {
    return this.operands[0] ?? "";
  }

  /** Whether the option was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The option's value; undefined when it was not given. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** All values of an option that may be repeated, in their order. */
  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The value of an option with a range; undefined when it was not given. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /**
   * The value of an option that is required.
   *
   * @throws {Error} when the command's table does not say that it is.
   */
  required(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw new Error(`--${name} is not marked as required`);
    return text;
  }
}

/** A command line that cannot be carried out: one sentence that says what is wrong and what was probably meant. */
export class UsageError extends Error {
  readonly code = "usage";
  /** The command it is about, when that much was understood. */
  readonly command: Command | undefined;

  constructor(message: string, command?: Command) {
    super(message);
    this.name = "UsageError";
    this.command = command;
  }
}

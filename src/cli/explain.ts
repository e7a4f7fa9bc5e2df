/** What a failure means, as a sentence for people; without a line break at its end. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /[.?!]$/.test(error.message) ? error.message : `${error.message}.`;
}

/**
 * What the log has of a failure beside its sentence: the option and the system's code of one that was expected, else
 * the whole error with its trace, for it is a fault.
 */
export function failureFields(error: unknown): object {
  if (!(error instanceof Error) || !("code" in error)) return { err: error };
  return { code: error.code, ...("option" in error ? { option: error.option } : {}) };
}

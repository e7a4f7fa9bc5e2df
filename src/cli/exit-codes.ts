/** What a command ends with, the same for every command. */
export const exitCodes = [
  { code: "0", meaning: "Done. For `check` and `reconcile`: nothing is wrong." },
  {
    code: "1",
    meaning:
      "The command failed or is incomplete, the configuration has a problem, or `check` or `reconcile` found a problem.",
  },
  {
    code: "2",
    meaning: "The command line is wrong, or names a domain that the configuration does not serve.",
  },
  { code: "130", meaning: "Interrupted by Ctrl-C before the command was complete." },
] as const;

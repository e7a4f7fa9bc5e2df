/** What a failure of the system means, and what to do; without a line break at its end. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `${message}. Another program listens there (another slotd?): stop it, or change http.listen or ops.listen.`;
    case "EACCES":
    case "EPERM":
      return `${message}. Give the user that runs slotd the right to it, or change disk.path or http.listen.`;
    case "EADDRNOTAVAIL":
      return `${message}. This machine does not have that address: correct http.listen or ops.listen.`;
    default:
      return message;
  }
}

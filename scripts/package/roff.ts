/** Text as man(7) wants it: no escapes of its own, no line that could be taken for a request. */
export function plain(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replace(/[-~^]/g, (character) => ({ "-": "\\-", "~": "\\(ti", "^": "\\(ha" })[character] ?? character)
    .replace(/^(?=[.'])/gm, "\\&");
}

/** Prose with `code` in bold and **strong** words in bold, as Markdown has them; links leave their words. */
export function prose(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\((?:[^)]*)\)/g, "$1")
    .split(/(`[^`]*`|\*\*[^*]*\*\*)/)
    .map((part) => (/^[`*]/.test(part) ? bold(part.replace(/^[`*]+|[`*]+$/g, "")) : plain(part)))
    .join("");
}

export function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${plain(text)}\\fR`;
}

/** A paragraph with a tag that hangs out. Both are roff already. */
export function tagged(tag: string, ...lines: readonly string[]): string {
  return [".TP", tag, ...lines].join("\n");
}

/** Lines that keep their breaks. */
export function example(text: string): string {
  return [".RS 4", ".nf", ...text.split("\n").map(plain), ".fi", ".RE"].join("\n");
}

export function section(title: string, ...parts: readonly string[]): string {
  return [`.SH ${title}`, ...parts].join("\n");
}

export function subsection(title: string, ...parts: readonly string[]): string {
  return [`.SS "${plain(title)}"`, ...parts].join("\n");
}

/** The head of a page. @param date as 2026-11-25; a page without a date is linted as one without. */
export function head(name: string, manual: number, date: string, version: string): string {
  return `.\\" Made by scripts/package/; change the tables in src/cli and src/config/options instead.
.TH ${name} ${manual} ${date} "slotd ${version}"
.nh
.ad l`;
}

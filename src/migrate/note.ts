/** What there is to know about something that was not taken over, or that needs a look. */
export interface Note {
  /** Of the file that was read; undefined for what is not in it. */
  readonly line: number | undefined;
  /** A whole sentence without any secret. */
  readonly text: string;
}

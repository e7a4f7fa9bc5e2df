/** What to add to another program's configuration. */
export interface Snippet {
  /** The program, and where in it. */
  readonly title: string;
  readonly text: string;
}

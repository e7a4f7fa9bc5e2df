/** What a file is for; a service may treat each differently. Source: XEP-0363 1.2 §5. */
export const purposes = ["message", "profile", "ephemeral", "permanent"] as const;

export type Purpose = (typeof purposes)[number];

/** Whether a text is the name of a purpose. */
export function isPurpose(text: string): text is Purpose {
  return purposes.some((purpose) => purpose === text);
}

/** What a slot request says of its purpose, valid. */
export interface StatedPurpose {
  readonly purpose: Purpose;
  /** After it the file must not be available; a whole second. Set when, and only when, the purpose is ephemeral. */
  readonly expireBefore?: Date | undefined;
}

/** One purpose as it came, before anything is known of it. */
export interface RawPurpose {
  readonly name: string;
  /** The attribute expire-before; undefined when there was none. */
  readonly expireBefore: string | undefined;
}

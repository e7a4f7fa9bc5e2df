import type { Attack } from "./attack.ts";

export const s3Attacks: readonly Attack[] = [];

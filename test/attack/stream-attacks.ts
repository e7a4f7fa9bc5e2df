import type { Attack } from "./attack.ts";

export const streamAttacks: readonly Attack[] = [];

import type { Attack } from "./attack.ts";

export const uploadsAttacks: readonly Attack[] = [];

import type { Attack } from "./attack.ts";

export const httpAttacks: readonly Attack[] = [];

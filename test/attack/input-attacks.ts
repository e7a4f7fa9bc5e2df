import type { Attack } from "./attack.ts";

export const inputAttacks: readonly Attack[] = [];

import type { Attack } from "./attack.ts";
import { largeRemovalsAttack } from "./large-removals.ts";
import { severalStartersAttack } from "./several-starters.ts";
import { volumeFlapsAttack } from "./volume-flaps.ts";

export const storeAttacks: readonly Attack[] = [
  volumeFlapsAttack,
  largeRemovalsAttack,
  severalStartersAttack,
];

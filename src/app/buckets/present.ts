/**
 * What must be there.
 *
 * @throws {Error} when it is not, which is a fault of slotd.
 */
export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("slotd lost track of what it has prepared");
  return value;
}

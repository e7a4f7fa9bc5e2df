/**
 * The arguments of this script, each a whole number from 1, with a default for each that is not given. For anything
 * else it says what was expected, and ends the process.
 *
 * @param usage what stands behind "npm run".
 */
export function wholeNumbers(usage: string, defaults: readonly number[]): number[] {
  const words = process.argv.slice(2);
  const wrong = words.find((word, i) => i >= defaults.length || !/^[1-9]\d{0,11}$/.test(word));
  if (wrong !== undefined) {
    console.error(`"${wrong}" is not a whole number from 1 that is expected here: npm run ${usage}`);
    process.exit(2);
  }
  return defaults.map((value, i) => Number(words[i] ?? value));
}

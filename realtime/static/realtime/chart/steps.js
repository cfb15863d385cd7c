// Numbers as whole steps of their last decimal, and as people write them. Pure, and exact: texts
// become numbers for pixels alone.

/** Convert a decimal text to steps; it has at most `decimals` decimals. */
export function toSteps(text, decimals) {
  const [whole, part = ""] = text.split(".");
  return BigInt(whole + part.padEnd(decimals, "0"));
}

/** Write steps, of a number that is not negative, with all decimals. */
export function toText(steps, decimals) {
  const digits = String(steps).padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
}

/**
 * Read what a person has written: digits in groups as this page shows them, by commas or spaces.
 * What is no such number stays as it is, for the server to refuse: a comma may be a decimal one.
 */
export function written(text) {
  const plain = text.trim().replace("−", "-");
  return /^-?\d{1,3}([,\s]\d{3})+(\.\d+)?$/.test(plain) ? plain.replace(/[,\s]/g, "") : plain;
}

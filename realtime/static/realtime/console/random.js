/** Random hexadecimal digits, two a byte: `crypto.randomUUID` is not there over plain HTTP. */
export const random = (count) =>
  Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

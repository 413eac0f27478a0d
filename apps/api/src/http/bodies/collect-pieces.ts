/** Collects pieces and joins them in groups, because each piece takes about 200 bytes in addition to its content. */
export function collectPieces() {
  const parts: Buffer[] = [];
  let latest: Buffer[] = [];
  return {
    add(piece: Buffer): void {
      latest.push(piece);
      if (latest.length < MOST_SEPARATE) return;
      parts.push(Buffer.concat(latest));
      latest = [];
    },
    /** Returns all bytes. */
    concat: () => Buffer.concat([...parts, ...latest]),
  };
}

/** 64 MB in pieces of 64 kB, so that only small pieces are copied. */
const MOST_SEPARATE = 1_024;

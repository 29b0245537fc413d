/** 128 random bits; browsers make UUIDs on https pages only. */
export const randomId = (): string =>
  crypto.randomUUID ? crypto.randomUUID() : crypto.getRandomValues(new Uint32Array(4)).join('-')

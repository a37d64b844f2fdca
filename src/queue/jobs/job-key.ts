/** A job's qualified key, as BullMQ's flows write it: `<prefix>:<queue>:<id>`. */
export const jobKey = (queueKey: string, id: string): string => `${queueKey}:${id}`;

/**
 * The parts of a qualified key. Queue names have no colon, but ids such as `repeat:<id>:<millis>` do, and so may a
 * prefix; the key alone is then ambiguous. `knows` decides among the readings: given a queue's key, does that queue
 * exist? The reading with the shortest id that names a known queue wins; else the last two colons decide.
 */
export function parseJobKey(
  key: string,
  knows: (queueKey: string) => boolean,
): { prefix: string; queueName: string; id: string } {
  const at = (idColon: number) => {
    const nameColon = key.lastIndexOf(":", idColon - 1);
    return {
      prefix: key.slice(0, nameColon),
      queueName: key.slice(nameColon + 1, idColon),
      id: key.slice(idColon + 1),
    };
  };
  const last = key.lastIndexOf(":");
  for (let colon = last; colon > 0; colon = key.lastIndexOf(":", colon - 1)) {
    if (key.lastIndexOf(":", colon - 1) < 0) break;
    if (knows(key.slice(0, colon))) return at(colon);
  }
  return at(last);
}

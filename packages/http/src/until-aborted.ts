/**
 * The result of `work`, unless `signal` fires first: then its reason, as fetch has it. What is
 * under way is not waited for, whether it heeds the signal or not.
 */
export async function untilAborted<Result>(
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([aborted, work()]);
  } finally {
    settled.abort();
  }
}

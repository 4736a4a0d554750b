/** The members that are there. */
export function stated<Value>(
  members: Readonly<Record<string, Value>>,
): Record<string, Exclude<Value, undefined>> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, Exclude<Value, undefined>>;
}

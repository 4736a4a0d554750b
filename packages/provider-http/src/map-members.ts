/** The same members, with what `read` makes of each; where it makes nothing there is none. */
export function mapMembers<From, To>(
  members: { readonly [name: string]: From },
  read: (member: From) => To | undefined,
): Record<string, To> {
  const all = Object.entries(members).map(([name, member]) => [name, read(member)] as const);
  return Object.fromEntries(all.filter((each): each is [string, To] => each[1] !== undefined));
}

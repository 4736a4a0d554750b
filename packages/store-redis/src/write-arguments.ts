import { checkStorableText, type RowWrite } from '@tokenkeep/core';
import { fieldOf } from './stored-rows.js';

/** One change as `writeScript` takes it. Numbers as JavaScript writes them come back exactly. */
export function changeArguments(change: RowWrite): readonly (string | number)[] {
  const { kind, id, expected, due, fence, lease, body } = change;
  checkStorableText(id, body, lease?.holder);
  // The server would refuse these in the middle of the write.
  for (const number of [expected, fence, due ?? 0, lease?.ms ?? 0]) {
    if (!Number.isFinite(number)) throw new TypeError(`${number} is no moment and no count`);
  }
  return [
    fieldOf(kind, id),
    kind === 'account' ? id : '',
    expected,
    due ?? '-',
    fence,
    lease === undefined ? '-' : `=${lease.holder}`,
    lease?.ms ?? '-',
    body,
  ];
}

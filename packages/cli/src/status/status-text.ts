import { labelledLines } from '../terminal/labelled-lines.js';
import { plainText } from '../terminal/plain-text.js';
import type { Colours, Terminal } from '../terminal/terminal.js';
import { textTable } from '../terminal/text-table.js';
import type { AccountInWords, Urgency } from './account-state.js';

const columns = ['ACCOUNT', 'STATE', 'TOKEN', 'REFRESH TOKEN', 'WHAT HAPPENS NEXT'] as const;
const NARROWEST_LAST_COLUMN = 24;
const LABEL_WIDTH = 13;

type Place = Pick<Terminal, 'colours' | 'width'>;

/** Accounts as a table, or as a block each where the terminal is too narrow for that. */
export function statusText(accounts: readonly AccountInWords[], place: Place): string {
  const { colours: paint, width } = place;
  if (accounts.length === 0) return 'There are no accounts. Add one: tokenkeep accounts add --help';
  const rows = [
    columns.map((title) => paint.dim(title)),
    ...accounts.map((account) => [
      paint.bold(account.name),
      stateText(account, paint),
      account.token,
      account.refreshToken,
      account.next,
    ]),
  ];
  const table = textTable(rows, width, NARROWEST_LAST_COLUMN);
  const all = table ?? accounts.map((account) => accountText(account, place)).join('\n\n');
  return `${all}\n\n${paint.dim(summaryOf(accounts))}`;
}

/** One account with everything that is known of it. */
export function accountText(account: AccountInWords, place: Place): string {
  const { colours: paint, width } = place;
  const rows: (readonly [string, string])[] = [
    ['token', account.token],
    ['refresh token', account.refreshToken],
    ['next', account.next],
    ...account.details,
  ];
  const id = account.id === account.name ? '' : `  ${paint.dim(account.id)}`;
  return [
    `${paint.bold(account.name)}${id}  ${stateText(account, paint)}`,
    ...labelledLines(rows, LABEL_WIDTH, width, paint),
  ].join('\n');
}

const signs: Readonly<Record<Urgency, string>> = { bad: '✖', warn: '!', good: '●', quiet: '○' };

function stateText({ state, urgency }: AccountInWords, paint: Colours): string {
  const colour = { bad: paint.red, warn: paint.yellow, good: paint.green, quiet: paint.dim };
  return colour[urgency](`${signs[urgency]} ${plainText(state)}`);
}

function summaryOf(accounts: readonly AccountInWords[]): string {
  const count = accounts.length === 1 ? '1 account' : `${accounts.length} accounts`;
  const bad = accounts.filter(({ urgency }) => urgency === 'bad').length;
  return bad === 0 ? `${count}, nobody has to act` : `${count}, ${bad} to look after`;
}

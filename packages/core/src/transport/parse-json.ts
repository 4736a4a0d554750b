import type { JsonObject, JsonValue } from '../provider/provider-call.js';

const DEEPEST = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 forbids them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * RFC 8259, with the choices a token reply needs: a member named twice is an error (which of two
 * refresh tokens is the living one?), depth is capped, objects have no prototype, and the error
 * quotes nothing of the text.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  #at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): JsonValue {
    if (depth > DEEPEST) throw new SyntaxError('nested too deeply');
    this.#match(SPACE);
    const first = this.text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of words) if (this.#take(word)) return value;
    const number = this.#match(NUMBER);
    if (number === undefined) throw new SyntaxError('not JSON');
    return Number(number);
  }

  end(): void {
    this.#match(SPACE);
    if (this.#at !== this.text.length) throw new SyntaxError('text after the JSON value');
  }

  #object(depth: number): JsonObject {
    const object: Record<string, JsonValue> = Object.create(null);
    this.#list('{', '}', () => {
      const name = this.#string();
      if (name in object) throw new SyntaxError('a member is named twice');
      this.#expect(':');
      object[name] = this.value(depth + 1);
    });
    return object;
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#list('[', ']', () => items.push(this.value(depth + 1)));
    return items;
  }

  #list(open: string, close: string, item: () => void): void {
    this.#expect(open);
    this.#match(SPACE);
    if (this.#take(close)) return;
    do {
      this.#match(SPACE);
      item();
      this.#match(SPACE);
    } while (this.#take(','));
    this.#expect(close);
  }

  #string(): string {
    const quoted = this.#match(STRING);
    if (quoted === undefined) throw new SyntaxError('not a JSON string');
    return JSON.parse(quoted);
  }

  #expect(token: string): void {
    this.#match(SPACE);
    if (!this.#take(token)) throw new SyntaxError('not JSON');
  }

  #take(token: string): boolean {
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

const words = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

/**
 * A person with a browser, as far as an authorization server can tell: keeps cookies, follows
 * redirects, fills in every form it is shown, and stops where it leaves the server.
 */
export class UserAgent {
  readonly #cookies = new Map<string, string>();

  /**
   * @param fields what is typed into fields of these names
   * @param pressed buttons that are pressed where there are any, instead of the usual one
   */
  constructor(
    private readonly fields: Readonly<Record<string, string>> = {},
    private readonly pressed: readonly string[] = [],
  ) {}

  /** @returns where it was sent that is not the server any more, or the last page's text */
  async visit(start: string): Promise<{ readonly url: URL; readonly page: string }> {
    const { origin } = new URL(start);
    let request: { url: URL; form?: URLSearchParams } = { url: new URL(start) };
    for (let steps = 0; steps < 30; steps += 1) {
      if (request.url.origin !== origin) return { url: request.url, page: '' };
      const reply = await this.#send(request);
      const location = reply.headers.get('location');
      if (location !== null) {
        request = { url: new URL(location, request.url) };
        continue;
      }
      const page = await reply.text();
      const form = this.#filledIn(page, request.url);
      if (form === undefined) return { url: request.url, page };
      request = form;
    }
    throw new Error('The server never came to an end.');
  }

  async #send({ url, form }: { url: URL; form?: URLSearchParams }): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const line of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return reply;
  }

  #filledIn(page: string, url: URL): { url: URL; form: URLSearchParams } | undefined {
    const [markup] = /<form[\s\S]*?<\/form>/.exec(page) ?? [];
    if (markup === undefined) return undefined;
    const form = new URLSearchParams();
    for (const [input] of markup.matchAll(/<input[^>]*>/g)) {
      const name = attribute(input, 'name');
      if (name === undefined) continue;
      form.set(name, this.fields[name] ?? attribute(input, 'value') ?? 'anything');
    }
    for (const [button] of page.matchAll(/<button[^>]*>/g)) {
      const name = attribute(button, 'name');
      if (name === undefined || !this.pressed.includes(name)) continue;
      form.delete('confirm');
      form.set(name, attribute(button, 'value') ?? '');
    }
    return { url: new URL(attribute(markup, 'action') ?? url.href, url), form };
  }
}

function attribute(markup: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(markup)?.[1]?.replaceAll('&amp;', '&');
}

import { jsonReply } from './reply.js';
import type { Operation, RequestFacts } from './request-log.js';
import { type Processed, ScriptedServer } from './scripted-server.js';

/**
 * Answers every request with `{"ok":true}` and logs it as an API call: the place where nothing may
 * arrive (the target of a redirect, another origin), or a stage for faults alone.
 */
export class RecordingServer extends ScriptedServer {
  protected route(): Operation {
    return 'api';
  }

  protected identify(): RequestFacts {
    return {};
  }

  protected process(): Processed {
    return { reply: jsonReply(200, { ok: true }), facts: { outcome: 'served' } };
  }
}

// Keeps notes on windows for 30 days, if KEEP_NOTES is "yes". When a document is sent again, the Worker reads only the windows that
// it has no notes on.
import { DurableObject, env } from "cloudflare:workers";
import type { NoteStore } from "precis/edge";

const DAY = 86_400_000;
const DAYS = 30;

/** The notes for the holders of a token. Another token begins without any. */
export function notesOf(token: string): NoteStore {
  const object = async () => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`notes ${token}`)));
    return env.NOTES.getByName([...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  };
  return {
    get: async (keys) => (await object()).get(keys),
    put: async (key, note) => (await object()).put(key, note),
  };
}

/** The notes of one owner. */
export class Notes extends DurableObject<Cloudflare.Env> implements NoteStore {
  readonly #sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#sql.exec("CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, note TEXT NOT NULL, taken INTEGER NOT NULL)");
  }

  async get(keys: readonly string[]): Promise<unknown[]> {
    return keys.map((key) => {
      const [row] = this.#sql.exec<{ note: string }>("SELECT note FROM notes WHERE key = ?", key);
      return row ? JSON.parse(row.note) : null;
    });
  }

  async put(key: string, note: object): Promise<void> {
    this.#sql.exec("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", key, JSON.stringify(note), Date.now());
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DAY);
  }

  /** Once a day: forgets old notes. */
  override async alarm(): Promise<void> {
    this.#sql.exec("DELETE FROM notes WHERE taken < ?", Date.now() - DAYS * DAY);
    const [row] = this.#sql.exec("SELECT 1 FROM notes LIMIT 1");
    if (row) await this.ctx.storage.setAlarm(Date.now() + DAY);
  }
}

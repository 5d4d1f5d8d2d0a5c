import { Cell } from "../lib/cell";
import { browserStore, readJson, type TextStore } from "../lib/storage";
import { uuid } from "../lib/uuid";

/** A message that is being sent. It is stored until the server has accepted it. */
export type Outgoing = { key: string; conversationId: string | null; parentId: string | null; model: string; text: string };

const idOf = (conversationId: string | null): string => conversationId ?? "new";

/** The draft and the message that is being sent, for each conversation. Both survive reloads. */
export class Drafts {
  /** Incremented when a draft changes other than by typing: the message field then reads it again. */
  readonly revision = new Cell(0);
  private readonly store: TextStore;

  constructor(store: TextStore = browserStore) {
    this.store = store;
  }

  read(conversationId: string | null): string {
    return this.store.get(`draft.${idOf(conversationId)}`) ?? this.outgoing(conversationId)?.text ?? "";
  }

  write(conversationId: string | null, text: string): void {
    const key = `draft.${idOf(conversationId)}`;
    // An empty draft is stored while a message is being sent: otherwise `read` would return that message.
    if (text || this.outgoing(conversationId)) this.store.set(key, text);
    else this.store.remove(key);
  }

  replace(conversationId: string | null, text: string): void {
    this.write(conversationId, text);
    this.revision.update((count) => count + 1);
  }

  /** The same message sent again, after a failure or a reload, has the same key, so that the server stores it once. */
  send(message: Omit<Outgoing, "key">): Outgoing {
    const before = this.outgoing(message.conversationId);
    const same = before && before.text === message.text && before.model === message.model && before.parentId === message.parentId;
    const outgoing = { ...message, key: same ? before.key : uuid() };
    this.store.set(`outgoing.${idOf(message.conversationId)}`, JSON.stringify(outgoing));
    return outgoing;
  }

  outgoing(conversationId: string | null): Outgoing | null {
    return readJson<Outgoing | null>(this.store, `outgoing.${idOf(conversationId)}`, null);
  }

  accepted(message: Outgoing): void {
    if (this.outgoing(message.conversationId)?.key !== message.key) return;
    this.store.remove(`outgoing.${idOf(message.conversationId)}`);
    // Another tab may have made it its draft in the meantime.
    const draft = this.store.get(`draft.${idOf(message.conversationId)}`);
    if (!draft || draft === message.text) this.store.remove(`draft.${idOf(message.conversationId)}`);
  }

  /** A message that was not accepted becomes the draft again, before any text that was typed since. */
  restore(message: Outgoing): string {
    const typed = this.store.get(`draft.${idOf(message.conversationId)}`) ?? "";
    const text = typed && typed !== message.text ? `${message.text}\n\n${typed}` : message.text;
    this.store.set(`draft.${idOf(message.conversationId)}`, text);
    this.revision.update((count) => count + 1);
    return text;
  }

  /** On page load, a message that was being sent becomes the draft. */
  recover(conversationId: string | null): void {
    const outgoing = this.outgoing(conversationId);
    if (outgoing) this.restore(outgoing);
  }

  /** Moves the draft that was typed while the conversation was being created. */
  moveTo(conversationId: string): void {
    const text = this.store.get("draft.new");
    this.store.remove("draft.new");
    if (text) this.write(conversationId, text);
  }

  forget(conversationId: string): void {
    this.store.remove(`draft.${conversationId}`);
    this.store.remove(`outgoing.${conversationId}`);
  }
}

export const drafts = new Drafts();

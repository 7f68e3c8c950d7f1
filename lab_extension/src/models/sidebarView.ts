import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { isRecord, isText, listOf } from '../api/guard';
import type { JsonRecord } from '../api/types';
import type { SectionId } from '../tokens';

/** What of the sidebar is open, and which item it points at. */
export class SidebarView {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether an item is the one that was revealed last; names may be the same in two sections. */
  isHighlighted(section: SectionId, itemId: string): boolean {
    return this._highlighted?.section === section && this._highlighted.itemId === itemId;
  }

  isSectionOpen(section: SectionId): boolean {
    return !this._closed.has(section);
  }

  toggleSection(section: SectionId): void {
    this._toggle(this._closed, section);
  }

  isItemOpen(id: string): boolean {
    return this._open.has(id);
  }

  toggleItem(id: string): void {
    this._toggle(this._open, id);
  }

  /** Open a section and point at an item of it, until another is pointed at. */
  reveal(section: SectionId, itemId?: string): void {
    this._closed.delete(section);
    this._highlighted = itemId === undefined ? null : { section, itemId };
    this._changed.emit();
  }

  /** What is worth keeping over a reload. */
  toJSON(): { closed: string[]; open: string[] } {
    return { closed: [...this._closed], open: [...this._open] };
  }

  /** Take over what `toJSON` gave; anything else is ignored. */
  restore(saved: unknown): void {
    const record: JsonRecord = isRecord(saved) ? saved : {};
    const isTexts = listOf(isText);
    const { closed, open } = record;
    this._closed = new Set(isTexts(closed) ? closed : []);
    this._open = new Set(isTexts(open) ? open : []);
    this._changed.emit();
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private _toggle(set: Set<string>, key: string): void {
    if (!set.delete(key)) {
      set.add(key);
    }
    this._changed.emit();
  }

  private _closed = new Set<string>();
  private _open = new Set<string>();
  private _highlighted: { section: SectionId; itemId: string } | null = null;
  private readonly _changed = new Signal<this, void>(this);
}

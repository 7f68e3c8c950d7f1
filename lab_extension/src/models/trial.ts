import { isRecord } from '../api/guard';
import type * as wire from '../api/types';
import type { IRedspotClient } from '../tokens';
import { FormModel } from './formModel';
import { columnParameter, inputColumns } from './inputColumn';
import type { IField } from './parameterField';
import { fieldOf, readField } from './parameterField';

/** One row for an endpoint, and what it answers: the state of the Try dialog. */
export class Trial extends FormModel {
  constructor(options: Trial.IOptions) {
    super();
    this._client = options.client;
    this.endpoint = options.endpoint;
    this._serving = options.serving;
  }

  readonly endpoint: string;

  get fields(): readonly IField[] {
    return this._fields;
  }

  /** The row as JSON, for when the version says nothing about its columns. */
  get json(): string {
    return this._json;
  }

  get answer(): wire.Prediction | null {
    return this._answer;
  }

  /** The row, or null when something in it cannot be read. */
  get row(): wire.JsonRecord | null {
    return this._fields.length > 0 ? rowOf(this._fields) : parseRow(this._json);
  }

  async load(): Promise<void> {
    const version = await this.attempt(() => this._client.version(this._serving));
    if (version !== null) {
      this._fields = inputColumns(version.schema).map(columnParameter).map(fieldOf);
      this.tell();
    }
  }

  edit(name: string, change: Partial<Pick<IField, 'text' | 'none'>>): void {
    this._fields = this._fields.map(field =>
      field.parameter.name === name ? { ...field, ...change } : field
    );
    this.tell();
  }

  editJson(json: string): void {
    this._json = json;
    this.tell();
  }

  async submit(): Promise<void> {
    const { row } = this;
    if (row !== null) {
      this._answer = (await this.attempt(() => this._client.predict(this.endpoint, [row]))) ?? null;
      this.tell();
    }
  }

  private readonly _client: IRedspotClient;
  private readonly _serving: string;
  private _fields: readonly IField[] = [];
  private _json = '{}';
  private _answer: wire.Prediction | null = null;
}

export namespace Trial {
  export interface IOptions {
    client: IRedspotClient;
    endpoint: string;
    /** The version that answers, such as `penguins@3`. */
    serving: string;
  }
}

/** All fields as one row; unlike a job's values, examples count too. */
function rowOf(fields: readonly IField[]): wire.JsonRecord | null {
  const row: wire.JsonRecord = {};
  for (const field of fields) {
    const reading = readField(field);
    if (!reading.ok) {
      return null;
    }
    row[field.parameter.name] = reading.value;
  }
  return row;
}

function parseRow(json: string): wire.JsonRecord | null {
  try {
    const row: unknown = JSON.parse(json);
    return isRecord(row) ? row : null;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}

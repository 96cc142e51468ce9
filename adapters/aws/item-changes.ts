/** The changes of one item, as DynamoDB's update expression takes them. */
import { marshall } from '@aws-sdk/util-dynamodb';

/** Collects the parts of an update expression. */
export class Changes {
  readonly #set: string[] = [];
  readonly #remove: string[] = [];
  readonly #add: string[] = [];
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, unknown> = {};

  set(name: string, value: unknown): void {
    this.#set.push(`${this.#name(name)} = ${this.value(name, value)}`);
  }
  setOnce(name: string, value: unknown): void {
    this.#set.push(`${this.#name(name)} = if_not_exists(#${name}, ${this.value(name, value)})`);
  }
  remove(name: string): void {
    this.#remove.push(this.#name(name));
  }
  /** Puts a value into a set. */
  include(name: string, value: string): void {
    this.#add.push(`${this.#name(name)} ${this.value(name, new Set([value]))}`);
  }
  value(name: string, value: unknown): string {
    this.#values[`:${name}`] = value;
    return `:${name}`;
  }
  #name(name: string): string {
    this.#names[`#${name}`] = name;
    return `#${name}`;
  }
  expression() {
    const remove = this.#remove.length === 0 ? '' : ` REMOVE ${this.#remove.join(', ')}`;
    const add = this.#add.length === 0 ? '' : ` ADD ${this.#add.join(', ')}`;
    return {
      UpdateExpression: `SET ${this.#set.join(', ')}${remove}${add}`,
      ExpressionAttributeNames: this.#names,
      ExpressionAttributeValues: marshall(this.#values),
    };
  }
}

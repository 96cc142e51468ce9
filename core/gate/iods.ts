/**
 * The IODs of results: their modules with usage, and the modules' attributes with type (PS3.3 Annexes A and C). The data is
 * `iod-tables.json`, written by `npm run iod-tables`; docs/adr/0011 gives its source.
 */
import tables from './iod-tables.json' with { type: 'json' };

/** Types of attributes (PS3.5 7.4). */
export type AttributeType = '1' | '1C' | '2' | '2C' | '3';

/** The attributes that a module, or the items of a sequence, may have. */
export interface AttributeTable {
  /** Unique among tables. A table shared by several sequences has the name of the first one found. */
  readonly name: string;
  readonly types: ReadonlyMap<string, AttributeType>;
  /** The table of the items of a sequence. */
  readonly itemsOf: (sequence: string) => AttributeTable | undefined;
}

/** Usage of a module: mandatory, conditional, user option (PS3.3 A.1.3). */
export type Usage = 'M' | 'C' | 'U';

export interface Module {
  readonly name: string;
  readonly usage: Usage;
  readonly table: AttributeTable;
}

/** As stored: `1`, or `1 Code` where the items of a sequence follow the macro `Code`. */
type StoredTable = Readonly<Record<string, string>>;

const {
  iods,
  modules,
  macros,
}: {
  readonly iods: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly modules: Readonly<Record<string, StoredTable>>;
  readonly macros: Readonly<Record<string, StoredTable>>;
} = tables;

const known = new Map<string, AttributeTable>();

function tableOf(kind: 'module' | 'macro', name: string): AttributeTable {
  const key = `${kind} ${name}`;
  const earlier = known.get(key);
  if (earlier !== undefined) return earlier;
  const stored = Object.entries((kind === 'module' ? modules : macros)[name] ?? {});
  // A content item contains content items (C.17.3); the data unrolls one level.
  if (key === 'macro ContentSequence') stored.push(['ContentSequence', '1C ContentSequence']);
  const split = stored.map(([keyword, text]) => [keyword, ...text.split(' ')] as const);
  const macroOf = new Map(split.flatMap(([keyword, , macro]) => (macro === undefined ? [] : [[keyword, macro]])));
  const table: AttributeTable = {
    name: key,
    types: new Map(split.map(([keyword, type]) => [keyword, type as AttributeType])),
    itemsOf: (sequence) => {
      const macro = macroOf.get(sequence);
      return macro === undefined ? undefined : tableOf('macro', macro);
    },
  };
  known.set(key, table);
  return table;
}

/** The modules of a SOP Class's IOD; undefined where results never have that SOP Class. */
export function modulesOf(SOPClassUID: string): readonly Module[] | undefined {
  const usages = iods[SOPClassUID];
  return (
    usages &&
    Object.entries(usages).map(([name, usage]) => ({ name, usage: usage as Usage, table: tableOf('module', name) }))
  );
}

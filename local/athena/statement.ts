/**
 * What a query is, read from DuckDB's own syntax tree (`json_serialize_sql`), and the guard that lets nothing but reading of catalog tables pass: every
 * kind of node, expression and function must be on a list here, else the query is refused. The sandbox that runs it is closed on its own too.
 */
import type { Wire } from '../core/service.ts';
import { ALLOWED_FUNCTIONS } from './allowed-functions.ts';
import { lineAndColumn, notHad, QueryFailure } from './query-failure.ts';

/** A table that the query names; names in lower case, as Glue has them. */
export interface TableReference {
  database: string | undefined;
  name: string;
  /** Byte offset in the query. */
  position: number;
}

export interface Statement {
  tables: TableReference[];
  /** Byte offsets of the query's `*`. */
  stars: number[];
  columns: { name: string; position: number }[];
  /** Indexes of the result's columns that have no name of their own. Simplification: none where the list has a `*`. */
  unnamedColumns: ReadonlySet<number>;
}

const EXPRESSIONS = new Set(
  'BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR STAR SUBQUERY TYPE WINDOW'.split(
    ' ',
  ),
);

/** Names of common table expressions are plain, so that none can be taken for a file's name. */
const PLAIN_NAME = /^[a-z_][a-z0-9_$]*$/i;

const NO_CTE: ReadonlySet<string> = new Set();

/** Reads the answer of `json_serialize_sql` for `sql`. Throws QueryFailure for what is not one SELECT statement, or not allowed in one. */
export function readStatement(serialized: string, sql: string): Statement {
  const tree: Wire = JSON.parse(serialized);
  if (tree.error) {
    if (tree.error_type === 'not implemented') throw notHad('statements other than SELECT');
    const at = tree.position === undefined ? 'line 1:1' : lineAndColumn(sql, Number(tree.position));
    throw new QueryFailure(`SYNTAX_ERROR: ${at}: ${tree.error_message}`);
  }
  if (tree.statements.length !== 1) throw new QueryFailure('SYNTAX_ERROR: Only one sql statement is allowed.');
  const [statement] = tree.statements;
  if (statement.named_param_map?.length) throw notHad('query parameters');
  const reader = new Reader();
  reader.query(statement.node, NO_CTE);
  return { ...reader.found, unnamedColumns: unnamedColumns(statement.node) };
}

function unnamedColumns(node: Wire): Set<number> {
  const first = node.type === 'SET_OPERATION_NODE' ? node.left : undefined;
  if (first) return unnamedColumns(first);
  const list: Wire[] = node.select_list ?? [];
  if (list.some(item => item.class === 'STAR')) return new Set();
  return new Set(list.flatMap((item, index) => (item.alias === '' && item.class !== 'COLUMN_REF' ? [index] : [])));
}

class Reader {
  readonly found: Omit<Statement, 'unnamedColumns'> = { tables: [], stars: [], columns: [] };

  query(node: Wire, outer: ReadonlySet<string>): void {
    const scope = this.#commonTables(node, outer);
    const { type, cte_map, from_table, left, right, ...rest } = node;
    switch (type) {
      case 'SELECT_NODE':
        this.#from(from_table, scope);
        this.#expressions(rest, scope);
        break;
      case 'SET_OPERATION_NODE':
        this.query(left, scope);
        this.query(right, scope);
        this.#expressions(rest, scope);
        break;
      case 'RECURSIVE_CTE_NODE': {
        const withItself = new Set([...scope, String(node.cte_name).toLowerCase()]);
        this.query(left, withItself);
        this.query(right, withItself);
        this.#expressions(rest, withItself);
        break;
      }
      default:
        throw notHad(`${type} in a query`);
    }
  }

  /** Reads a WITH clause: each expression sees those before it. Gives the names that the node itself sees. */
  #commonTables(node: Wire, outer: ReadonlySet<string>): ReadonlySet<string> {
    const entries: Wire[] = node.cte_map?.map ?? [];
    if (entries.length === 0) return outer;
    const scope = new Set(outer);
    for (const { key, value } of entries) {
      if (!PLAIN_NAME.test(key)) throw notHad(`the name ${JSON.stringify(key)} in WITH`);
      this.query(value.query.node, scope);
      scope.add(key.toLowerCase());
    }
    return scope;
  }

  #from(reference: Wire, scope: ReadonlySet<string>): void {
    switch (reference.type) {
      case 'EMPTY':
        break;
      case 'BASE_TABLE':
        this.#table(reference, scope);
        break;
      case 'SUBQUERY':
        this.query(reference.subquery.node, scope);
        this.#expressions(reference.sample, scope);
        break;
      case 'JOIN': {
        const { left, right, ...rest } = reference;
        this.#from(left, scope);
        this.#from(right, scope);
        this.#expressions(rest, scope);
        break;
      }
      case 'EXPRESSION_LIST':
        this.#expressions(reference.values, scope);
        break;
      case 'TABLE_FUNCTION':
        if (reference.function?.function_name?.toLowerCase() !== 'unnest')
          throw notHad(`the table function ${reference.function?.function_name}`);
        this.#expressions(reference.function, scope);
        break;
      default:
        throw notHad(`${reference.type} in FROM`);
    }
  }

  #table(reference: Wire, scope: ReadonlySet<string>): void {
    const catalog = reference.catalog_name.toLowerCase();
    const database = reference.schema_name.toLowerCase();
    const name = reference.table_name.toLowerCase();
    if (reference.at_clause) throw notHad('time travel');
    this.#expressions(reference.sample, scope);
    if (catalog === '' && database === '' && scope.has(name)) return;
    if (catalog !== '' && catalog !== 'awsdatacatalog') throw notHad(`the catalog ${reference.catalog_name}`);
    this.found.tables.push({
      database: database === '' ? undefined : database,
      name,
      position: reference.query_location,
    });
  }

  /** Walks everything that is not a query node or a table: expressions, and the lists and objects that hold them. */
  #expressions(value: Wire, scope: ReadonlySet<string>): void {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      for (const item of value) this.#expressions(item, scope);
      return;
    }
    if ('cte_map' in value) {
      this.query(value, scope);
      return;
    }
    if ('table_name' in value || 'from_table' in value) throw notHad('a table outside of FROM');
    if ('class' in value) this.#expression(value);
    // A constant's text is the query's own: nothing in it is a node.
    if (value.class === 'CONSTANT') return;
    for (const item of Object.values(value)) this.#expressions(item, scope);
  }

  #expression(expression: Wire): void {
    if (!EXPRESSIONS.has(expression.class)) throw notHad(`${expression.class} in a query`);
    if ('function_name' in expression) requireAllowedFunction(expression);
    if (expression.class === 'STAR') {
      if (expression.columns || expression.expr) throw notHad('COLUMNS(...)');
      // What the query itself does not say (VALUES has an implied star) stands at 2^64 - 1.
      if (Number.isSafeInteger(expression.query_location)) this.found.stars.push(expression.query_location);
    }
    if (expression.class === 'COLUMN_REF')
      this.found.columns.push({ name: expression.column_names.join('.'), position: expression.query_location });
  }
}

function requireAllowedFunction({ function_name: name, schema, catalog }: Wire): void {
  const isBuiltIn = (schema === '' || schema === 'main') && (catalog === '' || catalog === 'system');
  if (!isBuiltIn || !ALLOWED_FUNCTIONS.has(name.toLowerCase())) throw notHad(`the function ${name}`);
}

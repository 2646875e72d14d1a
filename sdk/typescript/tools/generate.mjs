// src/schema.ts and src/operations.ts from docs/api: the types of all objects and messages, and which call is which request.
//   node tools/generate.mjs [FOLDER]     default src; test/generated.test.ts compares
import {readFileSync, writeFileSync} from 'node:fs';
import {load} from 'js-yaml';
import openapiTS, {astToString} from 'openapi-typescript';

const API = new URL('../../../docs/api/', import.meta.url);
const folder = new URL(process.argv[2] ? `file://${process.argv[2]}/` : '../src/', import.meta.url);
const read = (name) => load(readFileSync(new URL(name, API), 'utf8'));
const openapi = read('openapi.yaml');
const asyncapi = read('asyncapi.yaml');

/** Both documents as one: names of the first stay, those of the second that are in both get a `Socket` in front. */
function merged() {
  const {schemas} = openapi.components;
  const nameOf = (name) => (name in schemas ? `Socket${name}` : name);
  const refOf = (ref) => (ref.startsWith('#/') ? ref.replace(/[^/]+$/, nameOf) : ref.replace('./openapi.yaml', ''));
  const moved = (value) => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, key === '$ref' ? refOf(member) : moved(member)]));
  };
  const all = {...schemas};
  for (const [name, schema] of Object.entries(asyncapi.components.schemas)) all[nameOf(name)] = moved(schema);
  for (const [name, {payload}] of Object.entries(asyncapi.components.messages)) all[`message:${name}`] = moved(payload);
  return {...openapi, components: {...openapi.components, schemas: all}};
}

/** Calls that answer once: the event stream does not. */
function operations() {
  const lines = [];
  for (const [path, item] of Object.entries(openapi.paths))
    for (const method of ['get', 'post', 'put', 'patch', 'delete'])
      if (item[method] && !item[method].responses['200']?.content?.['text/event-stream'])
        lines.push(`  ${item[method].operationId}: ['${method.toUpperCase()}', '${path}'],`);
  return lines;
}

const HEAD = '// Made by `npm run generate` from docs/api; not to be edited.\n';
const types = await openapiTS(merged(), {immutable: true, defaultNonNullable: false});
writeFileSync(new URL('schema.ts', folder), `${HEAD}${astToString(types)}`);
writeFileSync(new URL('operations.ts', folder), `${HEAD}
/** Method and path of each call, by its operationId. */
export const operations = {
${operations().join('\n')}
} as const;
`);

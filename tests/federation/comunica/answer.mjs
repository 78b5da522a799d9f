// Answers queries by Comunica: reads {data, queries} as JSON on standard input, writes an array with the rows of each.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(`${process.argv[2]}/`));
const { QueryEngine } = require('@comunica/query-sparql');
// The factory that version 4.5 takes of itself is older than its parser of results, and makes datatypes of languages.
const { DataFactory } = createRequire(require.resolve('sparqljson-parse'))('rdf-data-factory');

const term = ({ termType, value, language, datatype }) => {
  if (termType === 'BlankNode') return '[]';
  if (termType !== 'Literal') return value;
  // A literal with a language has no datatype in the answers of endpoints.
  const plain = language || /#string$/u.test(datatype.value);
  return `${value}|${language}|${plain ? '' : datatype.value}`;
};

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { data, queries } = JSON.parse(Buffer.concat(chunks));
const sources = [{ type: 'serialized', value: data, mediaType: 'text/turtle', baseIRI: 'http://example.org/' }];
const engine = new QueryEngine();
const context = { sources, dataFactory: new DataFactory(), httpTimeout: 30_000 };
const answers = [];
for (const query of queries) {
  try {
    const found = await (await engine.queryBindings(query, context)).toArray();
    answers.push(found.map(row => Object.fromEntries([...row].map(([name, value]) => [name.value, term(value)]))));
  } catch (error) {
    answers.push(String(error.message ?? error));
  }
}
process.stdout.write(JSON.stringify(answers));
